import type { Schedule } from '@/shared/api/types'

/** `08:00-16:00`, as the server writes it. */
export interface Interval {
  from: string
  to: string
}

/** What a business begins with that had no hours: everybody changes it, few have to change much. */
export const OFFICE: Schedule = {
  week: [0, 1, 2, 3, 4, 5, 6].map((day) => (day < 5 ? ['08:00-16:00'] : [])),
  holidays: true,
  region: null,
  days: [],
}

/** The German states, ISO 3166-2 after `DE-`. */
export const STATES = {
  BW: 'Baden-Württemberg',
  BY: 'Bayern',
  BE: 'Berlin',
  BB: 'Brandenburg',
  HB: 'Bremen',
  HH: 'Hamburg',
  HE: 'Hessen',
  MV: 'Mecklenburg-Vorpommern',
  NI: 'Niedersachsen',
  NW: 'Nordrhein-Westfalen',
  RP: 'Rheinland-Pfalz',
  SL: 'Saarland',
  SN: 'Sachsen',
  ST: 'Sachsen-Anhalt',
  SH: 'Schleswig-Holstein',
  TH: 'Thüringen',
}

export function read(hours: string): Interval {
  const [from = '', to = ''] = hours.split('-')
  return { from, to }
}

/** A field for a time of the day has no 24:00: midnight at the end of an interval is the end of the day. */
export function write({ from, to }: Interval): string {
  return `${from}-${to === '00:00' ? '24:00' : to}`
}

export function inField(time: string): string {
  return time === '24:00' ? '00:00' : time
}

/** Whether all of it can be sent; the server looks at it once more. */
export function isWhole(intervals: Interval[]): boolean {
  return intervals.every(({ from, to }) => from !== '' && to !== '' && (to === '00:00' || from < to))
}

/** What comes next to it: the afternoon, after an hour. */
export function next(intervals: Interval[]): Interval {
  const last = intervals.at(-1)
  const hour = last ? Number.parseInt(inField(last.to), 10) + 1 : 8
  if (last && (hour <= 1 || hour > 22)) return { from: '', to: '' }
  const time = (at: number) => `${String(at).padStart(2, '0')}:00`
  return { from: time(hour), to: time(Math.min(23, hour + (last ? 3 : 8))) }
}

export function inWords(hours: string[], closed: string): string {
  return hours.length === 0 ? closed : hours.map((one) => one.replace('-', '–')).join(', ')
}

/** The days of a week in the reader's language, from Monday on. */
export function weekdays(locale: string): string[] {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' })
  // The 5th of January 1970 was a Monday.
  return [0, 1, 2, 3, 4, 5, 6].map((day) => capital(format.format((4 + day) * 86_400_000), locale))
}

export function dayName(date: string, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
  return capital(format.format(new Date(`${date}T00:00:00Z`)), locale)
}

export function shortDay(date: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`))
}

function capital(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1)
}
