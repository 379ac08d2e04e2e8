import { useState, type FormEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { CalendarClock, Clock3, Sunrise, Sunset } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Lead } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { fromInput, toInput } from '@/shared/i18n/zone'
import { snooze } from '@/shared/leads/moves'
import { Button } from '@/shared/ui/Button'
import { Choice } from '@/shared/ui/Choice'
import { snoozeTimes } from './snoozeTimes'

export function SnoozeChoices({ lead, onDone }: { lead: Lead; onDone: () => void }) {
  const client = useQueryClient()
  const place = usePlace()
  const [now] = useState(() => new Date())
  const times = snoozeTimes(now, place.timeZone)
  const [own, setOwn] = useState<string | null>(null)
  const [tooEarly, setTooEarly] = useState(false)

  const until = (at: Date) => {
    void snooze(client, lead, at, when(at, new Date(), place))
    onDone()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const at = own ? fromInput(own, place.timeZone) : null
    if (!at || at.getTime() <= Date.now()) setTooEarly(true)
    else until(at)
  }

  return (
    <div>
      <Choice icon={<Clock3 size={22} aria-hidden />} label={m.snooze_hour()} hint={when(times.hour, now, place)} onClick={() => until(times.hour)} />
      {times.afternoon && (
        <Choice
          icon={<Sunset size={22} aria-hidden />}
          label={m.snooze_afternoon()}
          hint={when(times.afternoon, now, place)}
          onClick={() => times.afternoon && until(times.afternoon)}
        />
      )}
      <Choice icon={<Sunrise size={22} aria-hidden />} label={m.snooze_tomorrow()} hint={when(times.tomorrow, now, place)} onClick={() => until(times.tomorrow)} />
      {own === null ? (
        <Choice icon={<CalendarClock size={22} aria-hidden />} label={m.snooze_own()} onClick={() => setOwn(toInput(times.tomorrow, place.timeZone))} />
      ) : (
        <form onSubmit={submit} noValidate className="flex flex-wrap items-end gap-3 py-2">
          <label className="min-w-0 flex-1 text-15 font-medium text-ink-2">
            {m.snooze_own()}
            <input
              type="datetime-local"
              value={own}
              min={toInput(now, place.timeZone)}
              aria-invalid={tooEarly || undefined}
              onChange={(event) => {
                setOwn(event.target.value)
                setTooEarly(false)
              }}
              className="mt-1.5 block h-12 w-full min-w-52 rounded-control border border-edge bg-surface px-3 text-17 text-ink"
            />
          </label>
          <Button kind="primary" type="submit">
            {m.action_snooze()}
          </Button>
          {tooEarly && (
            <p role="alert" className="w-full text-15 text-late-text">
              {m.snooze_past()}
            </p>
          )}
        </form>
      )}
    </div>
  )
}
