import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, delay, http } from 'msw'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Lead, Member } from '@/shared/api/types'
import { watchReturn } from '@/shared/contact/waiting'
import { commitDeferred } from '@/shared/leads/moves'
import { outbox } from '@/shared/offline/waiting'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { detailOf, leadOf, mats, ravi, sessionOf } from '@/test/world'
import { LeadScreen } from './LeadScreen'
import { LeadSheets } from './LeadSheets'

/** What the other apps were asked to open, in the order of everything that happened. */
let happened: string[] = []
let stop: () => void
const outside = (event: MouseEvent) => {
  const link = event.target instanceof HTMLAnchorElement ? event.target : null
  if (!link || link.origin === location.origin) return
  event.preventDefault()
  happened.push(link.href)
}

beforeEach(() => {
  happened = []
  document.addEventListener('click', outside, true)
  stop = watchReturn()
})
afterEach(() => {
  document.removeEventListener('click', outside, true)
  stop()
})

function leadScreen(lead: Lead, who: Member = ravi) {
  server.use(
    http.get('*/api/leads/counts', () => HttpResponse.json({ todo: 1, mine: 0, unclaimed: 1 })),
    http.get('*/api/leads/:id', () => HttpResponse.json(detailOf(lead))),
    http.get('*/api/leads/:id/timeline', () => HttpResponse.json({ items: [] })),
    http.put('*/api/leads/:id/opened', () => new HttpResponse(null, { status: 204 })),
    http.post('*/api/leads/:id/attempts', async ({ request }) => {
      await delay(20)
      happened.push('stored')
      const body = (await request.json()) as { id: string; channel: 'call'; started_at: string }
      return HttpResponse.json(
        { stored_at: body.started_at, lead_id: lead.id, user_id: who.id, evidence: 'intent', outcome: null, outcome_at: null, note: null, ...body },
        { status: 201 },
      )
    }),
  )
  return renderScreen({ session: sessionOf(who), lead: LeadScreen, at: `/leads/${lead.id}`, beside: <LeadSheets /> })
}

test('the person, the answers, and how fast the lead came', async () => {
  leadScreen(leadOf({ full_name: 'Kari Moen' }))
  expect(await screen.findByRole('heading', { level: 1, name: 'Kari Moen' })).toBeInTheDocument()
  expect(screen.getByText('How old is the roof?')).toBeInTheDocument()
  expect(screen.getByText('7 s from Meta to your phone')).toBeInTheDocument()
  await userEvent.click(screen.getByRole('button', { name: 'See the consent text' }))
  expect(within(screen.getByRole('dialog')).getByText('Acme may call me.')).toBeInTheDocument()
})

