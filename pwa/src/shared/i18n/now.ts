import { useSyncExternalStore } from 'react'

/** One clock for all rings, so that a list of them ticks together and costs one timer. */
function ticker(every: number) {
  const listeners = new Set<() => void>()
  let now = Date.now()
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    now = Date.now()
    for (const listener of [...listeners]) listener()
  }
  const visible = () => {
    if (document.visibilityState === 'visible') tick()
  }
  return {
    subscribe(listener: () => void) {
      if (listeners.size === 0) {
        now = Date.now()
        timer = setInterval(tick, every)
        document.addEventListener('visibilitychange', visible)
      }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        document.removeEventListener('visibilitychange', visible)
      }
    },
    get: () => now,
  }
}

const seconds = ticker(1000)

export function useNow(): number {
  return useSyncExternalStore(seconds.subscribe, seconds.get)
}
