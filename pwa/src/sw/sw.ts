import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (PrecacheEntry | string)[] }

/** The server's own: answered by the network or not at all, so that no lead is ever read from a cache. */
const SERVER = /^\/(api|socket\.io|webhooks|assets\/.*\.map)(\/|$)/

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
