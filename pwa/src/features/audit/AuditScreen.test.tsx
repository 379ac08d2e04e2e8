import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { beforeAll, expect, test } from 'vitest'
import type { AuditChain, AuditEntry } from '@/shared/api/types'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { asha, ravi, sessionOf } from '@/test/world'
import { AuditScreen } from './AuditScreen'
import { startOf } from './queries'
import { parseAuditSearch } from './search'

beforeAll(() => {
  // Not in jsdom; nothing comes into sight there.
  globalThis.IntersectionObserver ??= class {
    observe() {}
    disconnect() {}
  } as unknown as typeof IntersectionObserver
})

const entry = (number: number, change: Partial<AuditEntry>): AuditEntry => ({
  number,
  at: '2026-03-02T09:00:00Z',
  actor: 'user',
  actor_id: ravi.id,
  action: 'lead_viewed',
  group: 'views',
  subject: 'lead',
  subject_id: 'lead-1',
  subject_name: 'Kari Moen',
  details: {},
  request_id: 'r',
  address: '192.0.2.7',
  hash: 'ab',
  agent: 'Mozilla/5.0 (Linux; Android 10; K) Chrome/138.0.0.0 Mobile Safari/537.36',
  ...change,
})

const nowhere = { address: null, agent: null, request_id: null }

function auditScreen(items: AuditEntry[], chain: Partial<AuditChain> = {}) {
  const whole: AuditChain = { number: 1204, hash: 'ab', checked_at: '2026-03-02T03:00:00Z', checked_number: 1200, broken: false }
  server.use(
    http.get('*/api/audit', () => HttpResponse.json({ items, next_cursor: null })),
    http.get('*/api/audit/chain', () => HttpResponse.json({ ...whole, ...chain })),
  )
  return renderScreen({ session: sessionOf(asha), inbox: AuditScreen })
}

test('each line says who did what, to whom, when and from where, under its day where the business is', async () => {
  auditScreen([
    entry(9, { at: '2026-03-02T23:30:00Z' }),
    entry(8, { action: 'lead_assigned', details: { to: asha.id } }),
    entry(7, { action: 'sign_in_failed', actor: 'anonymous', actor_id: null, subject: 'user', subject_id: ravi.id, subject_name: null }),
    entry(6, { action: 'lead_captured', actor: 'system', actor_id: null, subject_name: null, ...nowhere }),
    entry(5, { action: 'signed_in', actor_id: 'u-gone', subject: 'user' }),
    entry(4, { action: 'member_added', actor: 'command_line', actor_id: null, subject: 'user', subject_id: asha.id, details: { role: 'owner' }, ...nowhere }),
  ])
  const lines = await screen.findAllByRole('listitem')
  await expect.poll(() => lines.map((line) => line.textContent)).toEqual([
    'Ravi Sandhu opened the leadKari Moen00:30 · Chrome on Android from 192.0.2.7 · No. 9',
    'Ravi Sandhu assigned Asha BergKari Moen10:00 · Chrome on Android from 192.0.2.7 · No. 8',
    'Wrong password or code for Ravi Sandhu10:00 · Chrome on Android from 192.0.2.7 · No. 7',
    'Lead came inLead without a name10:00 · No. 6',
    'Somebody who is no longer here signed in10:00 · Chrome on Android from 192.0.2.7 · No. 5',
    'Whoever runs the server added Asha Berg as Owner10:00 · No. 4',
  ])
  const days = screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent)
  expect(days).toEqual(['Tuesday 3 March', 'Monday 2 March'].map((day) => expect.stringContaining(day) as string))
  expect(within(lines[0]!).getByRole('link', { name: 'Kari Moen' })).toHaveAttribute('href', '/leads/lead-1')
})

test('the chain is said to be whole, or not', async () => {
  auditScreen([], {})
  expect(await screen.findByText(/^Complete and unchanged up to entry 1,200\. Checked/)).toBeInTheDocument()
  expect(screen.getByRole('heading', { name: 'Nothing has happened yet' })).toBeInTheDocument()
})

test('a broken chain is an alarm', async () => {
  auditScreen([], { broken: true, checked_number: 3 })
  expect((await screen.findByText(/^The chain is broken after entry 3\./)).closest('[role=alert]')).not.toBeNull()
})

test('an address that says nonsense says nothing, and days begin where the business is', () => {
  const id = '0190aaaa-0000-7000-8000-000000000000'
  expect(parseAuditSearch({ person: id, group: 'views', lead: 'x', from: '2026-03-02', to: 7, colour: 'red' })).toEqual({ person: id, group: 'views', from: '2026-03-02' })
  expect(startOf('2026-03-29', 'Europe/Oslo')).toBe('2026-03-28T23:00:00.000Z')
  expect(startOf('2026-03-29', 'Europe/Oslo', 1)).toBe('2026-03-29T22:00:00.000Z')
})
