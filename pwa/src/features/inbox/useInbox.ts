import { useMemo } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { viewerOf, type LeadFilters } from '@/shared/leads/filters'
import { useShownItems } from '@/shared/leads/overlay'
import { leadListOptions } from '@/shared/leads/queries'
import { useSession } from '@/shared/session/queries'
import { parseInboxSearch } from './search'

export function useInboxFilters(): LeadFilters {
  const raw = useSearch({ strict: false }) as Record<string, unknown>
  const { view, status, assignee, campaign, form, from, to } = parseInboxSearch(raw)
  return useMemo(
    // Only what is set goes into the key: an absent and an undefined filter are the same question.
    () => JSON.parse(JSON.stringify({ view: view ?? 'todo', status, assignee, campaign, form, from, to })) as LeadFilters,
    [view, status, assignee, campaign, form, from, to],
  )
}

export function useInbox(filters: LeadFilters) {
  const session = useSession()
  const { id, role } = viewerOf(session)
  const list = useInfiniteQuery(leadListOptions(filters, { id, role }))
  return { ...list, items: useShownItems(list.data, filters, session), session }
}
