import type { Channel, Lead } from '@/shared/api/types'
import { createStore } from '@/shared/store'

/** An attempt whose outcome has not been told yet; asked for when the person comes back. */
export interface Open {
  attemptId: string
  lead: Lead
  channel: Channel
  /** The other app has had the screen: coming back means that the call is over. */
  left: boolean
  asking: boolean
}

export const open = createStore<Open | null>(null)

export function askOutcome(): void {
  open.set((now) => (now && !now.asking ? { ...now, asking: true } : now))
}

export function closeOutcome(): void {
  open.set(null)
}

/** Watches for the way out to the phone and back. */
export function watchReturn(): () => void {
  const leave = () => open.set((now) => (now && !now.left ? { ...now, left: true } : now))
  const back = () => {
    if (document.visibilityState === 'visible' && open.get()?.left) askOutcome()
  }
  const visibility = () => (document.visibilityState === 'hidden' ? leave() : back())
  document.addEventListener('visibilitychange', visibility)
  window.addEventListener('blur', leave)
  window.addEventListener('focus', back)
  window.addEventListener('pagehide', leave)
  window.addEventListener('pageshow', back)
  return () => {
    document.removeEventListener('visibilitychange', visibility)
    window.removeEventListener('blur', leave)
    window.removeEventListener('focus', back)
    window.removeEventListener('pagehide', leave)
    window.removeEventListener('pageshow', back)
  }
}
