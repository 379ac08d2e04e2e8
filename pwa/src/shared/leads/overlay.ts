import { useMemo } from 'react'
import type { Attempt, Channel, Lead, LeadDetail, LeadPage, LeadStatus, Outcome, Session, TimelineItem } from '@/shared/api/types'
import type { Row } from '@/shared/offline/row'
import { outbox } from '@/shared/offline/waiting'
import { useStore } from '@/shared/store'
import { viewerOf, type LeadFilters, type Viewer } from './filters'
import { mergeIntoList, type LeadList } from './merge'

/** What waits in the outbox is laid over what the server said, and never written into it: the server's word stays the server's. */
export function project<T extends Lead>(lead: T, row: Row): T {
  // What the person has to decide is not done; where it stands is what the server says.
  if (row.base.id !== lead.id || row.state !== 'waiting') return lead
  const at = new Date(row.at).toISOString()
  const me = row.owner.split('/')[0] ?? null
  const body = row.body ?? {}
  switch (row.kind) {
    case 'create':
      // It is what was taken down; a list that does not have it yet shows it all the same.
      return { ...lead }
    case 'attempt':
      return {
        ...lead,
        opens_at: null,
        due_at: null,
        snoozed_until: null,
        assignee_id: lead.assignee_id ?? me,
        claimed_at: lead.claimed_at ?? at,
        first_attempt_at: lead.first_attempt_at ?? at,
        last_attempt_at: lead.last_attempt_at !== null && lead.last_attempt_at > at ? lead.last_attempt_at : at,
      }
    case 'outcome':
      return { ...lead, status: statusAfter(lead.status, body.outcome as Outcome) }
    case 'status': {
      const status = body.status as LeadStatus
      const isClosing = status === 'won' || status === 'lost' || status === 'scheduled'
      return { ...lead, status, lost_reason: (body.lost_reason as Lead['lost_reason'] | undefined) ?? null, next_at: isClosing ? null : lead.next_at, opens_at: null, due_at: null }
    }
    case 'edit':
      return { ...lead, ...body }
    case 'claim':
      return { ...lead, assignee_id: me, claimed_at: at }
    case 'release':
      return { ...lead, assignee_id: null, claimed_at: null }
    case 'assign':
      return { ...lead, assignee_id: (body.user_id as string | null | undefined) ?? null }
    case 'snooze':
      return { ...lead, snoozed_until: body.until as string, next_at: body.until as string }
    case 'wake':
      return { ...lead, snoozed_until: null }
    case 'note':
      return lead
  }
}

/** What the server will make of it (docs/API.md). */
export function statusAfter(status: LeadStatus, outcome: Outcome): LeadStatus {
  if (outcome === 'reached' && (status === 'new' || status === 'no_answer')) return 'contacted'
  if ((outcome === 'no_answer' || outcome === 'voicemail') && status === 'new') return 'no_answer'
  return status
}

export function overlay<T extends Lead>(lead: T, rows: Row[]): T {
  return rows.reduce<T>(project, lead)
}

/** A lead that the outbox moves is where it will be: in another place of the list, in it, or out of it. */
export function overlayList(list: LeadList, rows: Row[], filters: LeadFilters, viewer: Viewer): LeadList {
  const now = Date.now()
  let shown = list
  for (const id of new Set(rows.filter((row) => row.state === 'waiting').map((row) => row.base.id))) {
    const known = list.pages.flatMap((page) => page.items).find((lead) => lead.id === id) ?? rows.find((row) => row.base.id === id)?.base
    if (!known) continue
    const lead = overlay(known, rows)
    if (lead !== known) shown = mergeIntoList(shown, { id, lead }, { filters, viewer, now }, true)
  }
  return shown
}

/** A line of the timeline, or one that waits to become it. */
export type ShownItem = TimelineItem & { waiting?: Row['state'] }

const blank = { stored_at: null, text: null, from: null, to: null, reason: null, until: null, fields: [], placement: null, attempt: null, message: null }

