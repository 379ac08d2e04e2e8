import { infiniteQueryOptions, queryOptions, replaceEqualDeep, type QueryClient } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { Lead, LeadCounts, LeadDetail, LeadPage, TimelineItem } from '@/shared/api/types'
import type { LeadFilters, Viewer } from './filters'
import { dedupe, mergeIntoList, type LeadList } from './merge'
import { mark, since } from './recent'

const PAGE = 100

export const leadKeys = {
  all: ['leads'] as const,
  lists: ['leads', 'list'] as const,
  counts: ['leads', 'counts'] as const,
  detail: (id: string) => ['leads', 'detail', id] as const,
  timeline: (id: string) => ['leads', 'timeline', id] as const,
}

/** The key holds the viewer too: who looks decides what belongs in the list, also when the live stream fills it. */
export type ListKey = readonly ['leads', 'list', LeadFilters, Viewer]

const marks = new Map<string, number>()

export function leadListOptions(filters: LeadFilters, viewer: Viewer) {
  const queryKey: ListKey = ['leads', 'list', filters, viewer]
  const name = JSON.stringify(queryKey)
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }): Promise<LeadPage> => {
      if (pageParam === null) marks.set(name, mark())
      const query = { ...filters, limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) }
      return ask(api.GET('/api/leads', { params: { query }, signal, headers: background(queryKey) }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: LeadPage) => page.next_cursor,
    structuralSharing: (before: unknown, after: unknown) => replaceEqualDeep(before, upToDate(after as LeadList, name, filters, viewer)),
    staleTime: 60_000,
  })
}

function upToDate(list: LeadList, name: string, filters: LeadFilters, viewer: Viewer): LeadList {
  const question = { filters, viewer, now: Date.now() }
  let merged = dedupe(list)
  for (const change of since(marks.get(name) ?? 0)) merged = mergeIntoList(merged, change, question)
  return merged
}

export const countsOptions = queryOptions({
  queryKey: leadKeys.counts,
  queryFn: ({ queryKey, signal }): Promise<LeadCounts> => ask(api.GET('/api/leads/counts', { signal, headers: background(queryKey) })),
  staleTime: 30_000,
})

export function leadDetailOptions(id: string) {
  const queryKey = leadKeys.detail(id)
  return queryOptions({
    queryKey,
    queryFn: ({ signal }): Promise<LeadDetail> =>
      ask(api.GET('/api/leads/{id}', { params: { path: { id } }, signal, headers: background(queryKey) })),
    structuralSharing: (before: unknown, after: unknown) => newest(before as LeadDetail | undefined, after as LeadDetail),
    staleTime: 15_000,
  })
}

/** The answer brings what a list row lacks (answers, trace); the lead itself stays as new as it is shown. */
function newest(before: LeadDetail | undefined, after: LeadDetail): LeadDetail {
  const { answers, consents, trace } = after
  const base = before && before.version > after.version ? { ...before, answers, consents, trace } : after
  return replaceEqualDeep(before, base) as LeadDetail
}

export function timelineOptions(id: string) {
  const queryKey = leadKeys.timeline(id)
  return queryOptions({
    queryKey,
    queryFn: ({ signal }): Promise<TimelineItem[]> =>
      ask(api.GET('/api/leads/{id}/timeline', { params: { path: { id } }, signal, headers: background(queryKey) })).then(
        (timeline) => timeline.items,
      ),
    staleTime: 15_000,
  })
}

/** The lead as any screen already knows it, so that opening it shows the person at once. */
export function knownLead(client: QueryClient, id: string): Lead | undefined {
  const detail = client.getQueryData<LeadDetail>(leadKeys.detail(id))
  if (detail) return detail
  for (const [, list] of client.getQueriesData<LeadList>({ queryKey: leadKeys.lists })) {
    for (const page of list?.pages ?? []) {
      const found = page.items.find((lead) => lead.id === id)
      if (found) return found
    }
  }
  return undefined
}
