import { keeper } from '../shared/offline/seal'
import { arrived } from '../shared/push/arrived'
import { GIVE, THERE_IS, type Intent } from '../shared/push/intent'
import { answerTo, claimed, readAbout, readPush, type About, type Claimed } from '../shared/push/payload'
import { show } from '../shared/push/show'

declare const self: ServiceWorkerGlobalScope

/** A window that has to start and sign in first still gets it; later nobody remembers having tapped. */
const REMEMBERED = 120_000

let intent: (Intent & { at: number }) | null = null

/** A browser that knows the declarative form may have read it already, and then hands over no data. */
interface ReadPush extends PushEvent {
  notification?: Notification | null
}

self.addEventListener('push', (event) => event.waitUntil(tell(event)))

async function tell({ data, notification }: ReadPush): Promise<void> {
  const shown = readPush(parsed(data) ?? { notification }, self.navigator.languages)
  await show(self.registration, shown)
  await Promise.all([shown.token && arrived(shown.token), badge(shown.unseen)])
}

function parsed(data: PushMessageData | null): unknown {
  try {
    return data?.json()
  } catch {
    return null
  }
}

async function badge(unseen: number | null): Promise<void> {
  if (unseen === null || !('setAppBadge' in self.navigator)) return
  await self.navigator.setAppBadge(unseen).catch(() => {})
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const about = readAbout(event.notification.data, self.navigator.languages)
  if (event.action === 'claim' && about.leadId) event.waitUntil(claim(about, about.leadId))
  else event.waitUntil(open({ path: about.path, call: event.action === 'call' ? about.leadId : null }))
})

/** In a window that is there already, without loading it anew; otherwise in a new one. */
async function open(wanted: Intent): Promise<void> {
  intent = { ...wanted, at: Date.now() }
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const [best] = [...windows].sort((a, b) => rank(b) - rank(a))
  if (!best) {
    await self.clients.openWindow(wanted.path)
    return
  }
  // A browser may refuse the focus; the window goes there all the same.
  await best.focus().catch(() => {})
  best.postMessage(THERE_IS)
}

const rank = (window: WindowClient) => (window.focused ? 2 : window.visibilityState === 'visible' ? 1 : 0)

self.addEventListener('message', ({ data, source }) => {
  if (data !== GIVE || !intent) return
  const { at, ...wanted } = intent
  intent = null
  if (Date.now() - at < REMEMBERED) source?.postMessage(wanted)
})

async function claim(about: About, id: string): Promise<void> {
  const { title, options } = answerTo(await ask(id), about)
  await self.registration.showNotification(title, options)
}

async function ask(id: string): Promise<Claimed> {
  const known = await keeper().catch(() => null)
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID(), ...(known ? { 'X-Acting-As': known.owner } : {}) }
  const answer = await fetch(`/api/leads/${encodeURIComponent(id)}/claim`, { method: 'POST', headers }).catch(() => null)
  return answer ? claimed(answer.status) : 'failed'
}

/** Not yet in TypeScript's library. */
interface SubscriptionChange extends ExtendableEvent {
  oldSubscription?: PushSubscription | null
  newSubscription?: PushSubscription | null
}

self.addEventListener('pushsubscriptionchange' as 'message', (event) => {
  const changed = event as unknown as SubscriptionChange
  changed.waitUntil(subscribeAnew(changed))
})

/** The push service has ended one subscription. Where nobody is signed in the server refuses the next, and the next start of the app renews it. */
async function subscribeAnew({ newSubscription }: SubscriptionChange): Promise<void> {
  const subscription = newSubscription ?? (await subscribe())
  if (!subscription) return
  const headers = { 'Content-Type': 'application/json', 'X-Background': '1' }
  await fetch('/api/me/devices', { method: 'POST', headers, body: JSON.stringify(subscription.toJSON()) })
}

async function subscribe(): Promise<PushSubscription | null> {
  const answer = await fetch('/api/me/devices', { headers: { 'X-Background': '1' } })
  if (!answer.ok) return null
  const { key } = (await answer.json()) as { key: string }
  return self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
}
