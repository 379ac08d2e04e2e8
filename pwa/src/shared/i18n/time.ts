import { m } from '@/paraglide/messages'
import { dayNumber, wallOf } from './zone'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A length of time in one unit, short enough for a row: "45 s", "12 min", "3 h", "2 d". */
export function duration(milliseconds: number): string {
  const length = Math.max(0, milliseconds)
  if (length < MINUTE) return m.unit_seconds({ n: Math.round(length / 1000) })
  if (length < HOUR) return m.unit_minutes({ n: Math.floor(length / MINUTE) })
  if (length < DAY) return m.unit_hours({ n: Math.floor(length / HOUR) })
  return m.unit_days({ n: Math.floor(length / DAY) })
}

/** Below a minute with its seconds' fraction, as the latency trace needs it. */
export function latency(milliseconds: number, locale: string): string {
  if (milliseconds < 1000) return m.unit_milliseconds({ n: Math.max(0, Math.round(milliseconds)) })
  if (milliseconds >= MINUTE) return duration(milliseconds)
  const seconds = new Intl.NumberFormat(locale, { maximumFractionDigits: milliseconds < 10_000 ? 1 : 0 }).format(milliseconds / 1000)
  return m.unit_seconds({ n: seconds })
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(locale: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  // Building a format costs far more than using it, and a list asks for hundreds.
  const key = `${locale}|${timeZone}|${JSON.stringify(options)}`
  let made = formats.get(key)
  if (!made) {
    made = new Intl.DateTimeFormat(locale, { timeZone, ...options })
    formats.set(key, made)
  }
  return made
}

export interface Place {
  locale: string
  timeZone: string
}

export function clock(at: Date, { locale, timeZone }: Place): string {
  return format(locale, timeZone, { hour: '2-digit', minute: '2-digit' }).format(at)
}

/** "14:05", "yesterday 14:05", "Tue 14:05", "3 Nov 14:05": as much of the date as is needed, in the organization's zone. */
export function when(at: Date, now: Date, place: Place): string {
  const days = dayNumber(at, place.timeZone) - dayNumber(now, place.timeZone)
  const time = clock(at, place)
  if (days === 0) return time
  if (days === -1) return m.day_yesterday({ time })
  if (days === 1) return m.day_tomorrow({ time })
  const { locale, timeZone } = place
  if (Math.abs(days) < 7) return `${format(locale, timeZone, { weekday: 'short' }).format(at)} ${time}`
  const sameYear = wallOf(at, timeZone).year === wallOf(now, timeZone).year
  const day = format(locale, timeZone, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) }).format(at)
  return `${day} ${time}`
}

export function fullTime(at: Date, { locale, timeZone }: Place): string {
  return format(locale, timeZone, { dateStyle: 'long', timeStyle: 'medium' }).format(at)
}

export function count(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value)
}

/** The server counts the leads of a list so far, and says this where there are more. */
const MANY = 1000

export function countOfMany(value: number): string {
  // Below a thousand no language groups the digits, and the first format that is built costs the first screen 20 ms.
  return value < MANY ? String(value) : `${MANY - 1}+`
}
