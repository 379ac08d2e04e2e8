import { m } from '@/paraglide/messages'
import type { DistributionCondition, DistributionPreview, DistributionWay } from '@/shared/api/types'
import type { WayKind } from './draft'

export const wayNames: Record<WayKind, { label: () => string; hint: () => string }> = {
  everybody: { label: () => m.give_everybody(), hint: () => m.give_everybody_hint() },
  people: { label: () => m.give_people(), hint: () => m.give_people_hint() },
  round_robin: { label: () => m.give_round_robin(), hint: () => m.give_round_robin_hint() },
  person: { label: () => m.give_person(), hint: () => m.give_person_hint() },
  roll_out: { label: () => m.give_roll_out(), hint: () => m.give_roll_out_hint() },
}

type Name = (id: string) => string

const list = (items: string[], locale: string) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items)

/** A way in a line. */
export function wayInWords(way: DistributionWay, name: Name, locale: string): string {
  switch (way.kind) {
    case 'everybody':
      return m.give_everybody()
    case 'person':
      return name(way.user)
    case 'people':
      return m.give_people_named({ people: list(way.people.map(name), locale) })
    case 'round_robin':
      return way.people.length === 0 ? m.give_round_robin() : m.give_round_robin_named({ people: list(way.people.map(name), locale) })
    case 'roll_out':
      return way.steps.map(({ people, minutes }) => m.give_step_named({ people: list(people.map(name), locale), n: minutes })).join(' → ')
  }
}

interface Names {
  form: Name
  campaign: Name
  locale: string
}

/** For which leads a rule is, in a line. */
export function conditionInWords(when: DistributionCondition, { form, campaign, locale }: Names): string {
  const languages = new Intl.DisplayNames(locale, { type: 'language' })
  const countries = new Intl.DisplayNames(locale, { type: 'region' })
  const or = new Intl.ListFormat(locale, { type: 'disjunction' })
  const parts = [
    when.forms.length > 0 && m.give_when_form({ form: or.format(when.forms.map(form)) }),
    when.campaigns.length > 0 && m.give_when_campaign({ campaign: or.format(when.campaigns.map(campaign)) }),
    when.areas.length > 0 && m.give_when_area({ area: or.format(when.areas) }),
    when.languages.length > 0 && m.give_when_language({ language: or.format(when.languages.map((one) => languages.of(one) ?? one)) }),
    when.countries.length > 0 && m.give_when_country({ country: or.format(when.countries.map((one) => countries.of(one) ?? one)) }),
  ]
  return parts.filter((part) => part !== false).join(' · ')
}

/** What would happen, and why: two sentences. */
export function previewInWords({ to, given, waits, why, rule_index, waiting }: DistributionPreview, name: Name, locale: string): { what: string; because: string } {
  const people = list(to.map(name), locale)
  const what = waits ? m.give_preview_waits() : given ? people : to.length > 0 ? m.give_preview_told({ people }) : m.give_preview_nobody()
  const rule = rule_index === null ? m.give_because_common() : why.instead ? m.give_because_instead({ n: rule_index + 1 }) : m.give_because_rule({ n: rule_index + 1 })
  const room = why.open === null ? null : why.capacity === null ? m.placed_open({ open: why.open }) : m.placed_room({ open: why.open, capacity: why.capacity })
  const turn = why.way === 'round_robin' && given ? m.give_because_turn({ n: why.free }) : null
  const before = waiting > 0 && given ? m.give_because_waiting({ n: waiting }) : null
  return { what, because: [rule, turn, room, before].filter((part) => part !== null).join(' · ') }
}
