import { act, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { Lead } from '@/shared/api/types'
import { leadSheet } from '@/shared/leads/sheets'
import { Receiver } from '@/shared/live/receive'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { leadOf, ravi, sessionOf } from '@/test/world'
import { InboxScreen } from './InboxScreen'

function inboxWith(leads: Lead[], at = '/') {
  const asked: URL[] = []
  server.use(
    http.get('*/api/leads/counts', () => HttpResponse.json({ todo: leads.length, mine: 0, unclaimed: leads.length })),
    http.get('*/api/leads', ({ request }) => {
      asked.push(new URL(request.url))
      return HttpResponse.json({ items: leads, next_cursor: null })
    }),
  )
  return { asked, ...renderScreen({ session: sessionOf(ravi), inbox: InboxScreen, at }) }
}

test('shows who waits, and for how long', async () => {
  const created = new Date(Date.now() - 4.5 * 60_000).toISOString()
  inboxWith([
    leadOf({ full_name: 'Kari Moen', service: 'Takomlegging', created_at: created, due_at: new Date(Date.now() + 11 * 60_000).toISOString() }),
    leadOf({ full_name: 'Ola Dahl', due_at: new Date(Date.now() - 12.5 * 60_000).toISOString(), is_test: true }),
  ])
  const [kari, ola] = await screen.findAllByRole('listitem')
  expect(kari).toHaveTextContent('Kari Moen')
  expect(kari).toHaveTextContent('4 min')
  expect(kari).toHaveTextContent('Takomlegging')
  expect(ola).toHaveTextContent('12 min late')
  expect(ola).toHaveTextContent('Test')
  expect(await screen.findByRole('radio', { name: /To do/ })).toBeChecked()
})

test('every swipe is also a button', async () => {
  inboxWith([leadOf({ full_name: 'Kari Moen' }), leadOf({ full_name: 'Per Lund', phone: null })])
  expect(await screen.findByRole('button', { name: 'Call Kari Moen' })).toBeEnabled()
  expect(screen.getByRole('button', { name: 'Call Per Lund' })).toBeDisabled()
  await userEvent.click(screen.getByRole('button', { name: 'Snooze Kari Moen' }))
  expect(leadSheet.get()).toMatchObject({ kind: 'snooze', lead: { full_name: 'Kari Moen' } })
})

test('a new lead slides in and is announced politely', async () => {
  const { client } = inboxWith([leadOf({ full_name: 'Kari Moen', next_at: new Date(Date.now() + 60_000).toISOString() })])
  await screen.findByText('Kari Moen')
  const receiver = new Receiver(client)
  act(() => receiver.created({ sequence: 5, lead: leadOf({ full_name: 'Silje Berg', service: 'Takvindu', next_at: new Date(Date.now() + 900_000).toISOString() }) }, false))
  expect(await screen.findByRole('link', { name: 'Silje Berg' })).toBeInTheDocument()
  expect(within(screen.getByRole('log')).getByText(/New lead: Silje Berg/)).toBeInTheDocument()
  expect(screen.getAllByRole('listitem')).toHaveLength(2)
  receiver.stop()
})

test('segments and filters are the question that is asked', async () => {
  const { asked } = inboxWith([leadOf()])
  await screen.findAllByRole('listitem')
  expect(asked[0]?.searchParams.get('view')).toBe('todo')
  await userEvent.click(screen.getByRole('radio', { name: /Mine/ }))
  await expect.poll(() => asked.at(-1)?.searchParams.get('view')).toBe('mine')
  await userEvent.click(screen.getByRole('button', { name: 'Filters' }))
  const sheet = await screen.findByRole('dialog', { name: 'Filters' })
  await userEvent.click(within(sheet).getByRole('button', { name: 'No answer' }))
  await userEvent.click(within(sheet).getByRole('button', { name: 'Show' }))
  await expect.poll(() => asked.at(-1)?.searchParams.get('status')).toBe('no_answer')
  expect(await screen.findByRole('button', { name: 'Filters, 1 on' })).toBeInTheDocument()
})

test('an empty list says what to do next', async () => {
  inboxWith([])
  expect(await screen.findByRole('heading', { name: 'All caught up' })).toBeInTheDocument()
  expect(screen.getByRole('button', { name: 'See all leads' })).toBeInTheDocument()
})

test('an error is told in words and can be tried again', async () => {
  server.use(http.get('*/api/leads/counts', () => HttpResponse.json({ todo: 0, mine: 0, unclaimed: 0 })))
  server.use(http.get('*/api/leads', () => HttpResponse.json({ status: 500 }, { status: 500 })))
  renderScreen({ session: sessionOf(ravi), inbox: InboxScreen })
  expect(await screen.findByText(/went wrong on our side/)).toBeInTheDocument()
  server.use(http.get('*/api/leads', () => HttpResponse.json({ items: [leadOf({ full_name: 'Kari Moen' })], next_cursor: null })))
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('Kari Moen')).toBeInTheDocument()
})
