import { createStore } from '@/shared/store'
import type { Row } from './row'

/** This person's outbox, as the screens show it. Filled by the engine and at the start; the disk has the truth. */
export const outbox = createStore<Row[]>([])

/** What the app shows of it: everything that waits, or one that the person has to decide. */
export type OfflineSheet = { kind: 'waiting' } | { kind: 'conflict'; key: string }

export const offlineSheet = createStore<OfflineSheet | null>(null)

export function needsPerson(row: Row): boolean {
  return row.state !== 'waiting'
}
