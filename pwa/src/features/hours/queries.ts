import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'

export const slaOptions = queryOptions({
  queryKey: ['sla'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/sla', { signal, headers: background(queryKey) })),
})
