import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Member, Shift } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { toInput } from '@/shared/i18n/zone'
import { Dot } from '@/shared/rota/Dot'
import { rotaOptions, weekOptions } from '@/shared/rota/queries'
import { standing } from '@/shared/rota/words'
import { teamOptions, useTeam } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { Button, IconButton } from '@/shared/ui/Button'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { DayOfWeek } from './DayOfWeek'
import { axisOf, moved } from './axis'

/** For managers: who is there, who covers when, and where nobody does. */
export function RotaScreen() {
  const team = useQuery(teamOptions)
  const rota = useQuery(rotaOptions)
  const shifts = new Map((rota.data ?? []).map((shift) => [shift.user_id, shift]))
  return (
    <Page title={m.rota_title()} hint={m.rota_hint()} wide>
      <Group title={m.rota_now()}>
        {rota.error && !rota.data ? (
          <Failed error={rota.error} again={() => void rota.refetch()} />
        ) : rota.data && team.data ? (
          <ul className="grid overflow-hidden rounded-card border border-hairline bg-surface lg:grid-cols-2">
            {team.data.map((member) => {
              const shift = shifts.get(member.id)
              return shift && <Person key={member.id} member={member} shift={shift} />
            })}
          </ul>
        ) : (
          <Waiting lines={3} />
        )}
      </Group>
      <Week />
    </Page>
  )
}

function Person({ member, shift }: { member: Member; shift: Shift }) {
  const place = usePlace()
  const now = new Date(useNow())
  return (
    <li className="border-b border-hairline last:border-b-0 lg:[&:nth-child(odd)]:border-r lg:[&:nth-last-child(2):nth-child(odd)]:border-b-0">
      <Link to="/settings/rota/$userId" params={{ userId: member.id }} className="flex min-h-16 items-center gap-3 px-4 py-2 transition-colors active:bg-pressed lg:hover:bg-sunken">
        <Avatar name={member.name} picture={member.picture} />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-17 font-medium">{member.name}</span>
          <span className="flex items-center gap-2 text-13 text-ink-3">
            <Dot shift={shift} />
            <span className="min-w-0 truncate">{standing(shift, now, place)}</span>
          </span>
        </span>
        {!shift.takes_leads && <span className="shrink-0 text-13 text-ink-3">{m.rota_no_leads()}</span>}
        {shift.takes_leads && shift.weight > 1 && <span className="shrink-0 text-13 text-ink-3 tabular-nums">{m.rota_weight_short({ n: shift.weight })}</span>}
        <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
      </Link>
    </li>
  )
}

function Week() {
  const { locale, timeZone } = usePlace()
  const team = useTeam()
  const today = toInput(new Date(), timeZone).slice(0, 10)
  const [day, setDay] = useState<string | null>(null)
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...weekOptions(day), placeholderData: (before) => before })
  const shown = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', timeZone: 'UTC' })
  const first = data?.days[0]?.date
  const last = data?.days[6]?.date
  const gaps = data?.days.reduce((count, one) => count + one.gaps.length, 0) ?? 0
  const axis = data && axisOf(data.days)
  const go = (days: number) => setDay(moved(first ?? today, days))
  return (
    <section aria-label={m.rota_week()} className="space-y-4">
      <div className="flex items-center gap-1">
        <h2 className="min-w-0 flex-1 text-17 font-semibold tabular-nums" aria-live="polite">
          {first && last ? shown.formatRange(new Date(`${first}T00:00:00Z`), new Date(`${last}T00:00:00Z`)) : m.rota_week()}
        </h2>
        {day !== null && (
          <Button kind="plain" onClick={() => setDay(null)}>
            {m.rota_this_week()}
          </Button>
        )}
        <IconButton label={m.rota_week_before()} onClick={() => go(-7)}>
          <ChevronLeft size={20} aria-hidden />
        </IconButton>
        <IconButton label={m.rota_week_after()} onClick={() => go(7)}>
          <ChevronRight size={20} aria-hidden />
        </IconButton>
      </div>
      {error && !data ? (
        <Failed error={error} again={() => void refetch()} />
      ) : data && axis ? (
        <div className={`space-y-4 transition-opacity ${isPlaceholderData ? 'opacity-55' : ''}`}>
          <p className={`text-15 ${gaps > 0 ? 'font-medium text-late-text' : 'text-ink-3'}`}>{gaps > 0 ? m.rota_gaps({ n: gaps }) : m.rota_no_gaps()}</p>
          <ul className="grid gap-3 lg:grid-cols-2">
            {data.days.map((one) => (
              <DayOfWeek key={one.date} day={one} axis={axis} today={one.date === today} team={team} />
            ))}
          </ul>
        </div>
      ) : (
        <Waiting lines={6} />
      )}
    </section>
  )
}
