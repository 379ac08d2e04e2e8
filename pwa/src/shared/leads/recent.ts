import type { Lead } from '@/shared/api/types'
import type { Change } from './merge'

const KEPT = 500

let counter = 0
let log: { at: number; change: Change }[] = []
const pending = new Map<string, Change>()

/**
 * What came in lately, so that a list whose answer was on its way meanwhile can be brought up to date: the answer was
 * written before the change and would take the screen back in time.
 */
export function remember(change: Change): void {
  counter += 1
  log.push({ at: counter, change })
  if (log.length > KEPT) log = log.slice(-KEPT)
}

export function mark(): number {
  return counter
}

export function since(from: number): Change[] {
  return log.filter((entry) => entry.at > from).map((entry) => entry.change)
}

/** The newest the server has said about it lately. */
export function latest(id: string): Lead | undefined {
  return log.findLast((entry) => entry.change.id === id)?.change.lead ?? undefined
}

/** A move the person may still take back: shown at once, sent a little later, laid over whatever comes in meanwhile. */
export function holdPending(change: Change): void {
  pending.set(change.id, change)
}

export function dropPending(id: string): void {
  pending.delete(id)
}

export function pendingFor(id: string): Change | undefined {
  return pending.get(id)
}

export function pendingChanges(): Change[] {
  return [...pending.values()]
}

export function forgetRecent(): void {
  log = []
  pending.clear()
}
