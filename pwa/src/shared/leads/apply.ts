import type { QueryClient } from '@tanstack/react-query'
import type { LeadDetail } from '@/shared/api/types'
import { mergeIntoList, type Change, type LeadList } from './merge'
import { leadKeys, type ListKey } from './queries'
import { remember } from './recent'

/** Brings a change from the live stream or from an answer into everything shown. Answers whether it was news. */
export function applyChange(client: QueryClient, change: Change): boolean {
  remember(change)
  let news = false
  const now = Date.now()
  for (const query of client.getQueryCache().findAll({ queryKey: leadKeys.lists })) {
    const [, , filters, viewer] = query.queryKey as unknown as ListKey
    client.setQueryData<LeadList>(query.queryKey, (list) => {
      if (!list) return list
      const merged = mergeIntoList(list, change, { filters, viewer, now })
      if (merged !== list) news = true
      return merged
    })
  }
  const key = leadKeys.detail(change.id)
  if (change.lead === null) {
    if (client.getQueryData(key)) {
      news = true
      void client.invalidateQueries({ queryKey: key })
    }
    return news
  }
  const lead = change.lead
  client.setQueryData<LeadDetail>(key, (detail) => {
    if (!detail || lead.version <= detail.version) return detail
    news = true
    const { answers, consents, trace } = detail
    return { ...detail, ...lead, answers, consents, trace }
  })
  return news
}
