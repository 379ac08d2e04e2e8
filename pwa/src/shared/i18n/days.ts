import { m } from '@/paraglide/messages'
import type { Place } from './time'
import { dayNumber } from './zone'

export interface Day<T> {
  day: number
  entries: T[]
}

/** What comes in the order of its making, under its days: two of the same moment may lie on both sides of midnight, and that is how they are told. */
export function byDay<T extends { at: string }>(entries: T[], timeZone: string): Day<T>[] {
  const days: Day<T>[] = []
  for (const entry of entries) {
    const day = dayNumber(new Date(entry.at), timeZone)
    const last = days.at(-1)
    if (last?.day === day) last.entries.push(entry)
    else days.push({ day, entries: [entry] })
  }
  return days
}

export function dayLabel(entry: { at: string } | undefined, now: Date, { locale, timeZone }: Place): string {
  if (!entry) return ''
  const at = new Date(entry.at)
  const days = dayNumber(now, timeZone) - dayNumber(at, timeZone)
  if (days === 0) return m.audit_day_today()
  if (days === 1) return m.audit_day_yesterday()
  const year = days > 300 ? ({ year: 'numeric' } as const) : {}
  return new Intl.DateTimeFormat(locale, { timeZone, weekday: 'long', day: 'numeric', month: 'long', ...year }).format(at)
}
