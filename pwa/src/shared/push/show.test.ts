import { afterEach, expect, test, vi } from 'vitest'
import { noteHeard, wasHeard } from './heard'
import { readPush } from './payload'
import { show } from './show'

/** As src/alerts/content.rs makes it. */
const push = (alert: string | null, body = 'Ring før 10:15') =>
  readPush({ notification: { title: 'Nytt lead', body, lang: 'nb', tag: 'new_lead' }, nextmove: { alert, kind: 'new_lead', token: 't0ken', lead_id: 'l-1', may_claim: true, path: '/leads/l-1' } }, [])

interface Notice extends NotificationOptions {
  title: string
  renotify?: boolean
}

/** A screen on which one of a tag takes the place of the one before. */
class FakeScreen {
  there: Notice[] = []
  /** What was heard, in order. */
  sounds: string[] = []
  shown = 0
  fail: Error | null = null
  showNotification = async (title: string, options: NotificationOptions & { renotify?: boolean } = {}) => {
    await Promise.resolve()
    if (this.fail) throw this.fail
    const isThere = this.there.some((one) => one.tag === options.tag)
    this.there = [...this.there.filter((one) => one.tag !== options.tag), { title, ...options }]
    this.shown += 1
    if (!options.silent && (!isThere || options.renotify)) this.sounds.push(options.body ?? '')
  }
  getNotifications = ({ tag }: { tag?: string } = {}) => Promise.resolve(this.there.filter((one) => !tag || one.tag === tag) as unknown as Notification[])
}

const open = indexedDB.open.bind(indexedDB)
afterEach(async () => {
  indexedDB.open = open
  await new Promise((resolve) => (indexedDB.deleteDatabase('nextmove-heard').onsuccess = resolve))
})

test('an alert that comes twice is heard once, and says what is new in it', async () => {
  const screen = new FakeScreen()
  await show(screen, push('a-1', 'Ring før 10:15'))
  await show(screen, push('a-1', 'Ring før 10:20'))
  expect(screen.sounds).toEqual(['Ring før 10:15'])
  expect(screen.there).toMatchObject([{ body: 'Ring før 10:20', silent: true, renotify: false, actions: [{ action: 'call' }, { action: 'claim' }] }])
  expect(screen.shown).toBe(2)
})

test('also where somebody has put it away meanwhile, and by a worker that was started anew', async () => {
  const screen = new FakeScreen()
  await show(screen, push('a-1'))
  screen.there = []
  vi.resetModules()
  const { show: showAnew } = await import('./show')
  await showAnew(screen, push('a-1'))
  expect(screen.sounds).toHaveLength(1)
  // A push that shows nothing counts against the subscription.
  expect(screen.there).toMatchObject([{ silent: true }])
})

test('also where both come at once', async () => {
  const screen = new FakeScreen()
  await Promise.all([show(screen, push('a-1')), show(screen, push('a-1')), show(screen, push('a-1'))])
  expect(screen.sounds).toHaveLength(1)
  expect(screen.shown).toBe(3)
})

test('another alert is heard, also of the same kind', async () => {
  const screen = new FakeScreen()
  await show(screen, push('a-1', 'one'))
  await show(screen, push('a-2', 'two'))
  expect(screen.sounds).toEqual(['one', 'two'])
  expect(screen.there).toMatchObject([{ body: 'two' }])
})

test('what came later is not covered by what comes again', async () => {
  const screen = new FakeScreen()
  await show(screen, push('a-1', 'one'))
  await show(screen, push('a-2', 'two'))
  await show(screen, push('a-1', 'one'))
  expect(screen.sounds).toEqual(['one', 'two'])
  expect(screen.there).toMatchObject([{ title: 'Nytt lead', body: 'two', data: { alert: 'a-2' }, silent: true, actions: [{ action: 'call' }, { action: 'claim' }] }])
  await show(screen, push('a-2', 'two'))
  expect(screen.sounds).toEqual(['one', 'two'])
})

test('what was not shown was not heard', async () => {
  const screen = new FakeScreen()
  screen.fail = new TypeError('no permission')
  await expect(show(screen, push('a-1'))).rejects.toThrow('no permission')
  screen.fail = null
  await show(screen, push('a-1'))
  expect(screen.sounds).toHaveLength(1)
})

test('one that names no alert is heard each time', async () => {
  const screen = new FakeScreen()
  await show(screen, push(null))
  await show(screen, push(null))
  expect(screen.sounds).toHaveLength(2)
})

test('a database that refuses keeps nothing from being heard', async () => {
  indexedDB.open = () => {
    throw new DOMException('not here', 'SecurityError')
  }
  const screen = new FakeScreen()
  await show(screen, push('a-1'))
  // What still stands on the screen is known all the same.
  await show(screen, push('a-1'))
  expect(screen.sounds).toHaveLength(1)
  screen.there = []
  await show(screen, push('a-1'))
  expect(screen.sounds).toHaveLength(2)
})

test('nor does one that does not answer', async () => {
  indexedDB.open = () => ({}) as IDBOpenDBRequest
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const screen = new FakeScreen()
  let over = false
  void show(screen, push('a-1')).finally(() => (over = true))
  while (!over) await vi.advanceTimersByTimeAsync(500)
  vi.useRealTimers()
  expect(screen.sounds).toHaveLength(1)
})

test('it is remembered for a day, and not without end', async () => {
  const now = Date.UTC(2026, 2, 2, 8)
  await noteHeard('a-1', now)
  expect(await wasHeard('a-1', now + 23 * 3_600_000)).toBe(true)
  expect(await wasHeard('a-1', now + 25 * 3_600_000)).toBe(false)
  for (let number = 2; number <= 201; number += 1) await noteHeard(`a-${number}`, now + number)
  expect(await wasHeard('a-1', now + 300)).toBe(false)
  expect(await wasHeard('a-2', now + 300)).toBe(true)
})
