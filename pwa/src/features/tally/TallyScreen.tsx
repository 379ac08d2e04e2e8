import { useQuery } from '@tanstack/react-query'
import { CircleCheck, Scale, TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { DayTally, FormTally, Tally } from '@/shared/api/types'
import { tallyOptions } from '@/shared/connect/queries'
import { agrees, tallyFacts } from '@/shared/connect/words'
import { usePlace } from '@/shared/i18n/place'
import { count, when, type Place } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { cx } from '@/shared/ui/classes'
import { Empty } from '@/shared/ui/Empty'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'

const DAYS = 7

/** The proof that no lead is lost: Meta's lists beside what is here, by form and day. */
export function TallyScreen() {
  const tally = useQuery(tallyOptions(DAYS))
  return (
    <Page title={m.tally_title()} hint={m.tally_hint()}>
      {tally.isPending ? (
        <Waiting lines={4} />
      ) : tally.error ? (
        <Failed error={tally.error} again={() => void tally.refetch()} />
      ) : tally.data.forms.length === 0 ? (
        <Empty icon={<Scale size={26} />} title={m.tally_none()} />
      ) : (
        <Counted tally={tally.data} />
      )}
    </Page>
  )
}

function Counted({ tally }: { tally: Tally }) {
  const [today] = tally.days
  const several = tally.forms.length > 1
  return (
    <>
      {today && <Today day={today} forms={tally.forms} />}
      <Group title={several ? m.tally_all() : (tally.forms[0]?.name ?? m.tally_other())}>
        <Days days={tally.days} />
      </Group>
      {several &&
        tally.forms.map((form) => (
          <Group key={form.form_id ?? 'none'} title={form.name ?? m.tally_other()}>
            {form.asked_at === null && form.form_id !== null && <p className="mb-2 text-13 text-ink-3">{m.tally_not_asked()}</p>}
            <Days days={form.days.filter((day, index) => index === 0 || day.meta + day.ours + day.fresh > 0)} />
          </Group>
        ))}
    </>
  )
}

/** The oldest reading of a list: so far the count holds for all of them. */
function askedAt(forms: FormTally[]): string | null {
  const asked = forms.map((form) => form.asked_at).filter((at) => at !== null)
  return asked.length > 0 ? asked.reduce((a, b) => (a < b ? a : b)) : null
}

function Today({ day, forms }: { day: DayTally; forms: FormTally[] }) {
  const place = usePlace()
  const now = new Date(useNow())
  const same = agrees(day)
  const asked = askedAt(forms)
  return (
    <section aria-label={m.tally_today()} className="overflow-hidden rounded-card border border-hairline bg-surface">
      <div className={cx('flex items-center gap-3 px-5 py-4', same ? 'bg-fresh-soft text-fresh-text' : 'bg-waning-soft text-waning-text')}>
        {same ? <CircleCheck size={22} className="shrink-0" aria-hidden /> : <TriangleAlert size={22} className="shrink-0" aria-hidden />}
        <h2 className="text-17 font-semibold text-pretty">{same ? m.tally_same() : m.tally_missing({ n: day.meta - day.ours + day.unlisted })}</h2>
      </div>
      <div className="px-5 py-5">
        <p className="text-15 font-semibold text-ink-3">{m.tally_today()}</p>
        <dl className="mt-1 grid grid-cols-2 gap-4">
          <Side label={m.tally_in_meta()} value={count(day.meta, place.locale)} />
          <Side label={m.tally_in_ours()} value={count(day.ours, place.locale)} />
        </dl>
        <ul className="mt-4 space-y-1 text-15 text-ink-2">
          {tallyFacts(day).map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
        </ul>
        <p className="mt-3 text-13 text-ink-3">{asked ? m.tally_asked({ when: when(new Date(asked), now, place) }) : m.tally_not_asked()}</p>
      </div>
    </section>
  )
}

function Side({ label, value }: { label: string; value: string }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-15 text-ink-3">{label}</dt>
      <dd className="text-40 font-bold tracking-tight tabular-nums">{value}</dd>
    </div>
  )
}

function Days({ days }: { days: DayTally[] }) {
  const place = usePlace()
  return (
    <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
      {days.map((day) => (
        <li key={day.date} className="flex min-h-14 items-center gap-4 border-b border-hairline px-4 py-2.5 last:border-b-0">
          <span className="min-w-0 flex-1">
            <time dateTime={day.date} className="block text-15 font-medium">
              {dateOf(day.date, place)}
            </time>
            {tallyFacts(day).length > 0 && <span className="block text-13 text-pretty text-ink-3">{tallyFacts(day).join(' · ')}</span>}
          </span>
          <span className={cx('flex shrink-0 items-center gap-2 text-15 font-medium tabular-nums', agrees(day) ? 'text-ink-2' : 'text-waning-text')}>
            {m.tally_chip({ meta: count(day.meta, place.locale), ours: count(day.ours, place.locale) })}
            {agrees(day) ? <CircleCheck size={17} className="text-fresh-text" aria-hidden /> : <TriangleAlert size={17} aria-hidden />}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** A date without a time is the same in every zone. */
const dateOf = (date: string, { locale }: Place) =>
  new Intl.DateTimeFormat(locale, { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'long' }).format(new Date(`${date}T12:00:00Z`))
