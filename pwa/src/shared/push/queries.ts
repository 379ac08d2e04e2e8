import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import type { PushDevices } from '@/shared/api/types'

/** The browsers that take one's pushes. The app looks by itself: that keeps no session alive. */
export const devicesOptions = queryOptions({
  queryKey: ['devices'],
  queryFn: ({ signal }): Promise<PushDevices> => ask(api.GET('/api/me/devices', { signal, headers: { 'X-Background': '1' } })),
})
