import { InfiniteQueryObserver, QueryClient, QueryObserver } from '@tanstack/react-query'
import { HttpResponse, delay, http } from 'msw'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Lead } from '@/shared/api/types'
import type { LeadList } from '@/shared/leads/merge'
import { setStatus } from '@/shared/leads/moves'
import { overlay } from '@/shared/leads/overlay'
import { countsOptions, leadDetailOptions, leadListOptions } from '@/shared/leads/queries'
import { noticeKeys, noticesOptions } from '@/shared/notices/queries'
import { begin } from '@/shared/offline/engine'
import { outbox } from '@/shared/offline/waiting'
import { toasts } from '@/shared/ui/toasts'
import { server } from '@/test/server'
import { detailOf, leadOf, ravi, sessionOf } from '@/test/world'
import { Receiver } from './receive'
import { arrivals } from './state'

const viewer = { id: ravi.id, role: ravi.role }
const options = leadListOptions({ view: 'todo' }, viewer)
let client: QueryClient
let receiver: Receiver
let stops: (() => void)[] = []

beforeEach(() => {
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  receiver = new Receiver(client)
})
afterEach(() => {
  for (const stop of stops) stop()
  stops = []
  receiver.stop()
  client.clear()
})

function answerWith(leads: () => Lead[], wait = 0) {
  server.use(
    http.get('*/api/leads', async () => {
      const items = leads()
      if (wait) await delay(wait)
      return HttpResponse.json({ items, next_cursor: null })
    }),
  )
}

async function watchList() {
  stops.push(new InfiniteQueryObserver(client, options).subscribe(() => {}))
  await vi.waitFor(() => expect(client.getQueryData(options.queryKey)).toBeDefined())
}
const shown = () => client.getQueryData<LeadList>(options.queryKey)?.pages.flatMap((page) => page.items) ?? []

test('a new lead is in the list, announced, and only once', async () => {
  answerWith(() => [])
  await watchList()
  const lead = leadOf({ full_name: 'Kari Moen' })
  receiver.created({ sequence: 7, lead }, false)
  receiver.created({ sequence: 7, lead }, false)
  expect(shown().map((one) => one.id)).toEqual([lead.id])
  expect(arrivals.get().map((one) => one.name)).toEqual(['Kari Moen'])
  expect(receiver.sequence).toBe(7)
})

test('what was missed is shown without an announcement for each', async () => {
  answerWith(() => [])
  await watchList()
  receiver.created({ sequence: 8, lead: leadOf() }, true)
  expect(shown()).toHaveLength(1)
  expect(arrivals.get()).toHaveLength(0)
})

test('an older version after a newer one changes nothing', async () => {
  const lead = leadOf()
  answerWith(() => [lead])
  await watchList()
  receiver.lead({ sequence: 10, lead: { ...lead, version: 3, full_name: 'Third' } })
  receiver.lead({ sequence: 9, lead: { ...lead, version: 2, full_name: 'Second' } })
  expect(shown()[0]?.full_name).toBe('Third')
  expect(receiver.sequence).toBe(10)
})

test('an answer that was on its way does not take the list back in time', async () => {
  const first = leadOf()
  let items = [first]
  answerWith(() => items)
  await watchList()
  answerWith(() => items, 60)
  const refetched = client.invalidateQueries({ queryKey: options.queryKey })
  await delay(10)
  const late = leadOf({ full_name: 'Came meanwhile' })
  receiver.created({ sequence: 11, lead: late }, false)
  receiver.lead({ sequence: 12, lead: { ...first, version: 2, full_name: 'Renamed meanwhile' } })
  await refetched
  expect(shown().map((one) => one.full_name).sort()).toEqual(['Came meanwhile', 'Renamed meanwhile'])
  items = []
})

test('the detail moves on with its answers kept', async () => {
  const lead = leadOf()
  const detail = leadDetailOptions(lead.id)
  server.use(http.get('*/api/leads/:id', () => HttpResponse.json(detailOf(lead))))
  await client.fetchQuery(detail)
  receiver.lead({ sequence: 3, lead: { ...lead, version: 2, status: 'contacted' } })
  expect(client.getQueryData(detail.queryKey)).toMatchObject({ status: 'contacted', answers: [{ key: 'roof' }] })
})

test('what comes in while a move waits does not undo it, and shows once it is taken back', async () => {
  const lead = leadOf()
  answerWith(() => [lead])
  await watchList()
  void begin(client, sessionOf(ravi))
  setStatus(client, lead, 'contacted', null, 'said')
  await vi.waitFor(() => expect(outbox.get()).toHaveLength(1))
  receiver.lead({ sequence: 12, lead: { ...lead, version: 2, attempt_count: 1, status: 'no_answer' } })
  const seen = () => overlay(shown()[0] ?? lead, outbox.get())
  expect(seen()).toMatchObject({ status: 'contacted', attempt_count: 1 })
  toasts.get().at(-1)?.undo?.()
  await vi.waitFor(() => expect(seen()).toMatchObject({ status: 'no_answer', attempt_count: 1 }))
})

test('refetches that no person caused say so', async () => {
  const seen: (string | null)[] = []
  server.use(
    http.get('*/api/leads/counts', ({ request }) => {
      seen.push(request.headers.get('X-Background'))
      return HttpResponse.json({ todo: 1, mine: 0, unclaimed: 1 })
    }),
  )
  stops.push(new QueryObserver(client, countsOptions).subscribe(() => {}))
  await vi.waitFor(() => expect(seen).toEqual([null]))
  receiver.refetch({ sequence: 20 })
  await vi.waitFor(() => expect(seen).toEqual([null, '1']))
})

test('how many notifications are unseen is said by the server, and the list is asked for anew', async () => {
  let asked = 0
  server.use(
    http.get('*/api/notifications', () => {
      asked += 1
      return HttpResponse.json({ items: [], next_cursor: null })
    }),
  )
  stops.push(new InfiniteQueryObserver(client, noticesOptions).subscribe(() => {}))
  await vi.waitFor(() => expect(asked).toBe(1))
  receiver.notified({ sequence: 21, unseen: 3 })
  expect(client.getQueryData(noticeKeys.unseen)).toEqual({ unseen: 3 })
  expect(receiver.sequence).toBe(21)
  await vi.waitFor(() => expect(asked).toBe(2))
})

test('a hidden lead is gone', async () => {
  const lead = leadOf()
  answerWith(() => [lead])
  await watchList()
  receiver.hidden({ sequence: 4, id: lead.id })
  expect(shown()).toEqual([])
})
