import { m } from '@/paraglide/messages'
import type { ScoreSign } from '@/shared/api/types'

export type SignKind = ScoreSign['kind']

export const KINDS: Record<SignKind, () => string> = {
  has: () => m.score_kind_has(),
  is: () => m.score_kind_is(),
  contains: () => m.score_kind_contains(),
  phone_valid: () => m.score_kind_phone_valid(),
  email_domain: () => m.score_kind_email_domain(),
  postcode_in: () => m.score_kind_postcode_in(),
  came_open: () => m.score_kind_came_open(),
  came_closed: () => m.score_kind_came_closed(),
  form_is: () => m.score_kind_form_is(),
  campaign_is: () => m.score_kind_campaign_is(),
  tried_within: () => m.score_kind_tried_within(),
  asked_again: () => m.score_kind_asked_again(),
  reached: () => m.score_kind_reached(),
}

/** One of this kind, with what fits from before. */
export function begin(kind: SignKind, before: ScoreSign): ScoreSign {
  const field = 'field' in before ? before.field : 'message'
  const value = 'value' in before ? before.value : ''
  switch (kind) {
    case 'has':
      return { kind, field }
    case 'is':
    case 'contains':
      return { kind, field, value }
    case 'email_domain':
      return { kind, domains: [] }
    case 'postcode_in':
      return { kind, areas: [] }
    case 'form_is':
      return { kind, forms: [] }
    case 'campaign_is':
      return { kind, campaigns: [] }
    case 'tried_within':
      return { kind, minutes: 15 }
    case 'asked_again':
      return { kind, times: 2 }
    default:
      return { kind }
  }
}

/** Whether nothing is missing; the server looks once more. */
export function isWhole(sign: ScoreSign): boolean {
  switch (sign.kind) {
    case 'has':
      return sign.field.trim() !== ''
    case 'is':
    case 'contains':
      return sign.field.trim() !== '' && sign.value.trim() !== ''
    case 'email_domain':
      return sign.domains.length > 0
    case 'postcode_in':
      return sign.areas.length > 0
    case 'form_is':
      return sign.forms.length > 0
    case 'campaign_is':
      return sign.campaigns.length > 0
    case 'tried_within':
      return sign.minutes >= 1 && sign.minutes <= 10_080
    case 'asked_again':
      return sign.times >= 2 && sign.times <= 100
    default:
      return true
  }
}

export const listed = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
