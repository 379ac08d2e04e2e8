import { ListTodo, Mail, MessageSquareText, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { ApiError, inWords, teach } from '@/shared/api/problem'
import type { SequenceTrigger, StepKind } from '@/shared/api/types'

teach({
  place_unknown: () => m.sequence_error_place(),
  template_invalid: () => m.sequence_error_template(),
  out_of_range: () => m.sequence_error_delay(),
})

export const stepIcons: Record<StepKind, LucideIcon> = { sms: MessageSquareText, email: Mail, task: ListTodo }

const kinds: Record<StepKind, () => string> = { sms: () => m.channel_sms(), email: () => m.channel_email(), task: () => m.sequence_task() }
export const kindInWords = (kind: StepKind): string => kinds[kind]()

const triggers: Record<SequenceTrigger, () => string> = {
  new_lead: () => m.sequence_trigger_new_lead(),
  no_answer: () => m.sequence_trigger_no_answer(),
  by_hand: () => m.sequence_trigger_by_hand(),
}
export const triggerInWords = (trigger: SequenceTrigger): string => triggers[trigger]()

/** Business time: a day of it has as many hours as the business is open, so it is counted in hours. */
export function delayInWords(minutes: number): string {
  if (minutes === 0) return m.sequence_at_once()
  if (minutes % 60 !== 0) return m.sequence_after_minutes({ n: minutes })
  return m.sequence_after_hours({ n: minutes / 60 })
}

const obstacles: Record<string, () => string> = {
  no_address: () => m.sequence_obstacle_no_address(),
  opted_out: () => m.sequence_obstacle_opted_out(),
  no_consent: () => m.sequence_obstacle_no_consent(),
  not_configured: () => m.sequence_obstacle_not_configured(),
}
export const obstacleInWords = (obstacle: string): string => obstacles[obstacle]?.() ?? m.error_unknown()

/** What is wrong with one field of one step, where that is what was refused. */
export function refusalAt(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError) || error.field !== field) return undefined
  if (error.reason === 'required') return m.sequence_error_required()
  if (error.reason === 'too_long') return m.sequence_error_long()
  return inWords(error)
}
