import { queryOptions } from '@tanstack/react-query'
import { api } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import { askVersioned } from '@/shared/api/versioned'

export const ladderOptions = queryOptions({
  queryKey: ['escalation'],
  queryFn: ({ queryKey, signal }) => askVersioned(api.GET('/api/escalation', { signal, headers: background(queryKey) })),
})
