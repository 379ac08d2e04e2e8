import { HttpResponse, http } from 'msw'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setPrefs } from '@/shared/device/prefs'
import { server } from '@/test/server'
import { base64url, drop, renew } from './subscribe'

const KEY = base64url(new Uint8Array([4, 255, 254, 253]).buffer)
const OLD = new Uint8Array([4, 1, 1, 1]).buffer

/** As much of a browser's push manager as the app uses. */
class FakeManager {
  made: FakeSubscription[] = []
  current: FakeSubscription | null = null
  getSubscription = () => Promise.resolve(this.current)
  subscribe = ({ applicationServerKey }: { applicationServerKey: string }) => {
    const bytes = Uint8Array.from(atob(applicationServerKey.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
    return Promise.resolve(this.put(bytes.buffer))
  }
  put(key: ArrayBuffer): FakeSubscription {
    this.current = new FakeSubscription(this, key, this.made.length)
    this.made.push(this.current)
    return this.current
  }
}
class FakeSubscription {
  options: { applicationServerKey: ArrayBuffer }
  private readonly manager: FakeManager
  private readonly number: number
  constructor(manager: FakeManager, key: ArrayBuffer, number: number) {
    this.manager = manager
    this.number = number
    this.options = { applicationServerKey: key }
  }
  unsubscribe = () => {
    this.manager.current = null
    return Promise.resolve(true)
  }
  toJSON = () => ({ endpoint: `https://push.example/${this.number}`, keys: { p256dh: 'p', auth: 'a' } })
}

let manager: FakeManager
let posted: unknown[]

beforeEach(() => {
  manager = new FakeManager()
  posted = []
  const registration = { pushManager: manager }
  vi.stubGlobal('PushManager', class {})
  vi.stubGlobal('Notification', { permission: 'granted' })
  Object.defineProperty(navigator, 'serviceWorker', { configurable: true, value: { ready: Promise.resolve(registration), getRegistration: () => Promise.resolve(registration) } })
  server.use(
    http.get('*/api/me/devices', () => HttpResponse.json({ key: KEY, items: [] })),
    http.post('*/api/me/devices', async ({ request }) => {
      const body = await request.json()
      posted.push(body)
      return HttpResponse.json({ id: 'd-1', label: 'Chrome', is_this: true, created_at: '', sent_at: null, acknowledged_at: null })
    }),
  )
})
afterEach(() => {
  vi.unstubAllGlobals()
  Reflect.deleteProperty(navigator, 'serviceWorker')
  setPrefs({ push: true })
})

test('every start tells the server of the subscription that there is, or makes one', async () => {
  await renew()
  await renew()
  expect(manager.made).toHaveLength(1)
  expect(posted).toEqual(Array(2).fill({ endpoint: 'https://push.example/0', keys: { p256dh: 'p', auth: 'a' } }))
})

test('one that is bound to another key gives way to a new one', async () => {
  manager.put(OLD)
  await renew()
  expect(manager.made).toHaveLength(2)
  expect(posted).toMatchObject([{ endpoint: 'https://push.example/1' }])
})

test('nobody is asked where pushes may not be, or were turned off here', async () => {
  setPrefs({ push: false })
  expect(await renew()).toBeNull()
  setPrefs({ push: true })
  vi.stubGlobal('Notification', { permission: 'default' })
  expect(await renew()).toBeNull()
  expect(posted).toEqual([])
})

test('signed out, this browser takes none any more', async () => {
  await renew()
  await drop()
  expect(manager.current).toBeNull()
})
