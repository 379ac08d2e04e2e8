/** Wall-clock times of the organization's zone: a snooze "tomorrow morning" means the morning where the business is. */
export interface Wall {
  year: number
  month: number
  day: number
  hour: number
  minute: number
}

export function wallOf(at: Date, timeZone: string): Wall {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(at)
  const get = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return { year: get('year'), month: get('month'), day: get('day'), hour: get('hour'), minute: get('minute') }
}

/** The instant at which clocks in the zone show this; day 32 is the first of the next month. */
export function instantOf(wall: Wall, timeZone: string): Date {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute)
  // The offset at the guess may be that of the other side of a clock change: ask again at the corrected instant.
  const first = asUtc - offsetAt(asUtc, timeZone)
  return new Date(asUtc - offsetAt(first, timeZone))
}

function offsetAt(instant: number, timeZone: string): number {
  const { year, month, day, hour, minute } = wallOf(new Date(instant), timeZone)
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(instant / 60_000) * 60_000
}

export function dayNumber(at: Date, timeZone: string): number {
  const { year, month, day } = wallOf(at, timeZone)
  return Date.UTC(year, month - 1, day) / 86_400_000
}

/** The value of an `<input type="datetime-local">`, read in the organization's zone. */
export function toInput(at: Date, timeZone: string): string {
  const { year, month, day, hour, minute } = wallOf(at, timeZone)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`
}

export function fromInput(value: string, timeZone: string): Date | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(value)
  if (!found) return null
  const [year, month, day, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number]
  return instantOf({ year, month, day, hour, minute }, timeZone)
}
