import { createDecipheriv, createECDH, hkdfSync, randomBytes, type ECDH } from 'node:crypto'
import http from 'node:http'
import { expect, type APIRequestContext, type BrowserContext, type Page } from '@playwright/test'
import { url } from './world'

/** What the server sends, as src/alerts/content.rs makes it. */
export interface Payload {
  notification: { title: string; body: string; tag: string }
  nextmove: { alert: string; kind: string; token: string; lead_id: string | null; may_claim: boolean; path: string; unseen: number }
}

/**
 * The push service that a browser without its vendor's does not find: takes what our server sends and opens it as a browser would
 * (RFC 8291). What it got is then handed to the real service worker through the browser's own debugger.
 */
export class PushService {
  private readonly keys: ECDH = createECDH('prime256v1')
  private readonly secret = randomBytes(16)
  private readonly got: Payload[] = []
  private waiting: (() => void)[] = []
  private readonly subscribed: { request: APIRequestContext; id: string }[] = []
  private readonly listener: http.Server

  constructor() {
    this.keys.generateKeys()
    this.listener = http.createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        this.got.push(JSON.parse(this.open(Buffer.concat(parts))) as Payload)
        response.writeHead(201).end()
        for (const tell of this.waiting.splice(0)) tell()
      })
    })
  }

  /** Where the server may send to is written in its settings before it starts. */
  listen(): Promise<void> {
    return new Promise((resolve) => this.listener.listen(pushPort(), '127.0.0.1', resolve))
  }

  /** Nobody's browser takes pushes any more: the next test finds it so. */
  async close(): Promise<void> {
    for (const { request, id } of this.subscribed) await request.delete(`/api/me/devices/${id}`, { headers: { Origin: url() } })
    this.listener.closeAllConnections()
    await new Promise((resolve) => this.listener.close(resolve))
  }

  /** The visit's browser takes pushes from now on. */
  async subscribe(request: APIRequestContext): Promise<void> {
    const data = {
      endpoint: `http://127.0.0.1:${pushPort()}/${randomBytes(9).toString('base64url')}`,
      keys: { p256dh: this.keys.getPublicKey().toString('base64url'), auth: this.secret.toString('base64url') },
    }
    const answer = await request.post('/api/me/devices', { data, headers: { Origin: url() } })
    if (!answer.ok()) throw new Error(`${answer.status()} ${await answer.text()}`)
    const { id } = (await answer.json()) as { id: string }
    this.subscribed.push({ request, id })
  }

  /** The next push that is meant. */
  async next(isMeant: (payload: Payload) => boolean): Promise<Payload> {
    for (;;) {
      const found = this.got.findIndex(isMeant)
      const [payload] = found < 0 ? [] : this.got.splice(found, 1)
      if (payload) return payload
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  private open(body: Buffer): string {
    const salt = body.subarray(0, 16)
    const theirs = body.subarray(21, 21 + body.readUInt8(20))
    const sealed = body.subarray(21 + theirs.length)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.keys.getPublicKey(), theirs])
    const input = Buffer.from(hkdfSync('sha256', this.keys.computeSecret(theirs), this.secret, info, 32))
    const derive = (what: string, length: number) => Buffer.from(hkdfSync('sha256', input, salt, `Content-Encoding: ${what}\0`, length))
    const cipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12))
    cipher.setAuthTag(sealed.subarray(-16))
    const padded = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()])
    return padded.subarray(0, padded.lastIndexOf(2)).toString()
  }
}

/** Where our server finds a push service: one test's at a time. */
export function pushPort(): number {
  const value = Number(process.env.E2E_PUSH)
  if (!value) throw new Error('E2E_PUSH is not set: support/setup.ts has not run.')
  return value
}

/** Gives a push to the page's service worker, as the browser does when one comes in. */
export async function deliver(page: Page, data: string): Promise<void> {
  await page.context().grantPermissions(['notifications'])
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
  const debug = await page.context().newCDPSession(page)
  const registrationId = await new Promise<string>((resolve) => {
    debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find((one) => one.scopeURL.startsWith(url()) && !one.isDeleted)
      if (ours) resolve(ours.registrationId)
    })
    void debug.send('ServiceWorker.enable')
  })
  await debug.send('ServiceWorker.deliverPushMessage', { origin: url(), registrationId, data })
  await debug.detach()
}

export interface Notice {
  title: string
  body: string
  tag: string
  /** It made no sound. */
  silent: boolean
  actions: string[]
}

/** What stands on the screen of the device. */
export function notices(page: Page): Promise<Notice[]> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    const shown = (await registration.getNotifications()) as (Notification & { actions?: { action: string }[] })[]
    return shown.map(({ title, body, tag, silent, actions = [] }) => ({ title, body, tag, silent: silent === true, actions: actions.map((one) => one.action) }))
  })
}

/** Somebody puts all away, unread. */
export async function putNoticesAway(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (const one of await (await navigator.serviceWorker.ready).getNotifications()) one.close()
  })
  await expect.poll(() => notices(page)).toEqual([])
}

/** Taps on a notification, or on one of its buttons. The browser's own tap cannot be made from here; what it tells the worker can. */
export async function tap(context: BrowserContext, tag: string, action: string): Promise<void> {
  const [worker] = context.serviceWorkers()
  if (!worker) throw new Error('There is no service worker.')
  await worker.evaluate(
    async ({ tag, action }) => {
      const scope = self as unknown as EventTarget & { registration: ServiceWorkerRegistration; NotificationEvent: typeof Event }
      const [notification] = await scope.registration.getNotifications({ tag })
      if (!notification) throw new Error(`No notification is tagged ${tag}.`)
      const event = new scope.NotificationEvent('notificationclick', { notification, action } as EventInit)
      const work: Promise<unknown>[] = []
      // Only the browser's own events may be prolonged.
      Object.defineProperty(event, 'waitUntil', { value: (more: Promise<unknown>) => work.push(more) })
      scope.dispatchEvent(event)
      await Promise.all(work)
    },
    { tag, action },
  )
}
