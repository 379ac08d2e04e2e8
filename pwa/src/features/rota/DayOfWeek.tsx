import { m } from '@/paraglide/messages'
import type { DayOfRota, Member, Span } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { clock } from '@/shared/i18n/time'
import { Avatar } from '@/shared/ui/Avatar'
import { cx } from '@/shared/ui/classes'
import { placed, within, type Axis } from './axis'

interface Props {
  day: DayOfRota
  axis: Axis
  today: boolean
  team: Map<string, Member>
}

/** One day: when the business is open, who is there, and in red where nobody is. The hours stand beside the bars in words. */
export function DayOfWeek({ day, axis, today, team }: Props) {
  const place = usePlace()
  const title = new Intl.DateTimeFormat(place.locale, { weekday: 'long', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(`${day.date}T00:00:00Z`))
  // Midnight at the end of a day is the end of it.
  const end = (at: string) => (at === day.day.to ? '24:00' : clock(new Date(at), place))
  const words = (spans: Span[]) => spans.map(({ from, to }) => `${clock(new Date(from), place)}–${end(to)}`).join(', ')
  const bar = (spans: Span[], className: string) =>
    spans.map((span) => <span key={span.from} className={cx('absolute inset-y-0 rounded-full', className)} style={placed(within(span, day.day), axis)} />)
  return (
    <li className={cx('rounded-card border bg-surface p-4', day.gaps.length > 0 ? 'border-late' : 'border-hairline')}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <h3 className="text-17 font-semibold first-letter:uppercase">
          {title}
          {today && <span className="ml-2 text-13 font-medium text-accent-text">{m.rota_today()}</span>}
        </h3>
        <p className="text-13 text-ink-3 tabular-nums">{day.open.length > 0 ? m.rota_open({ hours: words(day.open) }) : m.rota_closed()}</p>
      </div>
      {(day.open.length > 0 || day.people.length > 0) && (
        <>
          <div aria-hidden className="relative mt-3 h-1.5">
            {bar(day.open, 'bg-edge')}
            {bar(day.gaps, 'bg-late')}
          </div>
          <ul className="mt-2 space-y-2">
            {day.people.map(({ user_id, spans }) => {
              const member = team.get(user_id)
              return (
                <li key={user_id} className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-2">
                  <Avatar name={member?.name ?? '?'} picture={member?.picture} size="xs" />
                  <span className="truncate text-15">{member?.name ?? m.someone()}</span>
                  <span className="text-13 text-ink-3 tabular-nums">{words(spans)}</span>
                  <span aria-hidden className="relative col-span-3 mt-1 h-2 rounded-full bg-sunken">
                    {bar(spans, 'bg-accent')}
                  </span>
                </li>
              )
            })}
          </ul>
        </>
      )}
      {day.gaps.length > 0 && <p className="mt-3 text-15 font-medium text-late-text">{m.rota_nobody({ hours: words(day.gaps) })}</p>}
    </li>
  )
}
