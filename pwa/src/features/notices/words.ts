import { Bell, CircleCheck, Clock, MessageCircleReply, PlugZap, Sparkles, UserRoundCheck, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Notification, NotificationKind } from '@/shared/api/types'
import { clock, when, type Place } from '@/shared/i18n/time'
import { dayNumber } from '@/shared/i18n/zone'

interface Kind {
  icon: LucideIcon
  tone: 'plain' | 'accent' | 'late' | 'fresh'
  /** Without a name where the lead is not on this phone: a name is no reason to open somebody's enquiry. */
  title: (name: string | null) => string
}

const kinds: Record<NotificationKind, Kind> = {
  new_lead: { icon: Sparkles, tone: 'accent', title: (name) => (name ? m.notice_new_lead({ name }) : m.notice_new_lead_plain()) },
  lead_assigned: { icon: UserRoundCheck, tone: 'accent', title: (name) => (name ? m.notice_assigned({ name }) : m.notice_assigned_plain()) },
  lead_waiting: { icon: Clock, tone: 'late', title: (name) => (name ? m.notice_waiting({ name }) : m.notice_waiting_plain()) },
  lead_replied: { icon: MessageCircleReply, tone: 'fresh', title: (name) => (name ? m.notice_replied({ name }) : m.notice_replied_plain()) },
  connection_broken: { icon: PlugZap, tone: 'late', title: () => m.notice_broken() },
  connection_mended: { icon: CircleCheck, tone: 'fresh', title: () => m.notice_mended() },
  test: { icon: Bell, tone: 'plain', title: () => m.notice_test() },
}

/** A server that is newer than this app may tell of what it does not know. */
export function kindOf({ kind }: Notification): Kind {
  return kinds[kind] ?? { icon: Bell, tone: 'plain', title: () => m.notice_other() }
}

/** By when, where that was part of it. */
export function hintOf({ kind, data, at }: Notification, now: Date, place: Place): string | null {
  const due = (data as { due_at?: unknown }).due_at
  if (typeof due !== 'string') return null
  const until = new Date(due)
  // The day stands above, where it is the same one.
  const time = dayNumber(until, place.timeZone) === dayNumber(new Date(at), place.timeZone) ? clock(until, place) : when(until, now, place)
  if (kind === 'new_lead') return m.notice_call_before({ time })
  return kind === 'lead_waiting' ? m.notice_was_due({ time }) : null
}

/** Where it leads. */
export function pathOf({ kind, lead_id }: Notification, isOwner: boolean): string {
  if (lead_id) return `/leads/${lead_id}`
  if (kind === 'test') return '/settings/alerts'
  return isOwner && (kind === 'connection_broken' || kind === 'connection_mended') ? '/settings/meta' : '/'
}
