import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'

export const factorsOptions = queryOptions({
  queryKey: ['factors'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/me/factors', { signal, headers: background(queryKey) })),
})

export const sessionsOptions = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/me/sessions', { signal, headers: background(queryKey) })).then((page) => page.items),
})

export const rulesOptions = queryOptions({
  queryKey: ['access'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/access', { signal, headers: background(queryKey) })),
})

export const peopleOptions = queryOptions({
  queryKey: ['access', 'people'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/access/people', { signal, headers: background(queryKey) })).then((page) => page.items),
})