test('the attempt is stored before the phone opens, and asked about on return', async () => {
  leadScreen(leadOf({ full_name: 'Kari Moen', phone: '+4791234567' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Call' }))
  await waitFor(() => expect(happened).toEqual(['stored', 'tel:+4791234567']))
  const outcome = vi.fn()
  server.use(
    http.post('*/api/leads/:id/attempts/:attempt/outcome', async ({ request }) => {
      outcome(await request.json())
      return HttpResponse.json({ outcome: 'no_answer' })
    }),
  )
  window.dispatchEvent(new Event('blur'))
  window.dispatchEvent(new Event('focus'))
  await userEvent.click(within(await screen.findByRole('dialog', { name: /Did you reach Kari Moen/ })).getByRole('button', { name: 'No answer' }))
  await waitFor(() => expect(outcome).toHaveBeenCalledWith({ outcome: 'no_answer' }))
  expect(await screen.findByRole('dialog', { name: 'What is the next move?' })).toBeInTheDocument()
})

test('without a network the call goes out, and the attempt is shown as queued', async () => {
  const lead = leadOf({ full_name: 'Kari Moen', phone: '+4791234567' })
  leadScreen(lead)
  server.use(http.post('*/api/leads/:id/attempts', () => HttpResponse.error()))
  await userEvent.click(await screen.findByRole('button', { name: 'WhatsApp' }))
  await waitFor(() => expect(happened.some((one) => one.startsWith('https://wa.me/4791234567'))).toBe(true), { timeout: 3000 })
  expect(await screen.findByRole('button', { name: 'Waiting to be sent' })).toBeInTheDocument()
})

test('a claim is shown at once, and taken back when a colleague was faster', async () => {
  const lead = leadOf()
  leadScreen(lead)
  server.use(http.post('*/api/leads/:id/claim', () => HttpResponse.json({ status: 409, reason: 'claimed' }, { status: 409 })))
  await userEvent.click(await screen.findByRole('button', { name: 'Claim' }))
  expect(await screen.findByText('A colleague was faster.')).toBeInTheDocument()
  expect(screen.getByRole('button', { name: 'Claim' })).toBeInTheDocument()
})

test('won can be taken back, because it is sent only afterwards', async () => {
  const lead = leadOf({ status: 'contacted', version: 4, due_at: null })
  leadScreen(lead)
  const patched = vi.fn()
  server.use(
    http.patch('*/api/leads/:id', async ({ request }) => {
      patched(request.headers.get('If-Match'), await request.json())
      return HttpResponse.json({ ...lead, version: 5, status: 'won', next_at: null })
    }),
  )
  await userEvent.click(await screen.findByRole('button', { name: 'Won' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Undo' }))
  expect(await screen.findByRole('button', { name: 'Won' })).toBeInTheDocument()
  expect(patched).not.toHaveBeenCalled()

  await userEvent.click(screen.getByRole('button', { name: 'Won' }))
  await waitFor(() => expect(outbox.get()).toHaveLength(1))
  await commitDeferred()
  await waitFor(() => expect(patched).toHaveBeenCalledWith('"4"', { status: 'won' }))
})

test('lost asks for the reason', async () => {
  const lead = leadOf({ status: 'contacted' })
  leadScreen(lead)
  await userEvent.click(await screen.findByRole('button', { name: 'Lost' }))
  await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Too expensive' }))
  expect(await screen.findByText('Lost · Too expensive')).toBeInTheDocument()
  const patched = vi.fn()
  server.use(
    http.patch('*/api/leads/:id', async ({ request }) => {
      patched(await request.json())
      return HttpResponse.json({ ...lead, version: 2, status: 'lost', lost_reason: 'too_expensive', next_at: null })
    }),
  )
  await commitDeferred()
  await waitFor(() => expect(patched).toHaveBeenCalledWith({ status: 'lost', lost_reason: 'too_expensive' }))
})

test('two people edited: both versions are shown, and nothing is dropped', async () => {
  const lead = leadOf({ full_name: 'Kari Moen', version: 2 })
  leadScreen(lead)
  const sent: (string | null)[] = []
  server.use(
    http.patch('*/api/leads/:id', async ({ request }) => {
      sent.push(request.headers.get('If-Match'))
      if (sent.length === 1) return HttpResponse.json({ status: 412 }, { status: 412 })
      return HttpResponse.json({ ...lead, version: 4, ...((await request.json()) as object) })
    }),
  )
  await userEvent.click(await screen.findByRole('button', { name: 'Edit' }))
  server.use(http.get('*/api/leads/:id', () => HttpResponse.json(detailOf({ ...lead, version: 3, full_name: 'Kari Moen Berg' }))))
  const name = within(screen.getByRole('dialog')).getByLabelText('Name')
  await userEvent.clear(name)
  await userEvent.type(name, 'Kari M. Hansen')
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Save' }))
  const conflict = await screen.findByRole('dialog', { name: 'Two versions' })
  expect(within(conflict).getByText('Kari M. Hansen')).toBeInTheDocument()
  expect(within(conflict).getByRole('cell', { name: 'Kari Moen Berg' })).toBeInTheDocument()
  await userEvent.click(within(conflict).getByRole('button', { name: 'Keep my changes' }))
  expect(await screen.findByRole('heading', { level: 1, name: 'Kari M. Hansen' })).toBeInTheDocument()
  await waitFor(() => expect(sent).toEqual(['"2"', '"3"']))
})

test('assigning is for owners and managers', async () => {
  leadScreen(leadOf(), ravi)
  await screen.findByRole('button', { name: 'Claim' })
  expect(screen.queryByRole('button', { name: 'Assign' })).not.toBeInTheDocument()
})

test('a manager assigns', async () => {
  const lead = leadOf({ full_name: 'Kari Moen' })
  leadScreen(lead, mats)
  const put = vi.fn()
  server.use(
    http.put('*/api/leads/:id/assignment', async ({ request }) => {
      put(await request.json())
      return HttpResponse.json({ ...lead, version: 2, assignee_id: ravi.id })
    }),
  )
  await userEvent.click(await screen.findByRole('button', { name: 'Assign' }))
  await userEvent.click(await screen.findByRole('button', { name: /Ravi Sandhu/ }))
  await waitFor(() => expect(put).toHaveBeenCalledWith({ user_id: ravi.id }))
})

test('a lead that is not ours to see says so', async () => {
  leadScreen(leadOf())
  server.use(http.get('*/api/leads/:id', () => HttpResponse.json({ status: 404 }, { status: 404 })))
  expect(await screen.findByRole('heading', { name: 'This lead is not here' })).toBeInTheDocument()
})
