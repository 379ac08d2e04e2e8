import type { Channel, Entry, Lead, LeadPatch, LeadStatus, LostReason, Outcome } from '@/shared/api/types'
import { newId } from '@/shared/offline/id'
import type { Command } from '@/shared/offline/row'

/** What a person can do to a lead, as the outbox takes it. */

const at = (lead: Lead, rest: string) => `/api/leads/${lead.id}/${rest}`

/** A person who came by another way; shown as a lead at once, under the id that the server will know it by. */
export function create(base: Lead, entry: Omit<Entry, 'id' | 'entered_at'>): Command {
  const body = { ...entry, id: base.id, entered_at: base.created_at }
  return { kind: 'create', base, method: 'POST', path: '/api/leads', body, timeField: 'entered_at' }
}

export interface AttemptCommand extends Command {
  body: { id: string; channel: Channel; started_at: string }
}

export function attempt(base: Lead, channel: Channel): AttemptCommand {
  const body = { id: newId(), channel, started_at: new Date().toISOString() }
  return { kind: 'attempt', base, method: 'POST', path: at(base, 'attempts'), body, timeField: 'started_at' }
}

/** `needs` is the attempt's own command while that still waits. */
export function outcome(base: Lead, attemptId: string, what: Outcome, needs?: string): Command {
  return { kind: 'outcome', base, method: 'POST', path: at(base, `attempts/${attemptId}/outcome`), body: { outcome: what }, needs }
}

export function note(base: Lead, text: string): Command {
  const body = { id: newId(), text, written_at: new Date().toISOString() }
  return { kind: 'note', base, method: 'POST', path: at(base, 'notes'), body, timeField: 'written_at' }
}

export function status(base: Lead, to: LeadStatus, reason: LostReason | null): Command {
  return patch('status', base, reason ? { status: to, lost_reason: reason } : { status: to })
}

export function edit(base: Lead, changed: LeadPatch): Command {
  return patch('edit', base, changed)
}

function patch(kind: 'status' | 'edit', base: Lead, body: LeadPatch): Command {
  return { kind, base, method: 'PATCH', path: `/api/leads/${base.id}`, body: { ...body }, version: base.version }
}

export function claim(base: Lead): Command {
  return { kind: 'claim', base, method: 'POST', path: at(base, 'claim'), body: null }
}

export function release(base: Lead): Command {
  return { kind: 'release', base, method: 'DELETE', path: at(base, 'claim'), body: null }
}

export function assign(base: Lead, user: string | null): Command {
  return { kind: 'assign', base, method: 'PUT', path: at(base, 'assignment'), body: { user_id: user } }
}

export function snooze(base: Lead, until: string): Command {
  return { kind: 'snooze', base, method: 'PUT', path: at(base, 'snooze'), body: { until } }
}

export function wake(base: Lead): Command {
  return { kind: 'wake', base, method: 'DELETE', path: at(base, 'snooze'), body: null }
}
