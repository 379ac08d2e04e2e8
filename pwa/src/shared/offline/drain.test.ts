import { HttpResponse, http } from 'msw'
import { beforeEach, expect, test, vi } from 'vitest'
import * as commands from '@/shared/leads/commands'
import { server } from '@/test/server'
import { leadOf } from '@/test/world'
import { learnTime } from './clock'
import { transact } from './db'
import { drain, type Hooks } from './drain'
import { add, rows } from './outbox'
import { importKey, type Keeper } from './seal'

const RAVI = 'u-ravi/o-acme'
let ravi: Keeper
let ingrid: Keeper

beforeEach(async () => {
  ravi = { owner: RAVI, key: await importKey('AAECAwQFBgcICQoLDA0ODw==') }
  ingrid = { owner: 'u-ingrid/o-acme', key: await importKey('DwECAwQFBgcICQoLDA0ODw==') }
})

const lead = leadOf({ id: 'l-1', version: 3, status: 'contacted', assignee_id: 'u-ravi' })
const other = leadOf({ id: 'l-2' })
let keys = 0
const keep = (command: Parameters<typeof add>[1], by = ravi) => add(by, command, `key-${String(++keys)}`)

interface Heard {
  path: string
  key: string | null
  as: string | null
  version: string | null
  background: string | null
  body: Record<string, unknown>
}

/** A server that answers as told, and remembers what it was asked. */
function listening(answer: (asked: Heard, nth: number) => Response | Promise<Response>): Heard[] {
  const heard: Heard[] = []
  server.use(
    http.all('*/api/leads/*', async ({ request }) => {
      if (request.method === 'GET') return HttpResponse.json({ ...lead, version: 9, status: 'won', assignee_id: 'u-mats' })
      const asked: Heard = {
        path: new URL(request.url).pathname.replace('/api/leads/', ''),
        key: request.headers.get('Idempotency-Key'),
        as: request.headers.get('X-Acting-As'),
        version: request.headers.get('If-Match'),
        background: request.headers.get('X-Background'),
        body: ((await request.json().catch(() => null)) ?? {}) as Record<string, unknown>,
      }
      heard.push(asked)
      return answer(asked, heard.length)
    }),
  )
  return heard
}
const taken = () => HttpResponse.json({}, { status: 201 })
/** All waiting is over. */
const later = async (by = ravi, hooks: Hooks = {}) => {
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
  return drain(by, hooks)
}

test('commands on one lead go in their order, under the person whose they are', async () => {
  const heard = listening(taken)
  const call = commands.attempt(lead, 'call')
  await keep(call)
  await keep(commands.outcome(lead, call.body.id, 'reached'))
  await keep(commands.note(lead, 'Rang twice'))
  expect(await drain(ravi)).toEqual({ stopped: 'done', at: null })
  expect(heard.map((one) => one.path)).toEqual(['l-1/attempts', `l-1/attempts/${call.body.id}/outcome`, 'l-1/notes'])
  expect(new Set(heard.map((one) => one.as))).toEqual(new Set([RAVI]))
  expect(new Set(heard.map((one) => one.key)).size).toBe(3)
  expect(await rows(ravi)).toEqual([])
})

test('an answer that is lost is asked for again under the same key, and says that nobody caused it', async () => {
  const heard = listening((_, nth) => (nth === 1 ? HttpResponse.error() : taken()))
  await keep(commands.note(lead, 'x'))
  expect((await drain(ravi)).stopped).toBe('unreachable')
  expect(await rows(ravi)).toMatchObject([{ tries: 1, state: 'waiting' }])
  await later()
  expect(heard.map((one) => one.key)).toEqual([heard[0]?.key, heard[0]?.key])
  expect(heard.map((one) => one.background)).toEqual([null, '1'])
  expect(await rows(ravi)).toEqual([])
})

test.each([408, 425, 429, 500, 503])('%i is asked again when it says, and later ones on the lead wait behind it', async (status) => {
  const heard = listening((_, nth) => (nth === 1 ? HttpResponse.json({}, { status, headers: { 'Retry-After': '120' } }) : taken()))
  await keep(commands.note(lead, 'first'))
  await keep(commands.note(lead, 'second'))
  const before = Date.now()
  await drain(ravi)
  expect(heard).toHaveLength(1)
  expect((await rows(ravi))[0]?.nextAt).toBeGreaterThanOrEqual(before + 120_000)
  await later()
  expect(heard.map((one) => one.body.text)).toEqual(['first', 'first', 'second'])
})

