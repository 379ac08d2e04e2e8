import type { InfiniteData } from '@tanstack/react-query'
import type { Lead, LeadPage } from '@/shared/api/types'
import { compare, matches, type LeadFilters, type Viewer } from './filters'

export type LeadList = InfiniteData<LeadPage, string | null>

/** A lead as the live stream or an answer brought it; `lead` is null once it is no longer ours to see. */
export interface Change {
  id: string
  lead: Lead | null
}

export interface Question {
  filters: LeadFilters
  viewer: Viewer
  now: number
}

/**
 * Puts one change into a list. Nothing goes backwards (a version that is not above the one shown is ignored) and nothing
 * is shown twice; a lead that belongs further down than what is loaded stays out, since its own page will bring it.
 */
export function mergeIntoList(list: LeadList, change: Change, question: Question, force = false): LeadList {
  const shown = find(list, change.id)
  if (change.lead === null) return shown ? without(list, change.id) : list
  const lead = change.lead
  if (shown && !force && lead.version <= shown.version) return list
  const { filters, viewer, now } = question
  // Whether a search would find it is the server's to say: a found lead may change, none is added.
  const belongs = filters.q ? shown !== null : matches(filters, lead, viewer, now)
  if (!belongs) return shown ? without(list, lead.id) : list
  if (shown && (filters.q || compare(filters.view, shown, lead) === 0)) return replaced(list, lead)
  return inserted(shown ? without(list, lead.id) : list, lead, filters, shown !== null)
}

function find(list: LeadList, id: string): Lead | null {
  for (const page of list.pages) for (const lead of page.items) if (lead.id === id) return lead
  return null
}

function replaced(list: LeadList, lead: Lead): LeadList {
  return mapPages(list, (items) => (items.some((one) => one.id === lead.id) ? items.map((one) => (one.id === lead.id ? lead : one)) : items))
}

function without(list: LeadList, id: string): LeadList {
  return mapPages(list, (items) => (items.some((one) => one.id === id) ? items.filter((one) => one.id !== id) : items))
}

function mapPages(list: LeadList, change: (items: Lead[]) => Lead[]): LeadList {
  return {
    ...list,
    pages: list.pages.map((page) => {
      const items = change(page.items)
      return items === page.items ? page : { ...page, items }
    }),
  }
}

function inserted(list: LeadList, lead: Lead, filters: LeadFilters, wasShown: boolean): LeadList {
  const last = list.pages.length - 1
  const target = list.pages.findIndex((page) => page.items.some((one) => compare(filters.view, lead, one) < 0))
  if (target === -1 && !wasShown && list.pages[last]?.next_cursor != null) return list
  const at = target === -1 ? last : target
  return {
    ...list,
    pages: list.pages.map((page, index) => {
      if (index !== at) return page
      const before = page.items.findIndex((one) => compare(filters.view, lead, one) < 0)
      const place = before === -1 ? page.items.length : before
      return { ...page, items: [...page.items.slice(0, place), lead, ...page.items.slice(place)] }
    }),
  }
}

/** A page boundary can move between two fetches: a lead shown twice would break the list's keys. */
export function dedupe(list: LeadList): LeadList {
  const seen = new Map<string, number>()
  for (const page of list.pages) for (const lead of page.items) seen.set(lead.id, Math.max(lead.version, seen.get(lead.id) ?? -1))
  if (list.pages.reduce((sum, page) => sum + page.items.length, 0) === seen.size) return list
  const taken = new Set<string>()
  return mapPages(list, (items) =>
    items.filter((lead) => {
      if (taken.has(lead.id) || seen.get(lead.id) !== lead.version) return false
      taken.add(lead.id)
      return true
    }),
  )
}
