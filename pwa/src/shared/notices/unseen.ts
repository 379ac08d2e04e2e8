import { useEffect } from 'react'
import { useQuery } from '@tanstack/react-query'
import { unseenOptions } from './queries'

/** How many notifications one has not seen, also on the app's icon where it has one. */
export function useUnseen(asks: boolean): number {
  const unseen = useQuery({ ...unseenOptions, enabled: asks }).data?.unseen ?? 0
  useEffect(() => {
    if ('setAppBadge' in navigator) void navigator.setAppBadge(unseen).catch(() => {})
  }, [unseen])
  // Signed out, nothing on it is for anybody.
  useEffect(() => () => void navigator.clearAppBadge?.().catch(() => {}), [])
  return unseen
}