test('one lead that stumbles does not hold up another', async () => {
  const heard = listening((asked) => (asked.path.startsWith('l-1') ? HttpResponse.json({}, { status: 500 }) : taken()))
  await keep(commands.note(lead, 'x'))
  await keep(commands.note(other, 'y'))
  await drain(ravi)
  expect(heard.map((one) => one.path)).toEqual(['l-1/notes', 'l-2/notes'])
  expect(await rows(ravi)).toMatchObject([{ base: { id: 'l-1' } }])
})

test('a session that ended is no refusal', async () => {
  let signedIn = false
  const heard = listening(() => (signedIn ? taken() : HttpResponse.json({}, { status: 401 })))
  await keep(commands.note(lead, 'x'))
  await keep(commands.note(other, 'y'))
  expect(await drain(ravi)).toEqual({ stopped: 'signed-out', at: null })
  expect(heard).toHaveLength(1)
  expect(await rows(ravi)).toMatchObject([{ state: 'waiting', tries: 0 }, { state: 'waiting', tries: 0 }])
  signedIn = true
  await drain(ravi)
  expect(await rows(ravi)).toEqual([])
})

test('a refusal is kept for the person, with what depends on it; the rest goes', async () => {
  const heard = listening((asked) => (asked.path === 'l-1/attempts' ? HttpResponse.json({ reason: 'too_old', field: 'started_at' }, { status: 422 }) : taken()))
  const call = commands.attempt(lead, 'call')
  const { key } = await keep(call)
  await keep(commands.outcome(lead, call.body.id, 'reached', key))
  await keep(commands.note(lead, 'still true'))
  expect((await drain(ravi)).stopped).toBe('done')
  expect(heard.map((one) => one.path)).toEqual(['l-1/attempts', 'l-1/notes'])
  expect(await rows(ravi)).toMatchObject([{ kind: 'attempt', state: 'rejected', refusal: { status: 422, reason: 'too_old' } }, { kind: 'outcome', state: 'waiting' }])
})

test('what a colleague changed too waits with both versions, and so does what comes after it on that lead', async () => {
  const heard = listening((asked) => (asked.version ? HttpResponse.json({ reason: 'version' }, { status: 412 }) : taken()))
  await keep(commands.status(lead, 'lost', 'other'))
  await keep(commands.note(lead, 'after'))
  await keep(commands.note(other, 'elsewhere'))
  await drain(ravi)
  expect(heard.map((one) => one.path)).toEqual(['l-1', 'l-2/notes'])
  expect(await rows(ravi)).toMatchObject([
    { state: 'conflict', theirs: { version: 9, status: 'won', assignee_id: 'u-mats' }, base: { version: 3, status: 'contacted' } },
    { state: 'waiting', kind: 'note' },
  ])
})

test('where others changed other fields, both changes count', async () => {
  const heard = listening((asked) => (asked.version === '"3"' ? HttpResponse.json({ reason: 'version' }, { status: 412 }) : HttpResponse.json(lead)))
  await keep(commands.edit(lead, { service: 'Solar' }))
  await drain(ravi)
  expect(heard.map((one) => one.version)).toEqual(['"3"', '"9"'])
  expect(await rows(ravi)).toEqual([])
})

test('two who drain at once send each command once', async () => {
  const heard = listening(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return taken()
  })
  for (let n = 0; n < 5; n++) await keep(commands.note(lead, String(n)))
  await Promise.all([drain(ravi), drain(ravi), drain(ravi)])
  expect(heard.map((one) => one.body.text)).toEqual(['0', '1', '2', '3', '4'])
})

test("another person's commands stay, and stay closed", async () => {
  const heard = listening(taken)
  await keep(commands.note(lead, 'the dog bites'))
  expect(await rows(ingrid)).toEqual([])
  await drain(ingrid)
  expect(await rows({ owner: RAVI, key: ingrid.key })).toEqual([])
  const stored = await transact<Record<string, unknown>[]>('outbox', 'readonly', (store) => store.getAll())
  expect(stored).toHaveLength(1)
  expect(Object.keys(stored?.[0] ?? {}).sort()).toEqual(['data', 'iv', 'key', 'owner', 'seq'])
  expect(Buffer.from(stored?.[0]?.data as ArrayBuffer).toString('latin1')).not.toContain('dog')
  await drain(ravi)
  expect(heard).toHaveLength(1)
})

test("the time of a call is the server's, also where the phone's clock is an hour behind", async () => {
  const heard = listening(taken)
  const tap = Date.now()
  await keep(commands.attempt(lead, 'call'))
  learnTime(new Response(null, { headers: { Date: new Date(tap + 3_600_000).toUTCString() } }), Date.now())
  await drain(ravi)
  const told = Date.parse(String(heard[0]?.body.started_at))
  expect(Math.abs(told - tap - 3_600_000)).toBeLessThan(3000)
  learnTime(new Response(null, { headers: { Date: new Date().toUTCString() } }), Date.now())
})
