import { createStore } from '@/shared/store'

export type Connection = 'connecting' | 'online' | 'reconnecting'

export const connection = createStore<Connection>('connecting')

/** New leads of the last moments, for the glow, the pill and the announcement. */
export interface Arrival {
  id: string
  name: string
  summary: string
  at: number
}

export const arrivals = createStore<Arrival[]>([])

const GLOW = 6000

export function arrive(arrival: Arrival): void {
  arrivals.set((before) => [...before.filter((one) => arrival.at - one.at < GLOW && one.id !== arrival.id), arrival])
}
