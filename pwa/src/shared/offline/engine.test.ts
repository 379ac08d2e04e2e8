import { QueryClient } from '@tanstack/react-query'
import { HttpResponse, http } from 'msw'
import { expect, test, vi } from 'vitest'
import * as commands from '@/shared/leads/commands'
import { server } from '@/test/server'
import { detailOf, leadOf, mats, ravi, sessionOf } from '@/test/world'
import { begin, discard, end, keepMine, submit } from './engine'
import { outbox } from './waiting'

/** The outbox reads, decrypts and asks before it settles: on a busy machine that takes more than the second a test waits by itself. */
const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000 })

const lead = leadOf({ id: 'l-1', version: 3, service: 'Roof' })

/** A colleague has changed the service; notes are taken. */
function colleagueWasFaster(): { versions: (string | null)[]; notes: string[] } {
  const seen = { versions: [] as (string | null)[], notes: [] as string[] }
  server.use(
    http.get('*/api/leads/counts', () => HttpResponse.json({ todo: 0, mine: 0, unclaimed: 0 })),
    http.get('*/api/leads/l-1', () => HttpResponse.json(detailOf({ ...lead, version: 5, service: 'Solar' }))),
    http.patch('*/api/leads/l-1', async ({ request }) => {
      const version = request.headers.get('If-Match')
      seen.versions.push(version)
      if (version !== '"5"') return HttpResponse.json({ reason: 'version' }, { status: 412 })
      return HttpResponse.json({ ...lead, version: 6, ...((await request.json()) as object) })
    }),
    http.post('*/api/leads/l-1/notes', async ({ request }) => {
      seen.notes.push(((await request.json()) as { text: string }).text)
      return HttpResponse.json({}, { status: 201 })
    }),
  )
  return seen
}

async function conflicted() {
  const seen = colleagueWasFaster()
  void begin(new QueryClient(), sessionOf(ravi))
  const verdict = await submit(commands.edit(lead, { service: 'Heat pump' })).done
  if (verdict.state !== 'conflict') throw new Error(verdict.state)
  void submit(commands.note(lead, 'after'))
  await soon(() => expect(outbox.get()).toHaveLength(2))
  expect(seen.notes).toEqual([])
  return { seen, key: verdict.key }
}

test('what is saved is kept: what waited behind goes, and second thoughts bring mine back', async () => {
  const { seen, key } = await conflicted()
  const undo = await discard(key)
  await soon(() => expect(seen.notes).toEqual(['after']))
  await soon(() => expect(outbox.get()).toEqual([]))
  await undo?.()
  expect(outbox.get()).toMatchObject([{ key, state: 'conflict', theirs: { service: 'Solar' } }])
})

test('mine is kept: it goes on top of what is saved, and then what waited', async () => {
  const { seen, key } = await conflicted()
  await keepMine(key)
  expect(seen.versions).toEqual(['"3"', '"5"'])
  await soon(() => expect(seen.notes).toEqual(['after']))
})

test('a tap that comes before the outbox is open waits for its own person, and goes to nobody else', async () => {
  const taken: string[] = []
  server.use(
    http.post('*/api/leads/l-1/claim', ({ request }) => {
      taken.push(request.headers.get('X-Acting-As') ?? '')
      return HttpResponse.json({ ...lead, version: 4, assignee_id: ravi.id })
    }),
  )
  end()
  void submit(commands.claim(lead))
  end()
  const early = submit(commands.claim(lead)).done
  void begin(new QueryClient(), sessionOf(ravi))
  await expect(early).resolves.toMatchObject({ state: 'sent' })
  await soon(() => expect(outbox.get()).toEqual([]))
  expect(taken, 'what was tapped before the session ended is gone with it').toHaveLength(1)
  expect(taken[0]).toContain(ravi.id)
})

test('a refusal while the person waits for the answer is told and not kept', async () => {
  server.use(http.post('*/api/leads/l-1/claim', () => HttpResponse.json({ reason: 'claimed' }, { status: 409 })))
  void begin(new QueryClient(), sessionOf(ravi))
  expect(await submit(commands.claim(lead)).done).toMatchObject({ state: 'rejected', error: { status: 409, reason: 'claimed' } })
  expect(outbox.get()).toEqual([])
})

test("nobody sees what another person's outbox holds", async () => {
  server.use(http.post('*/api/leads/l-1/notes', () => HttpResponse.error()), http.get('*/healthz', () => HttpResponse.error()))
  void begin(new QueryClient(), sessionOf(ravi))
  expect(await submit(commands.note(lead, 'x')).done).toEqual({ state: 'queued' })
  end()
  void begin(new QueryClient(), { ...sessionOf(mats), offline_key: 'DwECAwQFBgcICQoLDA0ODw==' })
  expect(await discard('anything')).toBeNull()
  expect(outbox.get()).toEqual([])
})
