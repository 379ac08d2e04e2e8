import { queryOptions } from '@tanstack/react-query'
import { api } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import { askVersioned } from '@/shared/api/versioned'

export const preferencesOptions = queryOptions({
  queryKey: ['alert-preferences'],
  queryFn: ({ queryKey, signal }) => askVersioned(api.GET('/api/me/alerts', { signal, headers: background(queryKey) })),
})
