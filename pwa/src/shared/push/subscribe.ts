import { api, ask } from '@/shared/api/client'
import type { PushDevice } from '@/shared/api/types'
import { prefs, setPrefs } from '@/shared/device/prefs'

/** A browser that never finds its push service (Chromium without its vendor's) would otherwise keep a person waiting for good. */
const PATIENCE = 20_000
/** Nobody waits for a push service with a thumb on "Sign out". */
const GOODBYE = 1500

export function canPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
}

/** At every start, and after signing in: push services forget, and so may our server. Null where this browser takes none. */
export async function renew(): Promise<PushDevice | null> {
  if (!canPush() || Notification.permission !== 'granted' || !prefs.get().push) return null
  const { key } = await ask(api.GET('/api/me/devices', { headers: { 'X-Background': '1' } }))
  const registration = await within(PATIENCE, navigator.serviceWorker.ready)
  const subscription = await within(PATIENCE, subscribe(registration, key))
  const { endpoint, keys } = subscription.toJSON()
  const body = { endpoint: endpoint ?? '', keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } }
  return ask(api.POST('/api/me/devices', { body, headers: { 'X-Background': '1' } }))
}

/** A person wants pushes here: asks the browser, and then subscribes. Null where they thought better of it. */
export async function enable(): Promise<PushDevice | null> {
  setPrefs({ push: true, invited: true })
  return (await Notification.requestPermission()) === 'granted' ? renew() : null
}

/** A subscription is bound to the key it was made with: with another one the push service refuses what we send. */
async function subscribe({ pushManager }: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  const before = await pushManager.getSubscription()
  const bound = before?.options.applicationServerKey
  if (before && (!bound || base64url(bound) === key)) return before
  await before?.unsubscribe()
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
}

/** This browser takes none any more. */
export async function drop(): Promise<void> {
  if (!canPush()) return
  const registration = await navigator.serviceWorker.getRegistration()
  const subscription = await registration?.pushManager.getSubscription()
  if (subscription) await within(GOODBYE, subscription.unsubscribe())
}

export function base64url(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

function within<T>(patience: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the push service does not answer')), patience)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
