import { useQuery } from '@tanstack/react-query'
import { sessionOptions } from '@/shared/session/queries'
import { useLocale } from './locale'
import type { Place } from './time'

/** The person's locale and the organization's time zone; the device's own zone for whoever has no organization. */
export function usePlace(): Place {
  const locale = useLocale()
  const session = useQuery({ ...sessionOptions, enabled: false }).data
  // English is read here on the European side: 24 hours, the day before the month.
  return { locale: locale === 'en' ? 'en-GB' : locale, timeZone: session?.organization?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone }
}
