import type { QueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { refetchQuietly } from '@/shared/api/quiet'
import type { Attempt, Channel, Lead, Session } from '@/shared/api/types'
import { showAhead } from '@/shared/leads/apply'
import { pickLocale } from '@/shared/i18n/locale'
import { knownLead, leadKeys } from '@/shared/leads/queries'
import { createStore } from '@/shared/store'
import { toast } from '@/shared/ui/toasts'
import { inWords } from '@/shared/api/problem'
import { addressOf, openExternal } from './open'
import { createQueue } from './queue'

/** Longer than this nobody waits with a thumb on "Call": the phone opens, and the attempt is stored behind it. */
export const PATIENCE = 1500

let client: QueryClient | null = null

export const queue = createQueue({
  onStored: ({ leadId }) => {
    if (!client) return
    void refetchQuietly(client, { queryKey: leadKeys.detail(leadId) })
    void refetchQuietly(client, { queryKey: leadKeys.timeline(leadId) })
    void refetchQuietly(client, { queryKey: leadKeys.counts })
  },
  onRejected: ({ error }) => toast(m.contact_rejected({ why: inWords(error) }), { tone: 'error' }),
})

/** An attempt whose outcome has not been told yet; asked for when the person comes back. */
export interface Open {
  key: string
  lead: Lead
  channel: Channel
  /** The other app has had the screen: coming back means that the call is over. */
  left: boolean
  asking: boolean
}

export const open = createStore<Open | null>(null)

export function canContact(lead: Lead, channel: Channel): boolean {
  return channel === 'email' ? Boolean(lead.email) : Boolean(lead.phone)
}

/** One tap: the attempt is stored first, then the phone opens. */
export async function contact(queryClient: QueryClient, lead: Lead, channel: Channel, session: Session): Promise<void> {
  client = queryClient
  const address = addressOf(lead, channel, {
    me: session.user.name,
    organization: session.organization?.name ?? '',
    locale: pickLocale([session.organization?.locale, session.user.locale]),
  })
  if (!address) return
  const { key, stored } = queue.add(lead.id, channel)
  showAttempt(queryClient, lead, session.user.id)
  const inTime = await Promise.race([stored.then(() => true), wait(PATIENCE).then(() => false)])
  if (!inTime) toast(m.contact_queued())
  open.set({ key, lead: knownLead(queryClient, lead.id) ?? lead, channel, left: false, asking: false })
  openExternal(address)
}

/** The clock stops at once, and an unclaimed lead is mine: the server says so a moment later. */
function showAttempt(queryClient: QueryClient, lead: Lead, me: string): void {
  const now = new Date().toISOString()
  const before = knownLead(queryClient, lead.id) ?? lead
  showAhead(queryClient, {
    ...before,
    due_at: null,
    assignee_id: before.assignee_id ?? me,
    claimed_at: before.claimed_at ?? now,
    attempt_count: before.attempt_count + 1,
    first_attempt_at: before.first_attempt_at ?? now,
    last_attempt_at: now,
  })
}

/** Takes up an attempt that the timeline shows without outcome, for example after the phone had put the app away. */
export function resume(lead: Lead, attempt: Attempt): void {
  const waiting = queue.entries.get().find((entry) => entry.attempt?.id === attempt.id)
  const key = waiting?.key ?? attempt.id
  if (!waiting) {
    const { id, channel, started_at: startedAt } = attempt
    queue.entries.set((all) => [
      ...all,
      { key: id, leadId: lead.id, channel, startedAt, attempt, outcome: null, state: 'stored', tries: 0, nextAt: 0, error: null },
    ])
  }
  open.set({ key, lead, channel: attempt.channel, left: true, asking: true })
}

export function askOutcome(): void {
  open.set((now) => (now && !now.asking ? { ...now, asking: true } : now))
}

export function closeOutcome(): void {
  open.set(null)
}

/** Watches for the way out to the phone and back. */
export function watchReturn(): () => void {
  const leave = () => open.set((now) => (now && !now.left ? { ...now, left: true } : now))
  const back = () => {
    queue.drain()
    if (document.visibilityState === 'visible' && open.get()?.left) askOutcome()
  }
  const visibility = () => (document.visibilityState === 'hidden' ? leave() : back())
  const online = () => queue.drain()
  document.addEventListener('visibilitychange', visibility)
  window.addEventListener('blur', leave)
  window.addEventListener('focus', back)
  window.addEventListener('pagehide', leave)
  window.addEventListener('pageshow', back)
  window.addEventListener('online', online)
  return () => {
    document.removeEventListener('visibilitychange', visibility)
    window.removeEventListener('blur', leave)
    window.removeEventListener('focus', back)
    window.removeEventListener('pagehide', leave)
    window.removeEventListener('pageshow', back)
    window.removeEventListener('online', online)
  }
}


function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
