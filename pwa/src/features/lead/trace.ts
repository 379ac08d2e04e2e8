import type { Trace } from '@/shared/api/types'

export type Stage = 'meta' | 'received' | 'fetched' | 'stored' | 'emitted' | 'acknowledged' | 'opened' | 'attempted'

export interface Hop {
  stage: Stage
  at: string
  /** Since the hop before, in milliseconds; clocks of two machines may differ, so never below 0. */
  took: number
}

/** The way of a lead. What machines do has one order; what people do has the order of the clock: a call from the list needs no opening. */
export function hopsOf(trace: Trace, firstAttempt: string | null): Hop[] {
  const machines: [Stage, string | null][] = [
    ['meta', trace.meta_created_at],
    ['received', trace.received_at],
    ['fetched', trace.fetched_at],
    ['stored', trace.stored_at],
    ['emitted', trace.emitted_at],
  ]
  const people: [Stage, string | null][] = [
    ['acknowledged', trace.acknowledged_at],
    ['opened', trace.opened_at],
    ['attempted', trace.first_attempt_at ?? firstAttempt],
  ]
  const reached = [...reachedOf(machines), ...reachedOf(people).sort((one, other) => Date.parse(one.at) - Date.parse(other.at))]
  return reached.map((hop, index) => {
    const before = reached[index - 1]
    return { ...hop, took: before ? Math.max(0, Date.parse(hop.at) - Date.parse(before.at)) : 0 }
  })
}

function reachedOf(stages: [Stage, string | null][]): { stage: Stage; at: string }[] {
  return stages.flatMap(([stage, at]) => (at === null ? [] : [{ stage, at }]))
}

/** From Meta to the first phone that said it has the lead, or null while none did. */
export function toPhone(trace: Trace): number | null {
  if (!trace.acknowledged_at) return null
  return Math.max(0, Date.parse(trace.acknowledged_at) - Date.parse(trace.meta_created_at ?? trace.received_at))
}
