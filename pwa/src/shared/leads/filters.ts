import type { Lead, Role, Session } from '@/shared/api/types'

export type View = 'todo' | 'mine' | 'best' | 'all'

/** What a list shows; the server's own parameters, so that a list's cache key is its question. */
export interface LeadFilters {
  view: View
  status?: string
  assignee?: string
  campaign?: string
  form?: string
  from?: string
  to?: string
  q?: string
  /** In the view `best`. */
  min_score?: number
}

export interface Viewer {
  id: string
  role: Role
}

export function viewerOf(session: Session): Viewer {
  return { id: session.user.id, role: session.role }
}

/** Whether the server would list this lead now: decides where a lead from the live stream belongs. */
export function matches(filters: LeadFilters, lead: Lead, viewer: Viewer, now: number): boolean {
  return inView(filters.view, lead, viewer, now) && passes(filters, lead, viewer)
}

function inView(view: View, lead: Lead, viewer: Viewer, now: number): boolean {
  if (view === 'all') return true
  if (view === 'mine') return lead.assignee_id === viewer.id
  if (!isOpen(lead) || isSnoozed(lead, now)) return false
  if (view === 'best') return true
  return viewer.role !== 'agent' || lead.assignee_id === null || lead.assignee_id === viewer.id
}

export function isOpen(lead: Lead): boolean {
  return lead.status === 'new' || lead.status === 'contacted' || lead.status === 'no_answer'
}

export function isSnoozed(lead: Lead, now: number): boolean {
  return lead.snoozed_until !== null && Date.parse(lead.snoozed_until) > now
}

function passes(filters: LeadFilters, lead: Lead, viewer: Viewer): boolean {
  if (filters.status && !filters.status.split(',').includes(lead.status)) return false
  if (filters.assignee && !filters.assignee.split(',').some((one) => isAssignee(one, lead, viewer))) return false
  if (filters.campaign && !filters.campaign.split(',').includes(lead.campaign_id ?? '')) return false
  if (filters.form && !filters.form.split(',').includes(lead.form_id ?? '')) return false
  if (filters.min_score !== undefined && lead.score < filters.min_score) return false
  const created = Date.parse(lead.created_at)
  if (filters.from && created < Date.parse(filters.from)) return false
  if (filters.to && created >= Date.parse(filters.to)) return false
  return true
}

function isAssignee(one: string, lead: Lead, viewer: Viewer): boolean {
  if (one === 'none') return lead.assignee_id === null
  return lead.assignee_id === (one === 'me' ? viewer.id : one)
}

/** The server's order: To do by what is due next, everything else newest first. */
export function compare(view: View, a: Lead, b: Lead): number {
  if (view === 'todo') {
    // Whom nobody has tried yet comes before those to be tried again.
    const tried = Number(a.first_attempt_at !== null) - Number(b.first_attempt_at !== null)
    if (tried !== 0) return tried
    const due = time(a.next_at) - time(b.next_at)
    return due || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  }
  if (view === 'best' && a.score !== b.score) return b.score - a.score
  const newest = Date.parse(b.created_at) - Date.parse(a.created_at)
  return newest || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
}

function time(at: string | null): number {
  // A finite stand-in, since the difference of two infinities is not a number.
  return at === null ? Number.MAX_SAFE_INTEGER : Date.parse(at)
}

/** How many filters beside the segment are on, for the badge on the filter button. */
export function countFilters(filters: LeadFilters): number {
  const { view, status, assignee, campaign, form, from, to } = filters
  return [status, assignee, campaign, form, from ?? to, view === 'best'].filter(Boolean).length
}
