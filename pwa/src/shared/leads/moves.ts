import type { QueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { refetchQuietly } from '@/shared/api/quiet'
import type { Lead, LeadStatus, LostReason } from '@/shared/api/types'
import { nameOf } from '@/shared/leads/labels'
import { discard, release as letGo, submit, type Verdict } from '@/shared/offline/engine'
import type { Command } from '@/shared/offline/row'
import { offlineSheet, outbox } from '@/shared/offline/waiting'
import { dismiss, toast } from '@/shared/ui/toasts'
import * as commands from './commands'
import { overlay } from './overlay'
import { knownLead, leadKeys } from './queries'

/** How long a move that the server could not take back waits for second thoughts. */
export const SECOND_THOUGHTS = 6000

export function claim(client: QueryClient, lead: Lead): Promise<boolean> {
  return make(client, lead, commands.claim, m.toast_claimed({ name: nameOf(lead) }), commands.release)
}

export function giveBack(client: QueryClient, lead: Lead): Promise<boolean> {
  return make(client, lead, commands.release, m.toast_given_back({ name: nameOf(lead) }), commands.claim)
}

export function assign(client: QueryClient, lead: Lead, userId: string | null, to: string): Promise<boolean> {
  const before = lead.assignee_id
  return make(client, lead, (base) => commands.assign(base, userId), m.toast_assigned({ name: to }), (base) => commands.assign(base, before))
}

export function snooze(client: QueryClient, lead: Lead, until: Date, when: string): Promise<boolean> {
  const before = lead.snoozed_until
  return make(
    client,
    lead,
    (base) => commands.snooze(base, until.toISOString()),
    m.toast_snoozed({ name: nameOf(lead), when }),
    (base) => (before && Date.parse(before) > Date.now() ? commands.snooze(base, before) : commands.wake(base)),
  )
}

export function wake(client: QueryClient, lead: Lead): Promise<boolean> {
  return make(client, lead, commands.wake, m.toast_woken({ name: nameOf(lead) }))
}

/** The lead as it is shown: the server's word with what waits laid over it. */
export function asSeen(client: QueryClient, lead: Lead): Lead {
  return overlay(knownLead(client, lead.id) ?? lead, outbox.get())
}

type Maker = (base: Lead) => Command

async function make(client: QueryClient, lead: Lead, command: Maker, said: string, takeBack?: Maker): Promise<boolean> {
  const base = asSeen(client, lead)
  const { key, done } = submit(command(base))
  const undo = async (back: Maker) => {
    // What has not gone needs no answer to it.
    if (await discard(key)) return
    if ((await done).state === 'sent') await tellHow(client, lead, await submit(back(base)).done)
  }
  const shown = toast(said, { undo: takeBack ? () => void undo(takeBack) : undefined })
  const verdict = await done
  if (verdict.state === 'rejected') dismiss(shown)
  return tellHow(client, lead, verdict)
}

/** Whether it is done, or will be. What stood in the way is news too: who claimed it, what it is now. */
async function tellHow(client: QueryClient, lead: Lead, verdict: Verdict): Promise<boolean> {
  if (verdict.state === 'conflict') offlineSheet.set({ kind: 'conflict', key: verdict.key })
  if (verdict.state !== 'rejected') return verdict.state !== 'conflict'
  toast(inWords(verdict.error), { tone: 'error' })
  void refetchQuietly(client, { queryKey: leadKeys.detail(lead.id) })
  void refetchQuietly(client, { queryKey: leadKeys.lists })
  return false
}

/**
 * A status cannot be taken back on the server (won ends the graph), so it is shown at once and goes when the undo has
 * passed, or when the app is put away.
 */
export function setStatus(client: QueryClient, lead: Lead, status: LeadStatus, reason: LostReason | null, said: string): void {
  const { key, done } = submit(commands.status(asSeen(client, lead), status, reason), { delay: SECOND_THOUGHTS })
  void done.then((verdict) => tellHow(client, lead, verdict))
  toast(said, { stays: SECOND_THOUGHTS, undo: () => void discard(key) })
}

/** Sends what still waits for second thoughts. */
export function commitDeferred(): Promise<void> {
  return letGo()
}
