import type { AuditGroup } from '@/shared/api/types'

/** What the trail is narrowed to, as its address says. */
export interface AuditSearch {
  person?: string
  group?: AuditGroup
  lead?: string
  /** Days of the organization's zone, 2026-03-02, both included. */
  from?: string
  to?: string
}

export const GROUPS: AuditGroup[] = ['leads', 'views', 'access', 'team', 'settings', 'system']

const ID = /^[0-9a-f-]{36}$/i
const DAY = /^\d{4}-\d\d-\d\d$/

/** What cannot be read is dropped rather than refused. */
export function parseAuditSearch(raw: Record<string, unknown>): AuditSearch {
  const text = (name: string, fits: RegExp) => {
    const value = raw[name]
    return typeof value === 'string' && fits.test(value) ? value : undefined
  }
  const group = GROUPS.find((known) => known === raw.group)
  const search: AuditSearch = { person: text('person', ID), group, lead: text('lead', ID), from: text('from', DAY), to: text('to', DAY) }
  return JSON.parse(JSON.stringify(search)) as AuditSearch
}
