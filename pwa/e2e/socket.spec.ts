import { io, type Socket } from 'socket.io-client'
import { expect, test } from './support/test'
import { url, type Lead } from './support/world'

interface Heard {
  socket: Socket
  created: { sequence: number; lead: Lead }[]
  hello: { sequence: number; replayed: number }[]
}

/** The official client, with nothing of the app around it. */
function listen(cookie: string, since: number | null): Heard {
  const socket = io(url(), { transports: ['websocket'], forceNew: true, reconnection: false, auth: { since }, extraHeaders: { Cookie: cookie, Origin: url() } })
  const heard: Heard = { socket, created: [], hello: [] }
  socket.on('lead.created', (event) => heard.created.push(event))
  socket.on('hello', (event) => heard.hello.push(event))
  return heard
}

test('the official Socket.IO client hears of a lead once, and of what it missed', async ({ owner, newLead }, { project }) => {
  test.skip(project.name === 'phone', 'no browser takes part')
  const { cookies } = await owner.storageState()
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const first = listen(cookie, null)
  await expect.poll(() => first.hello.length).toBe(1)
  const of = (heard: Heard, phone: string) => heard.created.filter(({ lead }) => (lead as unknown as { phone: string }).phone === phone)

  const seen = await newLead()
  await expect.poll(() => of(first, seen.phone).length).toBe(1)
  expect(of(first, seen.phone)[0]?.lead).toMatchObject({ full_name: seen.full_name, email: seen.email, status: 'new', assignee_id: null })
  const since = Math.max(...first.created.map(({ sequence }) => sequence))
  first.socket.disconnect()

  const missed = await newLead()
  // As long as it takes to be stored: a replay, not the live stream, shall tell of it.
  await expect.poll(async () => ((await (await owner.get(`/api/leads?q=${encodeURIComponent(missed.phone)}`)).json()) as { items: Lead[] }).items.length).toBe(1)
  const second = listen(cookie, since)
  await expect.poll(() => second.hello.length).toBe(1)
  expect(second.hello[0]?.replayed).toBeGreaterThan(0)
  expect(of(second, missed.phone), 'told before hello').toHaveLength(1)
  expect(of(second, seen.phone), 'not told again').toHaveLength(0)
  expect(of(first, seen.phone)).toHaveLength(1)
  second.socket.disconnect()
})

test('the socket is closed to strangers', async ({}, { project }) => {
  test.skip(project.name === 'phone', 'no browser takes part')
  const stranger = io(url(), { transports: ['websocket'], forceNew: true, reconnection: false, extraHeaders: { Origin: url() } })
  const why = await new Promise<string>((resolve) => stranger.on('connect_error', (error) => resolve(error.message)))
  expect(why).toBe('unauthenticated')
  stranger.disconnect()
})
