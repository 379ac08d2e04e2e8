import { QueryClient } from '@tanstack/react-query'
import { beforeEach, expect, test, vi } from 'vitest'
import { leadKeys } from '@/shared/leads/queries'
import { sessionOptions } from '@/shared/session/queries'
import { detailOf, leadOf, ravi, sessionOf } from '@/test/world'
import { keepReads, wakeUp, wakeUpLeads } from './cache'
import { transact } from './db'
import { newId } from './id'
import { importKey, keep, lock, type Keeper } from './seal'

let known: Keeper
beforeEach(async () => {
  known = { owner: 'u-ravi/o-acme', key: await importKey('AAECAwQFBgcICQoLDA0ODw==') }
})

const viewer = { id: ravi.id, role: ravi.role }
const list = ['leads', 'list', { view: 'todo' }, viewer]
const search = ['leads', 'list', { view: 'all', q: 'Moen' }, viewer]
const lead = leadOf({ full_name: 'Kari Moen' })
const page = { items: [lead], next_cursor: 'more' }

async function kept(): Promise<Record<string, unknown>[]> {
  return (await transact<Record<string, unknown>[]>('reads', 'readonly', (store) => store.getAll())) ?? []
}

async function readAndKeep(): Promise<void> {
  const client = new QueryClient()
  await keep(known)
  const stop = keepReads(client, known)
  client.setQueryData(sessionOptions.queryKey, sessionOf(ravi))
  client.setQueryData(list, { pages: [page, page, page], pageParams: [null, 'a', 'b'] })
  client.setQueryData(search, { pages: [page], pageParams: [null] })
  client.setQueryData(leadKeys.detail(lead.id), detailOf(lead))
  client.setQueryData(['something', 'else'], 'not kept')
  await vi.waitFor(async () => expect(await kept()).toHaveLength(3), { timeout: 3000 })
  stop()
}

test('a start without a server: the session and the lists at once, the opened leads after', async () => {
  await readAndKeep()
  const client = new QueryClient()
  expect((await wakeUp(client))?.owner).toBe(known.owner)
  expect(client.getQueryData(sessionOptions.queryKey)).toEqual({ ...sessionOf(ravi), offline_key: null })
  expect(client.getQueryData<{ pages: unknown[] }>(list)?.pages).toHaveLength(2)
  expect(client.getQueryData(search)).toBeUndefined()
  expect(client.getQueryData(leadKeys.detail(lead.id))).toBeUndefined()
  await wakeUpLeads(client, known)
  expect(client.getQueryData(leadKeys.detail(lead.id))).toMatchObject({ full_name: 'Kari Moen' })
})

test('nobody is in it in plain text, and after signing out nobody at all', async () => {
  await readAndKeep()
  for (const one of await kept()) expect(Buffer.from(one.data as ArrayBuffer).toString('latin1')).not.toContain('Moen')
  await lock()
  expect(await kept()).toEqual([])
  expect(await wakeUp(new QueryClient())).toBeNull()
})

test('after a working day without the server there is nothing to read', async () => {
  await readAndKeep()
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 13 * 3_600_000)
  expect(await wakeUp(new QueryClient())).toBeNull()
})

test('what is asked for meanwhile is newer than what was kept', async () => {
  await readAndKeep()
  const client = new QueryClient()
  client.setQueryData(list, { pages: [], pageParams: [] })
  await wakeUp(client)
  expect(client.getQueryData(list)).toEqual({ pages: [], pageParams: [] })
})

test('ids are UUIDs of version 7: they sort by time', () => {
  const early = newId(1_700_000_000_000)
  expect(early).toMatch(/^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(newId(1_700_000_000_001) > early).toBe(true)
  expect(new Set(Array.from({ length: 1000 }, () => newId())).size).toBe(1000)
})
