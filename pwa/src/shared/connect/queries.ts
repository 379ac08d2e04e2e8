import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'

/** The app looks by itself: that keeps no session alive. */
const headers = { 'X-Background': '1' }

/** What is wrong with the connections; told live. */
export const troublesOptions = queryOptions({
  queryKey: ['connections', 'trouble'],
  queryFn: ({ signal }) => ask(api.GET('/api/connections/trouble', { signal, headers })).then((page) => page.items),
  staleTime: 60_000,
})

/** Meta's count of leads and ours; Meta's lists are asked every minute. */
export const tallyOptions = (days: number) =>
  queryOptions({
    queryKey: ['connections', 'counts', days],
    queryFn: ({ signal }) => ask(api.GET('/api/connections/meta/counts', { signal, params: { query: { days } }, headers })),
    staleTime: 30_000,
    refetchInterval: 60_000,
  })
