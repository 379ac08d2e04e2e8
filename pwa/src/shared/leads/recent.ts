import type { Change } from './merge'

const KEPT = 500

let counter = 0
let log: { at: number; change: Change }[] = []

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

export function forgetRecent(): void {
  log = []
}
