import { useSyncExternalStore } from 'react'
import { useInstall } from '@/shared/device/install'
import { canPush } from './subscribe'

/** Whether this browser may show notifications, or why there is nothing to ask. */
export type Permission = 'unsupported' | 'install' | NotificationPermission

/** People change it in the browser's own settings, and come back. */
function subscribe(listener: () => void): () => void {
  let status: PermissionStatus | null = null
  let over = false
  void navigator.permissions?.query({ name: 'notifications' }).then(
    (found) => {
      if (over) return
      status = found
      found.addEventListener('change', listener)
    },
    () => {},
  )
  window.addEventListener('focus', listener)
  document.addEventListener('visibilitychange', listener)
  return () => {
    over = true
    status?.removeEventListener('change', listener)
    window.removeEventListener('focus', listener)
    document.removeEventListener('visibilitychange', listener)
  }
}

export function usePermission(): Permission {
  const install = useInstall()
  const now = useSyncExternalStore(subscribe, () => (canPush() ? Notification.permission : null))
  return now ?? (install === 'ios' ? 'install' : 'unsupported')
}
