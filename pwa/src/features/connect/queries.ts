import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { ReceiptFilter } from '@/shared/api/types'

export const setupOptions = queryOptions({
  queryKey: ['connect', 'setup'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/connections/meta', { signal, headers: background(queryKey) })),
})

export const mappingsOptions = queryOptions({
  queryKey: ['connect', 'forms'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/forms/mappings', { signal, headers: background(queryKey) })).then((page) => page.items),
})

export const mappingOptions = (id: string) =>
  queryOptions({
    queryKey: ['connect', 'form', id],
    queryFn: ({ queryKey, signal }) => ask(api.GET('/api/forms/{id}/mapping', { signal, params: { path: { id } }, headers: background(queryKey) })),
    // A draft stands on it: what is new is told when it is saved.
    refetchOnWindowFocus: false,
  })

export const receiptsOptions = (state: ReceiptFilter | null) =>
  infiniteQueryOptions({
    queryKey: ['connect', 'receipts', state],
    queryFn: ({ queryKey, pageParam, signal }) =>
      ask(
        api.GET('/api/receipts', {
          signal,
          params: { query: { state: state ?? undefined, cursor: pageParam ?? undefined, limit: 10 } },
          headers: background(queryKey),
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })

export const graveyardOptions = queryOptions({
  queryKey: ['connect', 'graveyard'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/graveyard', { signal, headers: background(queryKey) })).then((page) => page.items),
})

export const sourcesOptions = queryOptions({
  queryKey: ['sources', 'all'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/sources', { signal, headers: background(queryKey) })).then((page) => page.items),
})

export const sourceMappingOptions = (id: string) =>
  queryOptions({
    queryKey: ['sources', 'mapping', id],
    queryFn: ({ queryKey, signal }) => ask(api.GET('/api/sources/{id}/mapping', { signal, params: { path: { id } }, headers: background(queryKey) })),
    refetchOnWindowFocus: false,
  })

export const sourceDeliveriesOptions = (id: string) =>
  queryOptions({
    queryKey: ['sources', 'deliveries', id],
    queryFn: ({ queryKey, signal }) =>
      ask(api.GET('/api/sources/{id}/deliveries', { signal, params: { path: { id } }, headers: background(queryKey) })).then((page) => page.items),
  })
