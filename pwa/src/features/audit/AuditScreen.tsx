import { createElement, useMemo, useState } from 'react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Download, ScrollText, ShieldAlert, ShieldCheck, SlidersHorizontal, WifiOff, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import type { AuditEntry } from '@/shared/api/types'
import { byDay, dayLabel } from '@/shared/i18n/days'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { clock, count, fullTime, when, type Place } from '@/shared/i18n/time'
import { toInput } from '@/shared/i18n/zone'
import { useTeam } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Empty } from '@/shared/ui/Empty'
import { More } from '@/shared/ui/More'
import { Page } from '@/shared/ui/Page'
import { Bar } from '@/shared/ui/Skeleton'
import { AuditFilters } from './AuditFilters'
import { chainOptions, exportPath, trailOptions } from './queries'
import { parseAuditSearch, type AuditSearch } from './search'
import { iconOf, sentenceOf, whenceOf, type Words } from './words'

/** Who did or saw what, when and from where: the owner's, newest first, a heading for each day. */
export function AuditScreen() {
  const raw = useSearch({ strict: false }) as Record<string, unknown>
  const search = parseAuditSearch(raw)
  const navigate = useNavigate()
  const place = usePlace()
  const [filtering, setFiltering] = useState(false)
  const now = new Date(useNow())
  const narrowed = [search.person, search.group, search.from ?? search.to].filter(Boolean).length
  const show = (next: AuditSearch) => void navigate({ to: '/settings/audit', search: next, replace: true })
  return (
    <Page
      title={m.audit_title()}
      hint={m.audit_hint()}
      action={
        <Button icon={<SlidersHorizontal size={17} aria-hidden />} onClick={() => setFiltering(true)}>
          {narrowed > 0 ? m.filters_on({ n: narrowed }) : m.filters()}
        </Button>
      }
    >
      <div className="space-y-2">
        <ChainState now={now} place={place} />
        <a href={exportPath(search, place.timeZone)} download className="inline-flex min-h-12 items-center gap-2 text-15 font-medium text-accent-text">
          <Download size={17} aria-hidden />
          {m.audit_export()}
        </a>
      </div>
      <Trail search={search} now={now} place={place} onAll={() => show({ ...search, lead: undefined })} />
      {filtering && <AuditFilters search={search} today={toInput(now, place.timeZone).slice(0, 10)} onChange={show} onClose={() => setFiltering(false)} />}
    </Page>
  )
}

/** Whether anybody wrote past the server; looked at once a day. */
function ChainState({ now, place }: { now: Date; place: Place }) {
  const chain = useQuery(chainOptions).data
  if (!chain || chain.number === 0) return null
  const at = (number: number | null) => count(number ?? 0, place.locale)
  const words = chain.broken
    ? m.audit_chain_broken({ n: at(chain.checked_number) })
    : chain.checked_at
      ? m.audit_chain_whole({ n: at(chain.checked_number), when: when(new Date(chain.checked_at), now, place) })
      : m.audit_chain_new({ n: at(chain.number) })
  return (
    <p
      role={chain.broken ? 'alert' : undefined}
      className={cx(
        'flex items-start gap-3 rounded-card px-4 py-3 text-15 text-pretty',
        chain.broken ? 'bg-late-soft text-late-text' : chain.checked_at ? 'bg-fresh-soft text-fresh-text' : 'bg-sunken text-ink-2',
      )}
    >
      {createElement(chain.broken ? ShieldAlert : ShieldCheck, { size: 20, className: 'mt-px shrink-0', 'aria-hidden': true })}
      <span className="min-w-0">{words}</span>
    </p>
  )
}

interface TrailProps {
  search: AuditSearch
  now: Date
  place: Place
  onAll: () => void
}

