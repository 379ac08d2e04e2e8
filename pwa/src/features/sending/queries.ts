import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { SuppressionPage } from '@/shared/api/types'

export const sendingOptions = queryOptions({
  queryKey: ['sending'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/messages/settings', { signal, headers: background(queryKey) })),
})

/** Everybody on the list, or the one with this whole number or address. */
export function suppressionsOptions(q: string) {
  return infiniteQueryOptions({
    queryKey: ['suppressions', q],
    queryFn: ({ pageParam, signal }): Promise<SuppressionPage> =>
      ask(api.GET('/api/suppressions', { params: { query: { ...(q && { q }), ...(pageParam && { cursor: pageParam }) } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page: SuppressionPage) => page.next_cursor,
  })
}
