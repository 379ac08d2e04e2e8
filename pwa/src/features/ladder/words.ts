import { Mail, MessageSquareText, BellRing, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { AlertChannel, EscalationAudience, EscalationStep } from '@/shared/api/types'

export const MOST_STEPS = 8
/** A week, in minutes. */
export const LATEST = 7 * 24 * 60

export const AUDIENCES: EscalationAudience[] = ['assignee', 'on_shift', 'managers', 'owners']
export const CHANNELS: AlertChannel[] = ['push', 'sms', 'email']

const audiences: Record<EscalationAudience, { label: () => string; hint: () => string }> = {
  assignee: { label: () => m.ladder_assignee(), hint: () => m.ladder_assignee_hint() },
  on_shift: { label: () => m.ladder_on_shift(), hint: () => m.ladder_on_shift_hint() },
  managers: { label: () => m.ladder_managers(), hint: () => m.ladder_managers_hint() },
  owners: { label: () => m.ladder_owners(), hint: () => m.ladder_owners_hint() },
}

export const audienceLabel = (audience: EscalationAudience) => audiences[audience].label()
export const audienceHint = (audience: EscalationAudience) => audiences[audience].hint()

const channels: Record<AlertChannel, { icon: LucideIcon; label: () => string }> = {
  push: { icon: BellRing, label: () => m.reach_way_push() },
  sms: { icon: MessageSquareText, label: () => m.channel_sms() },
  email: { icon: Mail, label: () => m.channel_email() },
}

export const channelIcon = (channel: AlertChannel) => channels[channel].icon
export const channelLabel = (channel: AlertChannel) => channels[channel].label()

/** After the first attempt was due. */
export function timeLabel(minutes: number): string {
  if (minutes === 0) return m.ladder_at_once()
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  const parts = [hours > 0 && m.unit_hours({ n: hours }), rest > 0 && m.unit_minutes({ n: rest })]
  return m.ladder_after({ time: parts.filter(Boolean).join(' ') })
}

/** The step that comes next: later than the last, told to whoever stands above it. */
export function nextStep(steps: EscalationStep[]): EscalationStep {
  const last = steps.at(-1)
  if (!last) return { after_minutes: 0, audience: 'assignee', channels: ['push'] }
  const above = AUDIENCES[Math.min(AUDIENCES.indexOf(last.audience) + 1, AUDIENCES.length - 1)] ?? 'owners'
  return { after_minutes: Math.min(LATEST, last.after_minutes + (last.after_minutes < 15 ? 5 : 15)), audience: above, channels: ['push', 'sms'] }
}

/** With one step more, or another in its place, in the order in which they come; tells where it then stands. */
export function withStep(steps: EscalationStep[], index: number | null, step: EscalationStep): { steps: EscalationStep[]; at: number } {
  const others = steps.filter((_, position) => position !== index)
  const sorted = [...others, step].sort((a, b) => a.after_minutes - b.after_minutes)
  return { steps: sorted, at: sorted.indexOf(step) }
}
