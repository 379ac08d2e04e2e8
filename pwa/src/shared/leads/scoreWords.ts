import { m } from '@/paraglide/messages'
import type { ScoreSign } from '@/shared/api/types'

/** The fields that every lead has; any other is a question of a form, by its key. */
export const FIELDS = ['full_name', 'phone', 'email', 'postal_code', 'city', 'service', 'message'] as const

const fields: Record<string, () => string> = {
  full_name: () => m.score_field_full_name(),
  phone: () => m.score_field_phone(),
  email: () => m.score_field_email(),
  postal_code: () => m.score_field_postal_code(),
  city: () => m.score_field_city(),
  service: () => m.score_field_service(),
  message: () => m.score_field_message(),
}

export function fieldName(field: string): string {
  return fields[field]?.() ?? field.replaceAll('_', ' ')
}

interface Names {
  form: (id: string) => string
  campaign: (id: string) => string
  locale: string
}

/** What a rule looks for, as a person says it. */
export function signInWords(sign: ScoreSign, { form, campaign, locale }: Names): string {
  const or = (items: string[]) => new Intl.ListFormat(locale, { type: 'disjunction' }).format(items)
  switch (sign.kind) {
    case 'has':
      return m.score_has({ field: fieldName(sign.field) })
    case 'is':
      return m.score_is({ field: fieldName(sign.field), value: sign.value })
    case 'contains':
      return m.score_contains({ field: fieldName(sign.field), value: sign.value })
    case 'phone_valid':
      return m.score_phone_valid()
    case 'email_domain':
      return m.score_domain({ domain: or(sign.domains) })
    case 'postcode_in':
      return m.score_postcode({ area: or(sign.areas) })
    case 'came_open':
      return m.score_open()
    case 'came_closed':
      return m.score_closed()
    case 'form_is':
      return m.score_form({ form: or(sign.forms.map(form)) })
    case 'campaign_is':
      return m.score_campaign({ campaign: or(sign.campaigns.map(campaign)) })
    case 'tried_within':
      return m.score_tried({ n: sign.minutes })
    case 'asked_again':
      return m.score_asked({ n: sign.times })
    case 'reached':
      return m.score_reached()
  }
}

/** `+10`, `−5`. */
export function pointsInWords(points: number): string {
  return points < 0 ? `−${-points}` : `+${points}`
}
