import type { DistributionCondition, DistributionPolicy, DistributionRule, DistributionWay } from '@/shared/api/types'

export type WayKind = DistributionWay['kind']

/** What somebody chooses who turns to this way; people who are named already stay. */
export function begin(kind: WayKind, before: DistributionWay): DistributionWay {
  const people = named(before)
  switch (kind) {
    case 'everybody':
      return { kind }
    case 'people':
      return { kind, people }
    case 'round_robin':
      return { kind, people: before.kind === 'everybody' ? [] : people }
    case 'person':
      return { kind, user: people[0] ?? '' }
    case 'roll_out':
      return { kind, steps: [{ people, minutes: 5 }] }
  }
}

export function named(way: DistributionWay): string[] {
  switch (way.kind) {
    case 'everybody':
      return []
    case 'people':
    case 'round_robin':
      return way.people
    case 'person':
      return way.user ? [way.user] : []
    case 'roll_out':
      return way.steps.flatMap(({ people }) => people)
  }
}

/** Whether nothing of it is missing. */
export function isWhole(way: DistributionWay): boolean {
  switch (way.kind) {
    case 'people':
      return way.people.length > 0
    case 'person':
      return way.user !== ''
    case 'roll_out':
      return way.steps.length > 0 && way.steps.every(({ people, minutes }) => people.length > 0 && minutes >= 1 && minutes <= 1440)
    default:
      return true
  }
}

export const EVERYTHING: DistributionCondition = { forms: [], campaigns: [], areas: [], languages: [], countries: [] }

export function isNarrowed(when: DistributionCondition): boolean {
  return Object.values(when).some((list) => list.length > 0)
}

export const newRule = (): DistributionRule => ({ id: null, when: EVERYTHING, way: { kind: 'round_robin', people: [] }, waits: false })

/** What was typed: postcodes, beginnings and ranges, apart by commas, lines or spaces that belong to none of them. */
export function readAreas(text: string): string[] {
  return text
    .split(/[,;\n]/)
    .map((one) => one.trim().replaceAll('–', '-').replace(/\s*-\s*/, '-'))
    .filter((one) => one !== '')
}

const CODE = /^[0-9a-z]{1,10}$/i

/** As the server reads it (src/distribution/area.rs). */
export function isArea(text: string): boolean {
  const plain = (code: string) => code.replaceAll(' ', '')
  if (text.endsWith('*')) return CODE.test(plain(text.slice(0, -1)))
  const [from = '', to, ...more] = text.split('-').map(plain)
  if (to === undefined) return CODE.test(from)
  return more.length === 0 && CODE.test(from) && CODE.test(to) && from.length === to.length && from.toUpperCase() <= to.toUpperCase()
}

/** A list with one of it moved up or down. */
export function moved<T>(list: T[], from: number, by: number): T[] {
  const to = from + by
  const one = list[from]
  if (one === undefined || to < 0 || to >= list.length) return list
  const next = list.filter((_, at) => at !== from)
  next.splice(to, 0, one)
  return next
}

export function same(one: DistributionPolicy, other: DistributionPolicy): boolean {
  return JSON.stringify([one.way, one.rules]) === JSON.stringify([other.way, other.rules])
}
