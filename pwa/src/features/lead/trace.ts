import type { Trace } from '@/shared/api/types'

export type Stage = 'meta' | 'received' | 'fetched' | 'stored' | 'emitted' | 'acknowledged' | 'opened' | 'attempted'

export interface Hop {
  stage: Stage
  at: string
  /** Since the hop before, in milliseconds; clocks of two machines may differ, so never below 0. */
  took: number
}

export function hopsOf(trace: Trace, firstAttempt: string | null): Hop[] {
  const stages: [Stage, string | null][] = [
    ['meta', trace.meta_created_at],
    ['received', trace.received_at],
    ['fetched', trace.fetched_at],
    ['stored', trace.stored_at],
    ['emitted', trace.emitted_at],
    ['acknowledged', trace.acknowledged_at],
    ['opened', trace.opened_at],
    ['attempted', trace.first_attempt_at ?? firstAttempt],
  ]
  const reached = stages.flatMap(([stage, at]) => (at === null ? [] : [{ stage, at }]))
  return reached.map((hop, index) => {
    const before = reached[index - 1]
    return { ...hop, took: before ? Math.max(0, Date.parse(hop.at) - Date.parse(before.at)) : 0 }
  })
}

/** From Meta to the first phone that said it has the lead, or null while none did. */
export function toPhone(trace: Trace): number | null {
  if (!trace.acknowledged_at) return null
  return Math.max(0, Date.parse(trace.acknowledged_at) - Date.parse(trace.meta_created_at ?? trace.received_at))
}
