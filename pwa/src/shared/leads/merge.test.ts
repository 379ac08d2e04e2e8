import { describe, expect, test } from 'vitest'
import type { Lead } from '@/shared/api/types'
import { leadOf, mats, ravi } from '@/test/world'
import type { LeadFilters } from './filters'
import { dedupe, mergeIntoList, type LeadList } from './merge'

const now = Date.now()
const viewer = { id: ravi.id, role: ravi.role }
const todo: LeadFilters = { view: 'todo' }
const all: LeadFilters = { view: 'all' }

function list(pages: Lead[][], more = false): LeadList {
  return {
    pages: pages.map((items, index) => ({ items, next_cursor: more || index < pages.length - 1 ? `after-${index}` : null })),
    pageParams: pages.map((_, index) => (index === 0 ? null : `after-${index - 1}`)),
  }
}
const ids = (shown: LeadList) => shown.pages.flatMap((page) => page.items.map((lead) => lead.id))
const minute = (offset: number) => new Date(now + offset * 60_000).toISOString()

describe('a lead from the live stream', () => {
  test('slides in where it is due, not at the end', () => {
    const [soon, later] = [leadOf({ next_at: minute(1) }), leadOf({ next_at: minute(30) })]
    const lead = leadOf({ next_at: minute(10) })
    expect(ids(mergeIntoList(list([[soon, later]]), { id: lead.id, lead }, { filters: todo, viewer, now }))).toEqual([soon.id, lead.id, later.id])
  })

  test('is newest first in All, across pages', () => {
    const a = leadOf({ created_at: minute(-1) })
    const b = leadOf({ created_at: minute(-5) })
    const c = leadOf({ created_at: minute(-9) })
    const between = leadOf({ created_at: minute(-7) })
    const merged = mergeIntoList(list([[a, b], [c]]), { id: between.id, lead: between }, { filters: all, viewer, now })
    expect(ids(merged)).toEqual([a.id, b.id, between.id, c.id])
  })

  test('stays out when it belongs below what is loaded', () => {
    const a = leadOf({ created_at: minute(-1) })
    const old = leadOf({ created_at: minute(-100) })
    const shown = list([[a]], true)
    expect(mergeIntoList(shown, { id: old.id, lead: old }, { filters: all, viewer, now })).toBe(shown)
  })

  test('is never shown twice and never goes backwards', () => {
    const lead = leadOf({ version: 5, full_name: 'Now' })
    const shown = list([[lead]])
    expect(mergeIntoList(shown, { id: lead.id, lead: { ...lead, version: 4, full_name: 'Before' } }, { filters: all, viewer, now })).toBe(shown)
    expect(mergeIntoList(shown, { id: lead.id, lead }, { filters: all, viewer, now })).toBe(shown)
    const newer = mergeIntoList(shown, { id: lead.id, lead: { ...lead, version: 6, full_name: 'Then' } }, { filters: all, viewer, now })
    expect(newer.pages[0]?.items.map((one) => one.full_name)).toEqual(['Then'])
  })

  test('leaves To do when a colleague takes it, but not for a manager', () => {
    const lead = leadOf()
    const taken = { ...lead, version: 2, assignee_id: mats.id }
    expect(ids(mergeIntoList(list([[lead]]), { id: lead.id, lead: taken }, { filters: todo, viewer, now }))).toEqual([])
    const manager = { id: 'u-other', role: 'manager' as const }
    expect(ids(mergeIntoList(list([[lead]]), { id: lead.id, lead: taken }, { filters: todo, viewer: manager, now }))).toEqual([lead.id])
  })

  test('leaves To do when it is snoozed, and comes back', () => {
    const lead = leadOf()
    const asleep = { ...lead, version: 2, snoozed_until: minute(60), next_at: minute(60) }
    const gone = mergeIntoList(list([[lead]]), { id: lead.id, lead: asleep }, { filters: todo, viewer, now })
    expect(ids(gone)).toEqual([])
    const awake = { ...asleep, version: 3, snoozed_until: null }
    expect(ids(mergeIntoList(gone, { id: lead.id, lead: awake }, { filters: todo, viewer, now }))).toEqual([lead.id])
  })

  test('goes when it is hidden', () => {
    const lead = leadOf()
    expect(ids(mergeIntoList(list([[lead]]), { id: lead.id, lead: null }, { filters: all, viewer, now }))).toEqual([])
  })

  test('changes a search result but never joins one', () => {
    const lead = leadOf({ full_name: 'Kari' })
    const filters: LeadFilters = { view: 'all', q: 'kari' }
    const other = leadOf({ full_name: 'Ola' })
    const shown = list([[lead]])
    expect(mergeIntoList(shown, { id: other.id, lead: other }, { filters, viewer, now })).toBe(shown)
    const changed = mergeIntoList(shown, { id: lead.id, lead: { ...lead, version: 2, status: 'won' } }, { filters, viewer, now })
    expect(changed.pages[0]?.items[0]?.status).toBe('won')
  })
})

test('a lead that two pages brought is shown once, in its newer version', () => {
  const lead = leadOf({ version: 3 })
  const merged = dedupe(list([[lead], [{ ...lead, version: 2 }]]))
  expect(merged.pages.flatMap((page) => page.items)).toEqual([lead])
})
