import type { View } from '@/shared/leads/filters'

export interface InboxSearch {
  view?: View
  status?: string
  assignee?: string
  campaign?: string
  form?: string
  from?: string
  to?: string
}

const TEXTS = ['status', 'assignee', 'campaign', 'form', 'from', 'to'] as const
const LONGEST = 400

/** What the address of the inbox may say; anything else is dropped rather than refused. */
export function parseInboxSearch(raw: Record<string, unknown>): InboxSearch {
  const search: InboxSearch = {}
  if (raw.view === 'todo' || raw.view === 'mine' || raw.view === 'all') search.view = raw.view
  for (const name of TEXTS) {
    const value = raw[name]
    if (typeof value === 'string' && value.length <= LONGEST) search[name] = value
  }
  return search
}
