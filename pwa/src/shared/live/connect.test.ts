import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connectLive } from './connect'
import { connection } from './state'

/** As much of a socket as the app uses; `hear` is the server speaking. */
class FakeSocket {
  connected = true
  active = false
  connect = vi.fn()
  disconnect = vi.fn()
  emit = vi.fn()
  private readonly listeners = new Map<string, (payload: unknown) => void>()

  on(name: string, listener: (payload: unknown) => void): this {
    this.listeners.set(name, listener)
    return this
  }

  hear(name: string, payload: unknown = {}): void {
    this.listeners.get(name)?.(payload)
  }
}

const sockets = vi.hoisted(() => ({ last: null as unknown }))
vi.mock('socket.io-client', () => ({
  io: () => {
    sockets.last = new FakeSocket()
    return sockets.last
  },
}))

let end: () => void
let ended: ReturnType<typeof vi.fn<() => void>>
let live: FakeSocket

beforeEach(async () => {
  sockets.last = null
  ended = vi.fn()
  end = connectLive(new QueryClient(), ended)
  await vi.waitFor(() => expect(sockets.last).not.toBeNull())
  live = sockets.last as FakeSocket
  live.hear('hello', { sequence: 3, replayed: 0 })
  vi.useFakeTimers()
})
afterEach(() => {
  end()
  vi.useRealTimers()
})

test('a server that ends is left for as long as it said, and the next goodbye is another one', () => {
  expect(connection.get()).toBe('online')
  live.hear('moving', { after: 700 })
  live.hear('disconnect', 'io server disconnect')
  expect(connection.get()).toBe('reconnecting')
  vi.advanceTimersByTime(699)
  expect(live.connect).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(live.connect).toHaveBeenCalledTimes(1)

  live.hear('disconnect', 'io server disconnect')
  vi.advanceTimersByTime(1999)
  expect(live.connect).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1)
  expect(live.connect).toHaveBeenCalledTimes(2)
})

test('only a session that is over signs out, not a server that cannot say', () => {
  live.hear('connect_error', new Error('unavailable'))
  expect(ended).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2000)
  expect(live.connect).toHaveBeenCalledTimes(1)
  live.hear('connect_error', new Error('unauthenticated'))
  expect(ended).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(10_000)
  expect(live.connect).toHaveBeenCalledTimes(1)
})
