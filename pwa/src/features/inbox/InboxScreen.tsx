import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Inbox, ListChecks, SlidersHorizontal, UserRound, UserRoundPlus, WifiOff } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { afterPaint } from '@/shared/device/paint'
import { countOfMany } from '@/shared/i18n/time'
import { countFilters, type LeadFilters, type View } from '@/shared/leads/filters'
import { countsOptions } from '@/shared/leads/queries'
import { leads } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Empty } from '@/shared/ui/Empty'
import { Segments } from '@/shared/ui/Segments'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { Announcer } from './Announcer'
import { rows } from './rows'
import { useInbox, useInboxFilters } from './useInbox'
import { useListKeys } from './useListKeys'

const LeadList = lazy(rows)
const Told = lazy(() => import('./Told').then((loaded) => ({ default: loaded.Told })))
const Count = lazy(() => import('./Count').then((loaded) => ({ default: loaded.Count })))
const Invite = lazy(() => import('./Invite').then((loaded) => ({ default: loaded.Invite })))
const EntrySheet = lazy(() => import('./EntrySheet').then((loaded) => ({ default: loaded.EntrySheet })))
const FilterSheet = lazy(() => import('./FilterSheet').then((loaded) => ({ default: loaded.FilterSheet })))

export function InboxScreen() {
  const filters = useInboxFilters()
  const inbox = useInbox(filters)
  const { leadId } = useParams({ strict: false })
  const navigate = useNavigate()
  const counts = useQuery(countsOptions).data
  const [filtering, setFiltering] = useState(false)
  const [entering, setEntering] = useState(false)
  // The list comes first; what is told beside it when it stands.
  const [stands, setStands] = useState(false)
  useEffect(() => afterPaint(() => setStands(true)), [])
  useListKeys(inbox.items, leadId)

  const { hasNextPage, isFetchingNextPage, fetchNextPage, items } = inbox
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [isFetchingNextPage, fetchNextPage])

  const show = (view: View) => void navigate({ to: '.', search: (before) => ({ ...before, view: view === 'todo' ? undefined : view }), replace: true })
  const set = countFilters(filters)

  return (
    <section aria-label={m.nav_inbox()} className="flex h-full min-h-0 flex-col bg-paper">
      <header className="space-y-3 border-b border-hairline px-safe pt-3 pb-3">
        <div className="flex items-center justify-between gap-2">
          <h1 className="mr-auto text-28 font-bold tracking-tight">{m.nav_inbox()}</h1>
          <Suspense fallback={null}>{stands && leads(inbox.session.role) && <Count />}</Suspense>
          <IconButton label={m.entry_title()} className="-mr-2" onClick={() => setEntering(true)}>
            <UserRoundPlus size={21} aria-hidden />
          </IconButton>
          <button
            type="button"
            onClick={() => setFiltering(true)}
            aria-label={set > 0 ? m.filters_on({ n: set }) : m.filters()}
            className="relative -mr-2 grid size-12 place-items-center rounded-full text-ink-2 transition-colors active:bg-pressed"
          >
            <SlidersHorizontal size={21} aria-hidden />
            {set > 0 && (
              <span className="absolute top-1 right-1 grid size-5 place-items-center rounded-full bg-accent text-13 font-semibold text-on-accent">{set}</span>
            )}
          </button>
        </div>
        <Segments<View>
          label={m.inbox_segments()}
          value={filters.view}
          onChange={show}
          segments={[
            { value: 'todo', label: m.view_todo(), badge: counts ? countOfMany(counts.todo) : undefined },
            { value: 'mine', label: m.view_mine(), badge: counts ? countOfMany(counts.mine) : undefined },
            { value: 'all', label: m.view_all() },
          ]}
        />
      </header>
      <Suspense fallback={null}>{stands && <Told session={inbox.session} />}</Suspense>
      {inbox.isPending ? (
        <RowsSkeleton />
      ) : inbox.isError && items.length === 0 ? (
        <Empty icon={<WifiOff size={26} />} title={inWords(inbox.error)}>
          <Button onClick={() => void inbox.refetch()}>{m.try_again()}</Button>
        </Empty>
      ) : items.length === 0 ? (
        <EmptyInbox filters={filters} filtered={set > 0} show={show} />
      ) : (
        <Suspense fallback={<RowsSkeleton />}>
          <LeadList
            key={JSON.stringify(filters)}
            name={JSON.stringify(filters)}
            items={items}
            session={inbox.session}
            selectedId={leadId}
            hasMore={hasNextPage}
            loadMore={loadMore}
          />
        </Suspense>
      )}
      <Suspense fallback={null}>{stands && inbox.session.role === 'agent' && <Invite />}</Suspense>
      <Announcer />
      <Suspense fallback={null}>{entering && <EntrySheet session={inbox.session} onClose={() => setEntering(false)} />}</Suspense>
      <Suspense fallback={null}>{filtering && <FilterSheet filters={filters} onClose={() => setFiltering(false)} />}</Suspense>
    </section>
  )
}

function EmptyInbox({ filters, filtered, show }: { filters: LeadFilters; filtered: boolean; show: (view: View) => void }) {
  const navigate = useNavigate()
  if (filtered) {
    return (
      <Empty icon={<SlidersHorizontal size={26} />} title={m.empty_filtered()}>
        <Button kind="soft" onClick={() => void navigate({ to: '.', search: filters.view === 'todo' ? {} : { view: filters.view } })}>
          {m.filters_clear()}
        </Button>
      </Empty>
    )
  }
  if (filters.view === 'todo') {
    return (
      <Empty icon={<ListChecks size={26} />} title={m.empty_todo()}>
        <p>{m.empty_todo_hint()}</p>
        <Button kind="soft" onClick={() => show('all')}>{m.empty_todo_action()}</Button>
      </Empty>
    )
  }
  if (filters.view === 'mine') {
    return (
      <Empty icon={<UserRound size={26} />} title={m.empty_mine()}>
        <p>{m.empty_mine_hint()}</p>
        <Button kind="soft" onClick={() => show('todo')}>{m.empty_mine_action()}</Button>
      </Empty>
    )
  }
  return (
    <Empty icon={<Inbox size={26} />} title={m.empty_all()}>
      <p>{m.empty_all_hint()}</p>
    </Empty>
  )
}
