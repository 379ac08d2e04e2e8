import { createElement, useEffect, useMemo, useState } from 'react'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { BellRing, Settings2, WifiOff } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import type { Lead, Notification } from '@/shared/api/types'
import { byDay, dayLabel } from '@/shared/i18n/days'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { clock, fullTime, type Place } from '@/shared/i18n/time'
import { nameOf } from '@/shared/leads/labels'
import { knownLead, leadListOptions } from '@/shared/leads/queries'
import { noticeKeys, noticesOptions } from '@/shared/notices/queries'
import { useSession } from '@/shared/session/queries'
import { createStore, useStore } from '@/shared/store'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Empty } from '@/shared/ui/Empty'
import { More } from '@/shared/ui/More'
import { Scroller } from '@/shared/ui/Scroller'
import { Bar } from '@/shared/ui/Skeleton'
import { hintOf, kindOf, pathOf } from './words'

/** What one was told of, newest first: whoever opens it has seen it. */
export function NoticesScreen() {
  const list = useInfiniteQuery(noticesOptions)
  const place = usePlace()
  const now = new Date(useNow())
  const pages = list.data?.pages
  const items = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages])
  const days = useMemo(() => byDay(items, place.timeZone), [items, place.timeZone])
  const fresh = useSeen(items)
  const leads = useLeads()
  const { fetchNextPage } = list
  return (
    <Scroller label={m.notice_title()}>
      <div className="mx-auto max-w-xl px-safe pt-6 pb-12">
        <header className="mb-6 flex items-center justify-between gap-4">
          <h1 className="text-28 font-bold tracking-tight">{m.notice_title()}</h1>
          <Link
            to="/settings/alerts"
            aria-label={m.notice_settings()}
            title={m.notice_settings()}
            className="-mr-2 grid size-12 place-items-center rounded-full text-ink-2 transition-colors active:bg-pressed"
          >
            <Settings2 size={21} aria-hidden />
          </Link>
        </header>
        {list.isPending ? (
          <LinesSkeleton />
        ) : items.length === 0 && list.isError ? (
          <Empty icon={<WifiOff size={26} />} title={inWords(list.error)}>
            <Button onClick={() => void list.refetch()}>{m.try_again()}</Button>
          </Empty>
        ) : items.length === 0 ? (
          <Empty icon={<BellRing size={26} />} title={m.notice_empty()}>
            <p>{m.notice_empty_hint()}</p>
          </Empty>
        ) : (
          <div className="space-y-7">
            {days.map(({ day, entries }) => (
              <section key={day} aria-label={dayLabel(entries[0], now, place)}>
                <h2 className="mb-2 text-15 font-semibold text-ink-3">{dayLabel(entries[0], now, place)}</h2>
                <ol className="overflow-hidden rounded-card border border-hairline bg-surface">
                  {entries.map((notice) => (
                    <Line key={notice.id} notice={notice} lead={notice.lead_id ? leads(notice.lead_id) : undefined} isFresh={fresh.has(notice.id)} now={now} place={place} />
                  ))}
                </ol>
              </section>
            ))}
            {list.hasNextPage && (
              <More key={pages?.length} busy={list.isFetchingNextPage} error={list.error} onMore={() => void fetchNextPage()}>
                <LinesSkeleton lines={2} />
              </More>
            )}
          </div>
        )}
      </div>
    </Scroller>
  )
}

/** Says that what stands here has been seen, and remembers for this visit what was new: a mark that goes while it is read has told nothing. */
function useSeen(items: Notification[]): ReadonlySet<string> {
  const client = useQueryClient()
  const [store] = useState(() => createStore<ReadonlySet<string>>(new Set()))
  useEffect(() => {
    const unseen = items.filter((notice) => !notice.seen_at).map((notice) => notice.id)
    if (unseen.length > 0) store.set((before) => new Set([...before, ...unseen]))
    const newest = items[0]
    const see = () => {
      if (!newest || newest.seen_at || document.visibilityState !== 'visible') return
      const seen = ask(api.PUT('/api/notifications/seen', { body: { until: newest.id }, headers: once() }))
      // Told again by the live stream; without one the count is right all the same.
      void seen.then(() => client.setQueryData(noticeKeys.unseen, { unseen: 0 }), () => {})
    }
    see()
    document.addEventListener('visibilitychange', see)
    return () => document.removeEventListener('visibilitychange', see)
  }, [client, items, store])
  return useStore(store)
}

/** The leads that this phone knows anyway: to open one for its name would be written down as a look at it. */
function useLeads(): (id: string) => Lead | undefined {
  const client = useQueryClient()
  const { user, role } = useSession()
  const newest = useInfiniteQuery(leadListOptions({ view: 'all' }, { id: user.id, role })).data
  return (id) => newest?.pages.flatMap((page) => page.items).find((lead) => lead.id === id) ?? knownLead(client, id)
}

const tones = { plain: 'bg-sunken text-ink-3', accent: 'bg-accent-soft text-accent-text', late: 'bg-late-soft text-late-text', fresh: 'bg-fresh-soft text-fresh-text' }

interface LineProps {
  notice: Notification
  lead: Lead | undefined
  isFresh: boolean
  now: Date
  place: Place
}

function Line({ notice, lead, isFresh, now, place }: LineProps) {
  const { role } = useSession()
  const router = useRouter()
  const { icon, tone, title } = kindOf(notice)
  const path = pathOf(notice, role === 'owner')
  const at = new Date(notice.at)
  const hint = hintOf(notice, now, place)
  const go = (event: React.MouseEvent) => {
    if (!notice.read_at) void ask(api.PUT('/api/notifications/{id}/read', { params: { path: { id: notice.id } }, headers: once() })).catch(() => {})
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    router.history.push(path)
  }
  return (
    <li className="border-b border-hairline last:border-b-0">
      <a href={path} onClick={go} className="flex min-h-18 items-start gap-4 px-4 py-3 transition-colors active:bg-pressed lg:hover:bg-sunken">
        <span className={cx('mt-0.5 grid size-9 shrink-0 place-items-center rounded-full', tones[tone])} aria-hidden>
          {createElement(icon, { size: 18 })}
        </span>
        <span className="min-w-0 flex-1">
          <span className={cx('block text-17 text-pretty break-words', notice.read_at ? 'text-ink-2' : 'font-semibold')}>{title(lead ? nameOf(lead) : null)}</span>
          <span className="block text-13 text-ink-3">
            <time dateTime={notice.at} title={fullTime(at, place)}>
              {clock(at, place)}
            </time>
            {hint && ` · ${hint}`}
          </span>
        </span>
        {isFresh && (
          <span className="mt-2 size-2.5 shrink-0 rounded-full bg-accent">
            <span className="sr-only">{m.notice_new()}</span>
          </span>
        )}
      </a>
    </li>
  )
}

function LinesSkeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div role="status" aria-label={m.loading()} className="shimmer">
      {['w-3/5', 'w-2/5', 'w-1/2', 'w-2/3', 'w-2/5', 'w-3/5'].slice(0, lines).map((width, index) => (
        <div key={index} className="flex h-18 items-center gap-4 border-b border-hairline px-4">
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
