import type { QueryClient } from '@tanstack/react-query'
import { api, ask, once } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import { refetchQuietly } from '@/shared/api/quiet'
import type { Lead, LeadPatch, LeadStatus, LostReason } from '@/shared/api/types'
import { nameOf } from '@/shared/leads/labels'
import { dismiss, toast } from '@/shared/ui/toasts'
import { m } from '@/paraglide/messages'
import { applyChange, hold, showAhead } from './apply'
import { knownLead, leadKeys } from './queries'
import { latest } from './recent'

/** How long a move that the server could not take back waits for second thoughts. */
export const SECOND_THOUGHTS = 6000

interface Move {
  ahead: Lead
  send: () => Promise<Lead>
  said: string
  takeBack?: () => Promise<Lead>
}

export function claim(client: QueryClient, lead: Lead, me: string): Promise<boolean> {
  return make(client, lead, {
    ahead: { ...lead, assignee_id: me, claimed_at: new Date().toISOString() },
    send: () => ask(api.POST('/api/leads/{id}/claim', { params: { path: { id: lead.id } }, headers: once() })),
    said: m.toast_claimed({ name: nameOf(lead) }),
    takeBack: () => ask(api.DELETE('/api/leads/{id}/claim', { params: { path: { id: lead.id } }, headers: once() })),
  })
}

export function giveBack(client: QueryClient, lead: Lead): Promise<boolean> {
  return make(client, lead, {
    ahead: { ...lead, assignee_id: null, claimed_at: null },
    send: () => ask(api.DELETE('/api/leads/{id}/claim', { params: { path: { id: lead.id } }, headers: once() })),
    said: m.toast_given_back({ name: nameOf(lead) }),
    takeBack: () => ask(api.POST('/api/leads/{id}/claim', { params: { path: { id: lead.id } }, headers: once() })),
  })
}

export function assign(client: QueryClient, lead: Lead, userId: string | null, to: string): Promise<boolean> {
  const put = (user: string | null) =>
    ask(api.PUT('/api/leads/{id}/assignment', { params: { path: { id: lead.id } }, body: { user_id: user }, headers: once() }))
  return make(client, lead, {
    ahead: { ...lead, assignee_id: userId },
    send: () => put(userId),
    said: m.toast_assigned({ name: to }),
    takeBack: () => put(lead.assignee_id),
  })
}

export function snooze(client: QueryClient, lead: Lead, until: Date, when: string): Promise<boolean> {
  const at = until.toISOString()
  const before = lead.snoozed_until
  const put = (time: string) =>
    ask(api.PUT('/api/leads/{id}/snooze', { params: { path: { id: lead.id } }, body: { until: time }, headers: once() }))
  return make(client, lead, {
    ahead: { ...lead, snoozed_until: at, next_at: at },
    send: () => put(at),
    said: m.toast_snoozed({ name: nameOf(lead), when }),
    takeBack: () => (before && Date.parse(before) > Date.now() ? put(before) : wakeCall(lead.id)),
  })
}

export function wake(client: QueryClient, lead: Lead): Promise<boolean> {
  return make(client, lead, {
    ahead: { ...lead, snoozed_until: null },
    send: () => wakeCall(lead.id),
    said: m.toast_woken({ name: nameOf(lead) }),
  })
}

function wakeCall(id: string): Promise<Lead> {
  return ask(api.DELETE('/api/leads/{id}/snooze', { params: { path: { id } }, headers: once() }))
}

async function make(client: QueryClient, lead: Lead, move: Move): Promise<boolean> {
  showAhead(client, move.ahead)
  const sent = move.send()
  const shown = toast(move.said, {
    undo: move.takeBack
      ? () => {
          const { takeBack } = move
          if (takeBack) void sent.then(() => settle(client, lead, takeBack()))
        }
      : undefined,
  })
  const done = await settle(client, lead, sent)
  if (!done) dismiss(shown)
  return done
}

/** Takes the server's word for the lead, or shows again what was there before and says why. */
async function settle(client: QueryClient, before: Lead, answer: Promise<Lead>): Promise<boolean> {
  try {
    const lead = await answer
    applyChange(client, { id: lead.id, lead })
    void refetchQuietly(client, { queryKey: leadKeys.timeline(lead.id) })
    void refetchQuietly(client, { queryKey: leadKeys.counts })
    return true
  } catch (error) {
    showAhead(client, before)
    // What stood in the way is news too: who claimed it, what it is now.
    void refetchQuietly(client, { queryKey: leadKeys.detail(before.id) })
    void refetchQuietly(client, { queryKey: leadKeys.lists })
    toast(inWords(error), { tone: 'error' })
    return false
  }
}

interface Deferred {
  timer: ReturnType<typeof setTimeout>
  commit: () => void
}

const deferred = new Map<string, Deferred>()

/**
 * A status cannot be taken back on the server (won ends the graph), so it is shown at once and sent when the undo has
 * passed, or when the app is put away.
 */
export function setStatus(client: QueryClient, lead: Lead, status: LeadStatus, reason: LostReason | null, said: string): void {
  deferred.get(lead.id)?.commit()
  const before = knownLead(client, lead.id) ?? lead
  const release = hold(client, { ...before, status, lost_reason: reason, next_at: isClosing(status) ? null : before.next_at, due_at: null })
  let over = false
  const commit = () => {
    if (over) return
    over = true
    clearTimeout(timer)
    deferred.delete(lead.id)
    const patch: LeadPatch = reason ? { status, lost_reason: reason } : { status }
    const now = knownLead(client, lead.id)
    void settle(client, before, patchLead(lead.id, now?.version ?? before.version, patch).finally(release))
  }
  const timer = setTimeout(commit, SECOND_THOUGHTS)
  deferred.set(lead.id, { timer, commit })
  toast(said, {
    stays: SECOND_THOUGHTS,
    undo: () => {
      if (over) return
      over = true
      clearTimeout(timer)
      deferred.delete(lead.id)
      release()
      // What came in during the second thoughts was hidden by the move, and counts now.
      const since = latest(lead.id)
      showAhead(client, since && since.version > before.version ? since : before)
      void refetchQuietly(client, { queryKey: leadKeys.detail(lead.id) })
      void refetchQuietly(client, { queryKey: leadKeys.lists })
    },
  })
}

function isClosing(status: LeadStatus): boolean {
  return status === 'won' || status === 'lost' || status === 'scheduled'
}

/** Sends what still waits for second thoughts. */
export function commitDeferred(): void {
  for (const one of [...deferred.values()]) one.commit()
}

export function patchLead(id: string, version: number, body: LeadPatch, key?: string): Promise<Lead> {
  return ask(
    api.PATCH('/api/leads/{id}', {
      params: { path: { id }, header: { 'If-Match': `"${version}"` } },
      body,
      headers: once(key),
      keepalive: true,
    }),
  )
}

export function isConflict(error: unknown): boolean {
  return isStatus(error, 412)
}
