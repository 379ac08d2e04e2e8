import type { QueryClient } from '@tanstack/react-query'
import type { Lead, LeadDetail } from '@/shared/api/types'
import { mergeIntoList, type Change, type LeadList } from './merge'
import { leadKeys, type ListKey } from './queries'
import { dropPending, holdPending, pendingFor, remember } from './recent'

/** Brings a change from the live stream or from an answer into everything shown. Answers whether it was news. */
export function applyChange(client: QueryClient, change: Change): boolean {
  remember(change)
  const held = change.lead && pendingFor(change.id)?.lead
  const shown = change.lead && held ? { id: change.id, lead: { ...change.lead, ...held, version: change.lead.version } } : change
  return spread(client, shown, false)
}

/** Shows a move before the server has it. Whatever the server then says has a higher version and wins. */
export function showAhead(client: QueryClient, lead: Lead): void {
  spread(client, { id: lead.id, lead }, true)
}

/** Like showAhead, and laid over everything that comes in until `release` is called. */
export function hold(client: QueryClient, lead: Lead): () => void {
  const change = { id: lead.id, lead }
  holdPending(change)
  spread(client, change, true)
  return () => dropPending(lead.id)
}

function spread(client: QueryClient, change: Change, force: boolean): boolean {
  let news = false
  const now = Date.now()
  for (const query of client.getQueryCache().findAll({ queryKey: leadKeys.lists })) {
    const [, , filters, viewer] = query.queryKey as unknown as ListKey
    client.setQueryData<LeadList>(query.queryKey, (list) => {
      if (!list) return list
      const merged = mergeIntoList(list, change, { filters, viewer, now }, force)
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
    if (!detail || (!force && lead.version <= detail.version)) return detail
    news = true
    const { answers, consents, trace } = detail
    return { ...detail, ...lead, answers, consents, trace }
  })
  return news
}
