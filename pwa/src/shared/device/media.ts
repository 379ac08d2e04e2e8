import { useSyncExternalStore } from 'react'

/** Three panes from here on. */
export const DESK = '(min-width: 1024px)'

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => window.matchMedia(query).matches,
  )
}

export function useDesk(): boolean {
  return useMedia(DESK)
}
