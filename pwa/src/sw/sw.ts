import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching'
import { drain } from '../shared/offline/drain'
import { learnTime } from '../shared/offline/clock'
import { keeper } from '../shared/offline/seal'
import './push'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (PrecacheEntry | string)[] }

/** The server's own: answered by the network or not at all. What may be read without it lies sealed in the app's own database. */
const SERVER = /^\/(api|socket\.io|webhooks|u|assets\/.*\.map)(\/|$)/

cleanupOutdatedCaches()
precacheAndRoute(self.__WB_MANIFEST)

self.addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate' || SERVER.test(new URL(event.request.url).pathname)) return
  event.respondWith(shell(event.request))
})

async function shell(request: Request): Promise<Response> {
  return (await matchPrecache('/index.html')) ?? fetch(request)
}

// The page asks for it when the person tapped "Reload": taking over unasked would mix two versions in one visit.
self.addEventListener('message', (event) => {
  if (event.data === 'activate') void self.skipWaiting()
})

/** Not yet in TypeScript's library, nor in every browser. */
interface SyncEvent extends ExtendableEvent {
  tag: string
}

// The network is back and the app is closed: what waits goes out. Thrown at, the browser tries again later.
self.addEventListener('sync' as 'message', (event) => {
  const { tag } = event as unknown as SyncEvent
  if (tag === 'outbox') event.waitUntil(send())
})

/** So long a browser lets a worker work, and a little less. */
const ENDURED = 120_000

async function send(): Promise<void> {
  const known = await keeper()
  if (!known) return
  const asked = Date.now()
  learnTime(await fetch('/healthz', { cache: 'no-store' }), asked)
  const pages = new BroadcastChannel('nextmove-outbox')
  const changed = () => pages.postMessage('changed')
  try {
    for (;;) {
      const { stopped, at } = await drain(known, { sent: changed, changed })
      if (stopped === 'unreachable') throw new Error('the server does not answer')
      // Nothing is left, or nobody may: the person has to sign in.
      if (stopped === 'signed-out' || at === null) return
      // Tries that failed while there was no network have put it off: not for long, or the browser comes back to it.
      if (at > asked + ENDURED) throw new Error('it is not time yet')
      await new Promise((resolve) => setTimeout(resolve, Math.max(50, at - Date.now())))
    }
  } finally {
    pages.close()
  }
}
