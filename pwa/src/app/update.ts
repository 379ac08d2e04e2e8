import { createStore } from '@/shared/store'

/** A new version that is loaded and waits to take over. */
export const waiting = createStore<ServiceWorker | null>(null)

const LOOK_AGAIN = 60 * 60_000

export function watchUpdates(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  window.addEventListener('load', () => void register())
}

async function register(): Promise<void> {
  const registration = await navigator.serviceWorker.register('/sw.js').catch(() => null)
  if (!registration) return
  const note = () => {
    // Without a controller this is the first visit: nothing old is being replaced.
    if (registration.waiting && navigator.serviceWorker.controller) waiting.set(registration.waiting)
  }
  note()
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', note))
  // An app that stays open for days would otherwise never hear of a release.
  setInterval(() => void registration.update().catch(() => {}), LOOK_AGAIN)
}

export function activate(worker: ServiceWorker): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => window.location.reload(), { once: true })
  worker.postMessage('activate')
}
