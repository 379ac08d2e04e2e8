import type { View } from '@/shared/leads/filters'

export interface InboxSearch {
  view?: View
  status?: string
  assignee?: string
  campaign?: string
  form?: string
  from?: string
  to?: string
  min_score?: number
}

const TEXTS = ['status', 'assignee', 'campaign', 'form', 'from', 'to'] as const
const LONGEST = 400

/** What the address of the inbox may say; anything else is dropped rather than refused. */
export function parseInboxSearch(raw: Record<string, unknown>): InboxSearch {
  const search: InboxSearch = {}
  if (raw.view === 'todo' || raw.view === 'mine' || raw.view === 'best' || raw.view === 'all') search.view = raw.view
  for (const name of TEXTS) {
    const value = raw[name]
    if (typeof value === 'string' && value.length <= LONGEST) search[name] = value
  }
  const least = Number(raw.min_score)
  if (search.view === 'best' && Number.isInteger(least) && least > 0 && least <= 100) search.min_score = least
  return search
}
