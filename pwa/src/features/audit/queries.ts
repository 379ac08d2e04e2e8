import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import type { AuditChain, AuditPage } from '@/shared/api/types'
import { instantOf } from '@/shared/i18n/zone'
import type { AuditSearch } from './search'

const PAGE = 50

/** Midnight at the beginning of a day, in the organization's zone; `after` days later. */
export function startOf(day: string, timeZone: string, after = 0): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return instantOf({ year, month, day: date + after, hour: 0, minute: 0 }, timeZone).toISOString()
}

function narrowed({ from, to, ...rest }: AuditSearch, timeZone: string) {
  return { ...rest, ...(from && { from: startOf(from, timeZone) }), ...(to && { to: startOf(to, timeZone, 1) }) }
}

/** Where the same is had as a file. */
export function exportPath(search: AuditSearch, timeZone: string): string {
  return `/api/audit/export?${new URLSearchParams(narrowed(search, timeZone)).toString()}`
}

export function trailOptions(search: AuditSearch, timeZone: string) {
  return infiniteQueryOptions({
    queryKey: ['audit', 'list', search, timeZone],
    queryFn: ({ pageParam, signal }): Promise<AuditPage> => {
      const query = { ...narrowed(search, timeZone), ...(pageParam && { cursor: pageParam }), limit: PAGE }
      return ask(api.GET('/api/audit', { params: { query }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: AuditPage) => page.next_cursor,
  })
}

export const chainOptions = queryOptions({
  queryKey: ['audit', 'chain'],
  queryFn: ({ signal }): Promise<AuditChain> => ask(api.GET('/api/audit/chain', { signal })),
})
