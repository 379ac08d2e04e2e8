import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { beforeEach, expect, test } from 'vitest'
import type { Notification } from '@/shared/api/types'
import { noticeKeys } from '@/shared/notices/queries'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { leadOf, ravi, sessionOf } from '@/test/world'
import { NoticesScreen } from './NoticesScreen'

let number = 0
function notice(change: Partial<Notification> = {}): Notification {
  number += 1
  return { id: `n-${number}`, kind: 'new_lead', lead_id: null, data: {} as Notification['data'], at: new Date().toISOString(), seen_at: null, read_at: null, ...change }
}

let heard: string[] = []
function answer(items: Notification[]) {
  server.use(http.get('*/api/notifications', () => HttpResponse.json({ items, next_cursor: null })))
}
const kari = leadOf({ full_name: 'Kari Moen' })

beforeEach(() => {
  heard = []
  globalThis.IntersectionObserver = class {
    observe() {}
    disconnect() {}
  } as unknown as typeof IntersectionObserver
  server.use(
    http.get('*/api/leads', () => HttpResponse.json({ items: [kari], next_cursor: null })),
    http.put('*/api/notifications/seen', async ({ request }) => {
      heard.push(`seen ${((await request.json()) as { until: string }).until}`)
      return new HttpResponse(null, { status: 204 })
    }),
    http.put('*/api/notifications/:id/read', ({ params }) => {
      heard.push(`read ${String(params.id)}`)
      return new HttpResponse(null, { status: 204 })
    }),
  )
})

test('it names leads that the phone knows, marks what is new, and says that it was seen up to the newest', async () => {
  const seen = new Date().toISOString()
  const items = [notice({ lead_id: kari.id }), notice({ kind: 'lead_waiting', lead_id: 'gone', seen_at: seen })]
  answer(items)
  const { client } = renderScreen({ session: sessionOf(ravi), inbox: NoticesScreen })
  client.setQueryData(noticeKeys.unseen, { unseen: 1 })
  const rows = await screen.findAllByRole('listitem')
  expect(await within(rows[0] as HTMLElement).findByText('New lead: Kari Moen')).toBeInTheDocument()
  expect(within(rows[0] as HTMLElement).getByText('New')).toBeInTheDocument()
  expect(within(rows[1] as HTMLElement).getByText('Nobody called a lead in time')).toBeInTheDocument()
  expect(within(rows[1] as HTMLElement).queryByText('New')).toBeNull()
  await expect.poll(() => heard).toEqual([`seen ${items[0]?.id}`])
  await expect.poll(() => client.getQueryData(noticeKeys.unseen)).toEqual({ unseen: 0 })

  // The server's word that it was seen does not take the mark from under the eye.
  answer(items.map((one) => ({ ...one, seen_at: seen })))
  await client.invalidateQueries({ queryKey: noticeKeys.list })
  expect(within(rows[0] as HTMLElement).getByText('New')).toBeInTheDocument()
  expect(heard).toHaveLength(1)
})

test('a tap goes to the lead and marks it read', async () => {
  const one = notice({ lead_id: kari.id, seen_at: new Date().toISOString() })
  answer([one])
  const { router } = renderScreen({ session: sessionOf(ravi), inbox: NoticesScreen })
  await userEvent.click(await screen.findByRole('link', { name: /Kari Moen/ }))
  await expect.poll(() => router.state.location.pathname).toBe(`/leads/${kari.id}`)
  await expect.poll(() => heard).toEqual([`read ${one.id}`])
})

test('nothing yet says what will stand here', async () => {
  answer([])
  renderScreen({ session: sessionOf(ravi), inbox: NoticesScreen })
  expect(await screen.findByText('No alerts yet')).toBeInTheDocument()
  expect(heard).toEqual([])
})
