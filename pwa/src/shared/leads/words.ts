import { m } from '@/paraglide/messages'
import type { Channel, LeadStatus, LostReason, Outcome, Role } from '@/shared/api/types'

export const LOST_REASONS: LostReason[] = [
  'not_interested',
  'too_expensive',
  'unreachable',
  'wrong_number',
  'competitor',
  'duplicate',
  'outside_area',
  'other',
]

const lostReasons: Record<LostReason, () => string> = {
  not_interested: () => m.lost_not_interested(),
  too_expensive: () => m.lost_too_expensive(),
  wrong_number: () => m.lost_wrong_number(),
  unreachable: () => m.lost_unreachable(),
  competitor: () => m.lost_competitor(),
  duplicate: () => m.lost_duplicate(),
  outside_area: () => m.lost_outside_area(),
  other: () => m.lost_other(),
}

export function lostReasonLabel(reason: string): string {
  return lostReasons[reason as LostReason]?.() ?? reason
}

const channels: Record<Channel, () => string> = {
  call: () => m.channel_call(),
  sms: () => m.channel_sms(),
  whatsapp: () => m.channel_whatsapp(),
  email: () => m.channel_email(),
}

export function channelLabel(channel: Channel): string {
  return channels[channel]()
}

const outcomes: Record<Outcome, () => string> = {
  reached: () => m.outcome_reached(),
  no_answer: () => m.outcome_no_answer(),
  voicemail: () => m.outcome_voicemail(),
  wrong_number: () => m.outcome_wrong_number(),
  sent: () => m.outcome_sent(),
  not_sent: () => m.outcome_not_sent(),
}

/** After a message "reached" means that the person wrote back. */
export function outcomeLabel(outcome: Outcome, channel: Channel): string {
  return outcome === 'reached' && channel !== 'call' ? m.outcome_answered() : outcomes[outcome]()
}

export function outcomesOf(channel: Channel): Outcome[] {
  return channel === 'call' ? ['reached', 'no_answer', 'voicemail', 'wrong_number'] : ['sent', 'not_sent', 'reached']
}

const roles: Record<Role, () => string> = {
  owner: () => m.role_owner(),
  manager: () => m.role_manager(),
  agent: () => m.role_agent(),
  operator_admin: () => m.role_operator_admin(),
}

export function roleLabel(role: Role): string {
  return roles[role]()
}

/** What the status graph allows next (docs/API.md); a closed lead can only be reopened. */
export const NEXT: Record<LeadStatus, LeadStatus[]> = {
  new: ['contacted', 'no_answer', 'lost'],
  no_answer: ['contacted', 'scheduled', 'won', 'lost'],
  contacted: ['scheduled', 'won', 'lost', 'no_answer'],
  scheduled: ['won', 'contacted', 'lost'],
  won: [],
  lost: ['contacted'],
}

const sources: Record<string, () => string> = {
  phone: () => m.entry_source_phone(),
  walk_in: () => m.entry_source_walk_in(),
  referral: () => m.entry_source_referral(),
  website: () => m.entry_source_website(),
  other: () => m.entry_source_other(),
  webhook: () => m.entry_source_webhook(),
  form: () => m.entry_source_form(),
  import: () => m.entry_source_import(),
}

/** How a lead came, where that was not by an ad. */
export const sourceLabel = (source: string): string | null => sources[source]?.() ?? null