function Trail({ search, now, place, onAll }: TrailProps) {
  const trail = useInfiniteQuery(trailOptions(search, place.timeZone))
  const team = useTeam()
  const pages = trail.data?.pages
  const days = useMemo(() => byDay(pages?.flatMap((page) => page.items) ?? [], place.timeZone), [pages, place.timeZone])
  const words: Words = {
    name: (id) => (id && team.get(id)?.name) || m.audit_who_former(),
    time: (at) => when(at, now, place),
  }
  const lead = pages?.[0]?.items.find((entry) => entry.subject_id === search.lead)?.subject_name
  const { fetchNextPage } = trail
  return (
    <div className="space-y-7">
      {search.lead && (
        <button type="button" onClick={onAll} className="inline-flex min-h-12 max-w-full items-center gap-2 rounded-full bg-accent-soft px-4 text-15 font-medium text-accent-text">
          <span className="truncate">{m.audit_of_lead({ name: lead ?? m.audit_lead_nameless() })}</span>
          <X size={17} className="shrink-0" aria-hidden />
          <span className="sr-only">{m.audit_of_lead_end()}</span>
        </button>
      )}
      {trail.isPending ? (
        <TrailSkeleton />
      ) : days.length === 0 && trail.isError ? (
        <Empty icon={<WifiOff size={26} />} title={inWords(trail.error)}>
          <Button onClick={() => void trail.refetch()}>{m.try_again()}</Button>
        </Empty>
      ) : days.length === 0 ? (
        <Nothing narrowed={Object.keys(search).length > 0} />
      ) : (
        days.map(({ day, entries }) => (
          <section key={day} aria-label={dayLabel(entries[0], now, place)}>
            <h2 className="sticky top-0 z-10 -mx-2 bg-paper/95 px-2 py-2 text-15 font-semibold text-ink-3 backdrop-blur-sm">{dayLabel(entries[0], now, place)}</h2>
            <ol>
              {entries.map((entry) => (
                <Line key={entry.number} entry={entry} words={words} place={place} named={!search.lead} />
              ))}
            </ol>
          </section>
        ))
      )}
      {trail.hasNextPage && (
        <More key={pages?.length} busy={trail.isFetchingNextPage} error={trail.error} onMore={() => void fetchNextPage()}>
          <TrailSkeleton lines={2} />
        </More>
      )}
    </div>
  )
}

interface LineProps {
  entry: AuditEntry
  words: Words
  place: Place
  /** Says which lead; where all are about one, that is said once. */
  named: boolean
}

function Line({ entry, words, place, named }: LineProps) {
  const { who, what } = sentenceOf(entry, words)
  const at = new Date(entry.at)
  const whence = whenceOf(entry)
  const isWarning = entry.action === 'sign_in_failed' || entry.action === 'connection_broken'
  return (
    <li className="flex gap-4 border-b border-hairline py-3 [contain-intrinsic-size:auto_72px] [content-visibility:auto] last:border-b-0">
      <span className={cx('mt-0.5 grid size-9 shrink-0 place-items-center rounded-full', isWarning ? 'bg-late-soft text-late-text' : 'bg-sunken text-ink-3')} aria-hidden>
        {createElement(iconOf(entry), { size: 17 })}
      </span>
      <div className="min-w-0 flex-1">
        <p className="text-15 text-pretty break-words text-ink-2">
          {who && <strong className="font-semibold text-ink">{who} </strong>}
          {what}
        </p>
        {named && entry.subject === 'lead' && entry.subject_id && (
          <Link to="/leads/$leadId" params={{ leadId: entry.subject_id }} className="-my-1 inline-flex min-h-12 max-w-full items-center text-15 font-medium text-accent-text">
            <span className="truncate">{entry.subject_name ?? m.audit_lead_nameless()}</span>
          </Link>
        )}
        <p className="text-13 break-words text-ink-3">
          <time dateTime={entry.at} title={fullTime(at, place)}>
            {clock(at, place)}
          </time>
          {whence && ` · ${whence}`}
          {` · ${m.audit_number({ n: count(entry.number, place.locale) })}`}
        </p>
      </div>
    </li>
  )
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  if (narrowed) return <Empty icon={<ScrollText size={26} />} title={m.empty_filtered()} />
  return (
    <Empty icon={<ScrollText size={26} />} title={m.audit_empty()}>
      <p>{m.audit_empty_hint()}</p>
    </Empty>
  )
}

function TrailSkeleton({ lines = 7 }: { lines?: number }) {
  return (
    <div role="status" aria-label={m.loading()} className="shimmer">
      {['w-3/5', 'w-2/5', 'w-1/2', 'w-2/3', 'w-2/5', 'w-3/5', 'w-1/2'].slice(0, lines).map((width, index) => (
        <div key={index} className="flex h-18 items-center gap-4 border-b border-hairline">
          <div className="size-9 shrink-0 rounded-full bg-sunken" />
          <div className="flex-1 space-y-2.5">
            <Bar className={`h-4 ${width}`} />
            <Bar className="h-3 w-1/3" />
          </div>
        </div>
      ))}
    </div>
  )
}
