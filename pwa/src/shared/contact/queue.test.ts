import { HttpResponse, delay, http } from 'msw'
import { expect, test, vi } from 'vitest'
import type { Attempt } from '@/shared/api/types'
import { server } from '@/test/server'
import { createQueue } from './queue'

const ATTEMPTS = '*/api/leads/:id/attempts'
const OUTCOME = '*/api/leads/:id/attempts/:attempt/outcome'

const attempt: Attempt = {
  id: 'a-1',
  lead_id: 'l-1',
  user_id: 'u-ravi',
  channel: 'call',
  started_at: '2026-11-21T08:00:00Z',
  stored_at: '2026-11-21T08:00:00Z',
  evidence: 'intent',
  outcome: null,
  outcome_at: null,
  note: null,
}

test('an attempt is stored once', async () => {
  const keys: (string | null)[] = []
  server.use(
    http.post(ATTEMPTS, async ({ request }) => {
      keys.push(request.headers.get('Idempotency-Key'))
      expect(await request.json()).toMatchObject({ channel: 'call' })
      return HttpResponse.json(attempt, { status: 201 })
    }),
  )
  const queue = createQueue()
  expect(await queue.add('l-1', 'call').stored).toEqual(attempt)
  expect(keys).toHaveLength(1)
  expect(queue.entries.get()[0]?.state).toBe('stored')
})

test('a lost answer is asked for again with the same key', async () => {
  const keys: (string | null)[] = []
  server.use(
    http.post(ATTEMPTS, ({ request }) => {
      keys.push(request.headers.get('Idempotency-Key'))
      return keys.length < 3 ? (keys.length === 1 ? HttpResponse.error() : HttpResponse.json({}, { status: 503 })) : HttpResponse.json(attempt, { status: 201 })
    }),
  )
  const queue = createQueue()
  const { stored } = queue.add('l-1', 'call')
  await vi.waitFor(() => expect(queue.entries.get()[0]?.state).toBe('waiting'))
  queue.drain()
  await vi.waitFor(() => expect(queue.entries.get()[0]?.tries).toBe(2))
  queue.drain()
  expect(await stored).toEqual(attempt)
  expect(new Set(keys).size).toBe(1)
})

test('what waits goes out by itself', async () => {
  let calls = 0
  server.use(
    http.post(ATTEMPTS, () => {
      calls += 1
      return calls === 1 ? HttpResponse.error() : HttpResponse.json(attempt, { status: 201 })
    }),
  )
  const queue = createQueue()
  expect(await queue.add('l-1', 'call').stored).toEqual(attempt)
  expect(calls).toBe(2)
})

test('an outcome given meanwhile waits behind its attempt, with a key of its own', async () => {
  const seen: { path: string; key: string | null }[] = []
  const note = (request: Request) => seen.push({ path: new URL(request.url).pathname, key: request.headers.get('Idempotency-Key') })
  server.use(
    http.post(ATTEMPTS, async ({ request }) => {
      note(request)
      await delay(80)
      return HttpResponse.json(attempt, { status: 201 })
    }),
    http.post(OUTCOME, ({ request }) => {
      note(request)
      return HttpResponse.json({ ...attempt, outcome: 'reached', evidence: 'self_reported' })
    }),
  )
  const queue = createQueue()
  const { key, stored } = queue.add('l-1', 'call')
  void queue.setOutcome(key, 'reached')
  await stored
  await vi.waitFor(() => expect(queue.entries.get()[0]?.attempt?.outcome).toBe('reached'))
  expect(seen.map((one) => one.path)).toEqual(['/api/leads/l-1/attempts', '/api/leads/l-1/attempts/a-1/outcome'])
  expect(seen[0]?.key).not.toBe(seen[1]?.key)
})

test('a refusal is told and not repeated', async () => {
  const onRejected = vi.fn()
  server.use(http.post(ATTEMPTS, () => HttpResponse.json({ type: 'urn:nextmove:problem:not-found', status: 404 }, { status: 404 })))
  const queue = createQueue({ onRejected })
  expect(await queue.add('l-1', 'call').stored).toBeNull()
  expect(queue.entries.get()[0]?.state).toBe('rejected')
  expect(onRejected).toHaveBeenCalledOnce()
})

test('after the session ended it waits for the person to sign in again', async () => {
  let signedIn = false
  server.use(http.post(ATTEMPTS, () => (signedIn ? HttpResponse.json(attempt, { status: 201 }) : HttpResponse.json({ status: 401 }, { status: 401 }))))
  const queue = createQueue()
  const { stored } = queue.add('l-1', 'call')
  await vi.waitFor(() => expect(queue.entries.get()[0]?.nextAt).toBe(Infinity))
  signedIn = true
  queue.drain()
  expect(await stored).toEqual(attempt)
})
