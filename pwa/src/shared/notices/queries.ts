import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { NotificationPage } from '@/shared/api/types'

export const noticeKeys = {
  all: ['notices'] as const,
  list: ['notices', 'list'] as const,
  unseen: ['notices', 'unseen'] as const,
}

/** How many have not been seen; the live stream says when that changes. */
export const unseenOptions = queryOptions({
  queryKey: noticeKeys.unseen,
  queryFn: ({ queryKey, signal }): Promise<{ unseen: number }> => ask(api.GET('/api/notifications/unseen', { signal, headers: background(queryKey) })),
  staleTime: 60_000,
})

export const noticesOptions = infiniteQueryOptions({
  queryKey: noticeKeys.list,
  queryFn: ({ pageParam, queryKey, signal }): Promise<NotificationPage> =>
    ask(api.GET('/api/notifications', { params: { query: pageParam === null ? {} : { cursor: pageParam } }, signal, headers: background(queryKey) })),
  initialPageParam: null as string | null,
  getNextPageParam: (page: NotificationPage) => page.next_cursor,
  staleTime: 15_000,
})