export function overlayTimeline(items: TimelineItem[], rows: Row[]): ShownItem[] {
  let shown: ShownItem[] = items
  for (const row of rows) {
    const mark = markOf(row, rows)
    const made = itemOf(row, mark)
    if (made && !shown.some((item) => isSame(item, made))) shown = [made, ...shown]
    if (row.kind === 'outcome') shown = shown.map((item) => (item.attempt && row.path.includes(item.attempt.id) ? told(item, row, mark) : item))
  }
  return shown === items ? items : [...shown].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

/** The phone's clock follows the server's, but not to the millisecond. */
const SKEW = 2_000

/**
 * Whether the server tells already what the row will become: between the news of it and the answer, which takes the row away, both are
 * there. Notes and attempts bring their id; the others are known by who did what, since the row was made.
 */
function isSame(told: ShownItem, made: ShownItem): boolean {
  if (told.id === made.id) return true
  if (made.kind === 'note' || made.kind === 'attempt') return false
  const does = ({ kind, user_id, to, until, fields }: ShownItem) => JSON.stringify([kind, user_id, to, until && Date.parse(until), [...fields].sort()])
  return does(told) === does(made) && Date.parse(told.at) >= Date.parse(made.at) - SKEW
}

/** Nothing is marked that is only on its way: that takes a moment, and a mark that flickers says nothing. What stands behind one that waits, waits. */
function markOf(row: Row, rows: Row[]): Row['state'] | undefined {
  const isStuck = rows.some((one) => one.base.id === row.base.id && one.seq <= row.seq && (one.tries > 0 || one.state !== 'waiting'))
  return isStuck ? row.state : undefined
}

function told(item: ShownItem, row: Row, mark: Row['state'] | undefined): ShownItem {
  if (!item.attempt) return item
  const attempt: Attempt = { ...item.attempt, outcome: row.body?.outcome as Outcome, evidence: 'self_reported' }
  return { ...item, attempt, waiting: item.waiting ?? mark }
}

function itemOf(row: Row, mark: Row['state'] | undefined): ShownItem | null {
  const me = row.owner.split('/')[0] ?? ''
  const at = new Date(row.at).toISOString()
  const body = row.body ?? {}
  const common = { ...blank, at, user_id: me, waiting: mark }
  switch (row.kind) {
    case 'note':
      return { ...common, id: body.id as string, kind: 'note', text: body.text as string }
    case 'attempt': {
      const id = body.id as string
      const attempt: Attempt = {
        id,
        lead_id: row.base.id,
        user_id: me,
        channel: body.channel as Channel,
        started_at: at,
        stored_at: at,
        evidence: 'intent',
        outcome: null,
        outcome_at: null,
        note: null,
      }
      return { ...common, id, kind: 'attempt', attempt }
    }
    case 'status':
      return { ...common, id: row.key, kind: 'status', to: body.status as string, reason: (body.lost_reason as string | undefined) ?? null }
    case 'edit':
      return { ...common, id: row.key, kind: 'edited', fields: Object.keys(body) }
    case 'claim':
      return { ...common, id: row.key, kind: 'claimed' }
    case 'snooze':
      return { ...common, id: row.key, kind: 'snoozed', until: body.until as string }
    default:
      return null
  }
}

/** The leads of a list as the person sees them. */
export function useShownItems(list: { pages: LeadPage[] } | undefined, filters: LeadFilters, session: Session): Lead[] {
  const rows = useStore(outbox)
  return useMemo(() => {
    if (!list) return []
    const shown = rows.length === 0 ? list : overlayList({ pages: list.pages, pageParams: [] }, rows, filters, viewerOf(session))
    return shown.pages.flatMap((page) => page.items)
  }, [list, rows, filters, session])
}

/** The rows about one lead, as the same array for as long as they are the same. */
export function useRowsOf(id: string): Row[] {
  const all = useStore(outbox)
  return useMemo(() => all.filter((row) => row.base.id === id), [all, id])
}

/** Whether something about the lead has not reached the server yet: not within the moment that it always takes. */
export function useWaits(id: string): boolean {
  return useStore(outbox).some((row) => row.base.id === id && row.tries > 0)
}

export function useOverlaid<T extends Lead | LeadDetail>(lead: T | undefined): T | undefined {
  const all = useStore(outbox)
  return useMemo(() => (lead && all.length > 0 ? overlay(lead, all) : lead), [lead, all])
}
