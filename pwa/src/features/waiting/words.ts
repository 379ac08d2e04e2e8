import { AlarmClockOff, ArrowRightLeft, Clock3, Hand, Mail, MessageCircle, MessageSquareText, Pencil, Phone, StickyNote, Undo2, UserRoundCog, UserRoundPlus, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { ApiError, inWords } from '@/shared/api/problem'
import type { Channel, Outcome } from '@/shared/api/types'
import { fieldLabel, isField } from '@/shared/leads/fields'
import { statusLabel } from '@/shared/leads/labels'
import { channelLabel, lostReasonLabel, outcomeLabel } from '@/shared/leads/words'
import type { Kind, Row } from '@/shared/offline/row'

const channels: Record<Channel, LucideIcon> = { call: Phone, sms: MessageSquareText, whatsapp: MessageCircle, email: Mail }

const icons: Record<Exclude<Kind, 'attempt'>, LucideIcon> = {
  create: UserRoundPlus,
  outcome: Phone,
  note: StickyNote,
  status: ArrowRightLeft,
  edit: Pencil,
  claim: Hand,
  release: Undo2,
  assign: UserRoundCog,
  snooze: Clock3,
  wake: AlarmClockOff,
}

export function iconOf(row: Row): LucideIcon {
  return row.kind === 'attempt' ? channels[row.body?.channel as Channel] : icons[row.kind]
}

/** What was done, as the person would say it. */
export function sayWhat(row: Row, when: (at: Date) => string): string {
  const body = row.body ?? {}
  switch (row.kind) {
    case 'create':
      return m.entry_title()
    case 'attempt':
      return channelLabel(body.channel as Channel)
    case 'outcome':
      return outcomeLabel(body.outcome as Outcome, 'call')
    case 'note':
      return `“${String(body.text)}”`
    case 'status':
      return [statusLabel(String(body.status)), body.lost_reason ? lostReasonLabel(String(body.lost_reason)) : null].filter(Boolean).join(' · ')
    case 'edit':
      return Object.keys(body).filter(isField).map((field) => `${fieldLabel(field)}: ${String(body[field] ?? '–')}`).join(', ')
    case 'claim':
      return m.action_claim()
    case 'release':
      return m.action_give_back()
    case 'assign':
      return m.action_assign()
    case 'snooze':
      return `${m.action_snooze()} · ${when(new Date(String(body.until)))}`
    case 'wake':
      return m.action_wake()
  }
}

export function whyRefused(row: Row): string {
  const { status, reason } = row.refusal ?? { status: 0, reason: null }
  return inWords(new ApiError(status, { reason: reason ?? undefined }))
}
