import type { QueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import type { Attempt, Channel, Lead, Outcome, Session } from '@/shared/api/types'
import { pickLocale } from '@/shared/i18n/locale'
import * as commands from '@/shared/leads/commands'
import { asSeen } from '@/shared/leads/moves'
import { submit } from '@/shared/offline/engine'
import { outbox } from '@/shared/offline/waiting'
import { toast } from '@/shared/ui/toasts'
import { addressOf, openExternal } from './open'
import { open } from './waiting'

/** Longer than this nobody waits with a thumb on "Call": the phone opens, and the attempt goes out behind it. */
export const PATIENCE = 1500

export function canContact(lead: Lead, channel: Channel): boolean {
  return channel === 'email' ? Boolean(lead.email) : Boolean(lead.phone)
}

/** One tap: the attempt is stored first, then the phone opens. */
export async function contact(client: QueryClient, lead: Lead, channel: Channel, session: Session): Promise<void> {
  const address = addressOf(lead, channel, {
    me: session.user.name,
    organization: session.organization?.name ?? '',
    locale: pickLocale([session.organization?.locale, session.user.locale]),
  })
  if (!address) return
  const base = asSeen(client, lead)
  const command = commands.attempt(base, channel)
  const { done } = submit(command)
  const verdict = await Promise.race([done, wait(PATIENCE)])
  if (verdict?.state === 'rejected') toast(m.contact_rejected({ why: inWords(verdict.error) }), { tone: 'error' })
  else if (verdict?.state !== 'sent') toast(m.contact_queued())
  open.set({ attemptId: command.body.id, lead: asSeen(client, base), channel, left: false, asking: false })
  openExternal(address)
}

/** Takes up an attempt that the timeline shows without outcome, for example after the phone had put the app away. */
export function resume(lead: Lead, attempt: Attempt): void {
  open.set({ attemptId: attempt.id, lead, channel: attempt.channel, left: true, asking: true })
}

/** What came of it. While its attempt waits, it waits behind it. */
export async function tellOutcome(lead: Lead, attemptId: string, outcome: Outcome): Promise<void> {
  const waiting = outbox.get().find((row) => row.kind === 'attempt' && row.body?.id === attemptId)
  const verdict = await submit(commands.outcome(lead, attemptId, outcome, waiting?.key)).done
  if (verdict.state === 'rejected') toast(m.contact_rejected({ why: inWords(verdict.error) }), { tone: 'error' })
}

function wait(milliseconds: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), milliseconds))
}
