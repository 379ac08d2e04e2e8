import { instantOf, wallOf } from '@/shared/i18n/zone'

const HOUR = 60 * 60_000
const MORNING = 8
const AFTERNOON = 15

export interface SnoozeTimes {
  hour: Date
  /** Null once the afternoon has come: "this afternoon" would be the past, or almost. */
  afternoon: Date | null
  tomorrow: Date
}

/** Times of day are those of the business, wherever the phone is. */
export function snoozeTimes(now: Date, timeZone: string): SnoozeTimes {
  const today = wallOf(now, timeZone)
  const afternoon = instantOf({ ...today, hour: AFTERNOON, minute: 0 }, timeZone)
  return {
    hour: new Date(Math.ceil((now.getTime() + HOUR) / 60_000) * 60_000),
    afternoon: afternoon.getTime() - now.getTime() > HOUR ? afternoon : null,
    tomorrow: instantOf({ ...today, day: today.day + 1, hour: MORNING, minute: 0 }, timeZone),
  }
}
