import { HttpResponse, http } from 'msw'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { server } from '@/test/server'
import { arrived } from './arrived'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }))
afterEach(() => void vi.useRealTimers())

function answers(...statuses: number[]): unknown[] {
  const heard: unknown[] = []
  server.use(
    http.post('*/api/push/arrived', async ({ request }) => {
      heard.push(await request.json())
      const status = statuses[Math.min(heard.length, statuses.length) - 1] ?? 204
      return status === 0 ? HttpResponse.error() : new HttpResponse(null, { status })
    }),
  )
  return heard
}

async function say(): Promise<boolean> {
  const said = arrived('t0ken')
  let over = false
  void said.finally(() => (over = true))
  while (!over) await vi.advanceTimersByTimeAsync(500)
  return said
}

test('it is said once where the server hears it', async () => {
  const heard = answers(204)
  expect(await say()).toBe(true)
  expect(heard).toEqual([{ token: 't0ken' }])
})

test('it is said again through a network that comes and goes, and a server that stumbles', async () => {
  const heard = answers(0, 503, 204)
  expect(await say()).toBe(true)
  expect(heard).toHaveLength(3)
})

test('it is given up in the end, and at once where it is refused', async () => {
  expect(answers(0).length).toBe(0)
  expect(await say()).toBe(false)
  const refused = answers(422)
  expect(await say()).toBe(false)
  expect(refused).toHaveLength(1)
})
