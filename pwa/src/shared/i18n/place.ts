import { useQuery } from '@tanstack/react-query'
import { sessionOptions } from '@/shared/session/queries'
import { useLocale } from './locale'
import type { Place } from './time'

/** The person's locale and the organization's time zone; the device's own zone for whoever has no organization. */
export function usePlace(): Place {
  const locale = useLocale()
  const session = useQuery({ ...sessionOptions, enabled: false }).data
  return { locale, timeZone: session?.organization?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone }
}
