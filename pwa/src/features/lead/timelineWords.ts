import {
  AlarmClockOff,
  ArrowRightLeft,
  Clock3,
  Hand,
  Inbox,
  ListTodo,
  Mail,
  MessageCircle,
  MessageSquareText,
  Pencil,
  Phone,
  Repeat2,
  Shuffle,
  StickyNote,
  Undo2,
  UserRoundCog,
  type LucideIcon,
} from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Attempt, Channel, LeadMessage, MessageState, TimelineItem, TimelineKind } from '@/shared/api/types'
import { statusLabel } from '@/shared/leads/labels'
import { lostReasonLabel, outcomeLabel } from '@/shared/leads/words'

const channelIcons: Record<Channel, LucideIcon> = { call: Phone, sms: MessageSquareText, whatsapp: MessageCircle, email: Mail }

const icons: Record<Exclude<TimelineKind, 'attempt' | 'message'>, LucideIcon> = {
  captured: Inbox,
  enquiry: Repeat2,
  status: ArrowRightLeft,
  assigned: UserRoundCog,
  released: Undo2,
  claimed: Hand,
  snoozed: Clock3,
  woken: AlarmClockOff,
  edited: Pencil,
  remapped: Shuffle,
  note: StickyNote,
  task: ListTodo,
}

export function iconOf(item: TimelineItem): LucideIcon {
  if (item.kind === 'attempt') return item.attempt ? channelIcons[item.attempt.channel] : Phone
  if (item.kind === 'message') return item.message?.channel === 'email' ? Mail : MessageSquareText
  return icons[item.kind] ?? StickyNote
}

const attempts: Record<Channel, () => string> = {
  call: () => m.did_call(),
  sms: () => m.did_sms(),
  whatsapp: () => m.did_whatsapp(),
  email: () => m.did_email(),
}

const states: Record<MessageState, () => string> = {
  queued: () => m.did_message_queued(),
  sending: () => m.did_message_queued(),
  sent: () => m.did_message_sent(),
  delivered: () => m.did_message_delivered(),
  undelivered: () => m.did_message_failed(),
  failed: () => m.did_message_failed(),
  cancelled: () => m.did_message_cancelled(),
  received: () => m.did_message_answer(),
}

/** What happened, to be read after the name of who did it. */
export function sentenceOf(item: TimelineItem, name: (id: string | null) => string, time: (at: Date) => string): string {
  switch (item.kind) {
    case 'captured':
      return m.did_captured()
    case 'enquiry':
      return m.did_enquiry()
    case 'status':
      return statusSentence(item)
    case 'assigned':
      if (item.placement && item.to) return (item.placement.way === 'person' ? m.placed_person : m.placed_round_robin)({ name: name(item.to) })
      return item.to === null ? m.did_unassign() : m.did_assign({ name: name(item.to) })
    case 'released':
      return m.did_release()
    case 'claimed':
      return m.did_claim()
    case 'snoozed':
      return m.did_snooze({ when: item.until ? time(new Date(item.until)) : '–' })
    case 'woken':
      return item.user_id ? m.did_wake() : m.did_wake_itself()
    case 'edited':
      return m.did_edit()
    case 'remapped':
      return m.did_remap()
    case 'note':
      return m.did_note()
    case 'task':
      return m.did_task()
    case 'message':
      return item.message ? messageSentence(item.message) : ''
    case 'attempt':
      return item.attempt ? attemptSentence(item.attempt) : m.did_call()
    default:
      return ''
  }
}

/** Why it was given to whoever got it, where no person did it. */
export function reasonOf({ placement }: Pick<TimelineItem, 'placement'>): string | null {
  if (!placement || placement.open === null) return null
  const { open, capacity, instead } = placement
  const room = capacity === null ? m.placed_open({ open }) : m.placed_room({ open, capacity })
  return instead ? `${room} · ${m.placed_instead()}` : room
}

function statusSentence(item: TimelineItem): string {
  const status = item.to ? statusLabel(item.to) : '–'
  const why = item.reason ? ` (${lostReasonLabel(item.reason)})` : ''
  return (item.user_id ? m.did_status({ status }) : m.did_status_itself({ status })) + why
}

function messageSentence({ channel, is_answer, state, family }: LeadMessage): string {
  if (is_answer) return m.did_message_answer()
  const what = channel === 'sms' ? m.did_message_sms() : m.did_message_email()
  return `${what} · ${family === 'opted_out' ? m.did_message_opted_out() : states[state]()}`
}

function attemptSentence(attempt: Attempt): string {
  const what = attempts[attempt.channel]()
  return attempt.outcome ? `${what} · ${outcomeLabel(attempt.outcome, attempt.channel)}` : what
}
