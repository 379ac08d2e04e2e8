import { createStore } from '@/shared/store'
import { learnTime } from './clock'

export type Reach = 'online' | 'offline'

/**
 * Whether the server answers, found out by asking it. `navigator.onLine` says only that there is some network: it is true on a train's
 * captive portal, and beside a server that is dead.
 */
export const reach = createStore<Reach>('online')

const FIRST = 1000
const LAST = 15_000
const PATIENCE = 6000

let timer: ReturnType<typeof setTimeout> | undefined
let asking = false
let failures = 0

/** Something answered. A proxy that stands before a dead server answers for it, and says so. */
export function heard(response: Response, asked = Date.now()): void {
  if (response.status >= 502 && response.status <= 504) return unheard()
  learnTime(response, asked)
  failures = 0
  clearTimeout(timer)
  reach.set('online')
}

/** Something did not: one question decides, so that a single lost request is no alarm. */
export function unheard(): void {
  if (!asking) void probe()
}

async function probe(): Promise<void> {
  clearTimeout(timer)
  asking = true
  const asked = Date.now()
  const answer = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).catch(() => null)
  asking = false
  if (answer?.ok) return heard(answer, asked)
  failures += 1
  reach.set('offline')
  // A phone in a pocket need not ask; on being looked at it asks at once.
  if (document.visibilityState === 'visible') timer = setTimeout(() => void probe(), Math.min(LAST, FIRST * 2 ** (failures - 1)))
}

/** Asks at once on every sign that things may be better. */
export function watchHealth(): () => void {
  const look = () => {
    if (document.visibilityState === 'visible' && reach.get() === 'offline') unheard()
  }
  document.addEventListener('visibilitychange', look)
  window.addEventListener('online', look)
  window.addEventListener('offline', unheard)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('online', look)
    window.removeEventListener('offline', unheard)
  }
}
