import { useState } from 'react'
import { ChevronRight, Plus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Schedule } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { toInput } from '@/shared/i18n/zone'
import { useSession } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Line, List } from '@/shared/ui/List'
import { Group } from '@/shared/ui/Page'
import { DaySheet } from './DaySheet'
import { dayName, inWords, shortDay, STATES, weekdays } from './hours'

/** From Monday to Friday. */
const WORKDAYS = 5

type Open = { weekday: number } | { own: number } | 'new' | null

interface HoursProps {
  schedule: Schedule
  /** The next public holidays, where they are known. */
  holidays?: string[]
  /** What a day without hours is: a business is closed, a person is off. */
  closed?: string
  pending: boolean
  onChange: (change: Partial<Schedule>) => void
}

/** A week, and the days that are as no other: of a business, or of a person. */
export function Hours({ schedule, holidays = [], closed = m.hours_closed(), pending, onChange }: HoursProps) {
  const place = usePlace()
  const locale = place.locale
  const { organization } = useSession()
  const [open, setOpen] = useState<Open>(null)
  const names = weekdays(locale)
  const { week, days } = schedule
  const close = () => setOpen(null)
  const saveWeekday = (weekday: number, hours: string[], spread: boolean) => {
    onChange({ week: week.map((before, at) => (at === weekday || (spread && at < WORKDAYS) ? hours : before)) })
    close()
  }
  const saveOwn = (index: number, date: string, hours: string[]) => {
    const others = days.filter((_, at) => at !== index)
    onChange({ days: [...others, { date, hours }].sort((a, b) => a.date.localeCompare(b.date)) })
    close()
  }
  const today = toInput(new Date(), place.timeZone).slice(0, 10)
  const own = open === 'new' ? { at: -1, date: '', hours: [] } : open && 'own' in open ? { at: open.own, ...(days[open.own] ?? { date: '', hours: [] }) } : null
  return (
    <>
      <Group title={m.hours_week()}>
        <List>
          {week.map((hours, weekday) => (
            <li key={names[weekday]} className="border-b border-hairline last:border-b-0">
              <button
                type="button"
                disabled={pending}
                onClick={() => setOpen({ weekday })}
                className="flex min-h-14 w-full items-center gap-3 px-4 py-2 text-left transition-colors active:bg-pressed lg:hover:bg-sunken"
              >
                <span className="min-w-0 flex-1 text-17 font-medium">{names[weekday]}</span>
                <span className={`text-right text-15 tabular-nums ${hours.length ? 'text-ink-2' : 'text-ink-3'}`}>{inWords(hours, closed)}</span>
                <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
              </button>
            </li>
          ))}
        </List>
        <label className="mt-3 flex min-h-12 cursor-pointer items-center gap-3 px-1 text-17">
          <input type="checkbox" disabled={pending} checked={schedule.holidays} onChange={(event) => onChange({ holidays: event.target.checked })} className="size-5 shrink-0 accent-accent" />
          <span>
            {m.hours_holidays()}
            {schedule.holidays && holidays.length > 0 && (
              <span className="block text-13 text-ink-3">{m.hours_next({ days: holidays.slice(0, 3).map((day) => shortDay(day, locale)).join(' · ') })}</span>
            )}
          </span>
        </label>
        {schedule.holidays && organization?.country === 'DE' && (
          <label className="mt-2 block">
            <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.hours_region()}</span>
            <select
              disabled={pending}
              value={schedule.region ?? ''}
              onChange={(event) => onChange({ region: event.target.value || null })}
              className="h-12 w-full rounded-control border border-edge bg-surface px-3 text-17"
            >
              <option value="">{m.hours_region_none()}</option>
              {Object.entries(STATES).map(([code, name]) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </Group>
      <Group title={m.hours_days()} hint={m.hours_days_hint()}>
        <div className="space-y-4">
          <List>
            {days.length === 0 && <Line title={<span className="text-15 font-normal text-ink-3">{m.hours_days_none()}</span>} />}
            {days.map((day, index) => (
              <Line
                key={day.date}
                title={
                  <button type="button" disabled={pending} onClick={() => setOpen({ own: index })} className="min-h-12 text-left">
                    {dayName(day.date, locale)}
                    <span className="block text-15 font-normal text-ink-3 tabular-nums">{inWords(day.hours, closed)}</span>
                  </button>
                }
                action={
                  <IconButton label={m.hours_day_remove({ day: dayName(day.date, locale) })} disabled={pending} onClick={() => onChange({ days: days.filter((_, at) => at !== index) })}>
                    <X size={18} aria-hidden />
                  </IconButton>
                }
              />
            ))}
          </List>
          <Button kind="soft" icon={<Plus size={18} aria-hidden />} disabled={pending} onClick={() => setOpen('new')}>
            {m.hours_day_add()}
          </Button>
        </div>
      </Group>
      {open && open !== 'new' && 'weekday' in open && (
        <DaySheet
          closed={closed}
          title={names[open.weekday] ?? ''}
          hours={week[open.weekday] ?? []}
          canSpread={open.weekday < WORKDAYS}
          onSave={(hours, { spread }) => saveWeekday(open.weekday, hours, spread)}
          onClose={close}
        />
      )}
      {own && (
        <DaySheet
          closed={closed}
          title={own.date ? dayName(own.date, locale) : m.hours_day_add()}
          hours={own.hours}
          date={{ value: own.date, min: today, taken: days.filter((_, at) => at !== own.at).map((day) => day.date) }}
          onSave={(hours, { date }) => saveOwn(own.at, date, hours)}
          onClose={close}
        />
      )}
    </>
  )
}
