import type { Lead } from '@/shared/api/types'

export type Mood = 'fresh' | 'waning' | 'late' | 'calm'

export interface Ring {
  mood: Mood
  /** What is left of the time to answer, 1 to 0. */
  left: number
  /** Since the person sent it, in milliseconds. */
  waited: number
  /** Past the due time, in milliseconds; 0 while there is time. */
  late: number
  /** When the business opens, while it is closed; the ring is full until then. */
  opens: number | null
}

/** Half the time gone, and the ring begins to wane. */
const WANING = 0.5

/** The ring drains from when somebody is there (`opens_at`) to `due_at` (the SLA). Once somebody tried to reach the person it is calm. */
export function ringOf(lead: Pick<Lead, 'created_at' | 'opens_at' | 'due_at'>, now: number): Ring {
  const created = Date.parse(lead.created_at)
  const waited = Math.max(0, now - created)
  if (lead.due_at === null) return { mood: 'calm', left: 0, waited, late: 0, opens: null }
  const due = Date.parse(lead.due_at)
  if (now >= due) return { mood: 'late', left: 0, waited, late: now - due, opens: null }
  // A lead can be due before it was created only by a wrong clock: treat it as having no time at all.
  const begin = lead.opens_at === null ? created : Math.max(created, Date.parse(lead.opens_at))
  const span = due - begin
  const left = span <= 0 ? 0 : Math.min(1, (due - now) / span)
  return { mood: left > WANING ? 'fresh' : 'waning', left, waited, late: 0, opens: now < begin ? begin : null }
}
