import type { DayOfRota, Span } from '@/shared/api/types'

/** Which part of a day is drawn, as fractions of it. */
export interface Axis {
  from: number
  to: number
}

/** A span within its day, as fractions of it: a day on which clocks are changed has 23 hours, or 25. */
export function within(span: Span, day: Span): Axis {
  const [begin, end] = [Date.parse(day.from), Date.parse(day.to)]
  const at = (time: string) => (Date.parse(time) - begin) / (end - begin)
  return { from: at(span.from), to: at(span.to) }
}

/** So much of the days that everything is in it, to whole hours; all of them where there is nothing to draw. */
export function axisOf(days: DayOfRota[]): Axis {
  const all = days.flatMap((one) => [...one.open, ...one.people.flatMap(({ spans }) => spans)].map((span) => within(span, one.day)))
  if (all.length === 0) return { from: 0, to: 1 }
  const from = Math.floor(Math.min(...all.map((one) => one.from)) * 24) / 24
  const to = Math.ceil(Math.max(...all.map((one) => one.to)) * 24) / 24
  return { from: Math.max(0, from), to: Math.min(1, to) }
}

/** Where it stands on the axis, in per cent. */
export function placed({ from, to }: Axis, axis: Axis): { left: string; width: string } {
  const length = axis.to - axis.from
  return { left: `${((from - axis.from) / length) * 100}%`, width: `${((to - from) / length) * 100}%` }
}

/** A date so many days later. */
export function moved(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}
