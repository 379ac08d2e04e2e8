import type { ReactNode } from 'react'
import { queryOptions, useMutation, useQuery, useQueryClient, type QueryKey } from '@tanstack/react-query'
import { CircleCheck, RotateCw } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { TroubledConnection } from '@/shared/api/types'
import { mendWords, stepLabel, troubleLabel } from '@/shared/connect/words'
import { usePlace } from '@/shared/i18n/place'
import { count, fullTime, when, type Place } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Empty } from '@/shared/ui/Empty'
import { Scroller } from '@/shared/ui/Scroller'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { toast } from '@/shared/ui/toasts'

const jobsOptions = queryOptions({
  queryKey: ['operator', 'jobs'],
  queryFn: ({ signal }) => ask(api.GET('/api/operator/jobs', { signal })).then((page) => page.items),
})

const connectionsOptions = queryOptions({
  queryKey: ['operator', 'connections'],
  queryFn: ({ signal }) => ask(api.GET('/api/operator/connections', { signal, headers: { 'X-Background': '1' } })).then((page) => page.items),
  refetchInterval: 60_000,
})

const webhooksOptions = queryOptions({
  queryKey: ['operator', 'webhooks'],
  queryFn: ({ signal }) => ask(api.GET('/api/operator/webhooks', { signal })).then((page) => page.items),
})

/** The graveyard: what could not be done, and what could not be routed. Nothing is lost; it waits here. */
export function OperatorScreen() {
  const connections = useQuery(connectionsOptions)
  const jobs = useQuery(jobsOptions)
  const webhooks = useQuery(webhooksOptions)
  const place = usePlace()
  const now = new Date(useNow())
  return (
    <Scroller label={m.nav_operator()} stop>
      <div className="mx-auto max-w-5xl space-y-12 px-safe pt-6 pb-12">
        <header>
          <h1 className="text-28 font-bold tracking-tight">{m.nav_operator()}</h1>
          <p className="mt-1 text-15 text-ink-3">{m.operator_hint()}</p>
        </header>
        <Graveyard title={m.operator_connections()} pending={connections.isPending} error={connections.error} onRetry={() => void connections.refetch()} none={m.operator_connections_none()} size={connections.data?.length ?? 0}>
          {connections.data?.map((one) => (
            <Troubled key={one.page_id} connection={one} now={now} place={place} />
          ))}
        </Graveyard>
        <Graveyard title={m.operator_jobs()} pending={jobs.isPending} error={jobs.error} onRetry={() => void jobs.refetch()} none={m.operator_jobs_none()} size={jobs.data?.length ?? 0}>
          {jobs.data?.map((job) => (
            <Row
              key={job.id}
              title={job.kind}
              detail={job.last_error ?? '–'}
              facts={[m.operator_tries({ n: job.attempt }), job.organization_id ? m.operator_organization({ id: job.organization_id.slice(0, 8) }) : null]}
              at={job.finished_at ?? null}
              now={now}
              place={place}
              replay={() => ask(api.POST('/api/operator/jobs/{id}/replay', { params: { path: { id: job.id } }, headers: once() }))}
              refetch={jobsOptions.queryKey}
            />
          ))}
        </Graveyard>
        <Graveyard title={m.operator_webhooks()} pending={webhooks.isPending} error={webhooks.error} onRetry={() => void webhooks.refetch()} none={m.operator_webhooks_none()} size={webhooks.data?.length ?? 0}>
          {webhooks.data?.map((webhook) => (
            <Row
              key={webhook.id}
              title={webhook.provider}
              detail={webhook.reason}
              facts={[m.operator_bytes({ n: count(webhook.size, place.locale) })]}
              at={webhook.received_at}
              now={now}
              place={place}
              replay={() => ask(api.POST('/api/operator/webhooks/{id}/replay', { params: { path: { id: webhook.id } }, headers: once() }))}
              refetch={webhooksOptions.queryKey}
            />
          ))}
        </Graveyard>
      </div>
    </Scroller>
  )
}

interface GraveyardProps {
  title: string
  pending: boolean
  error: Error | null
  onRetry: () => void
  none: string
  size: number
  children: ReactNode
}

function Graveyard({ title, pending, error, onRetry, none, size, children }: GraveyardProps) {
  return (
    <section aria-label={title}>
      <h2 className="mb-2 flex items-baseline gap-2 text-20 font-semibold tracking-tight">
        {title}
        {size > 0 && <span className="text-15 font-medium text-ink-3">{size}</span>}
      </h2>
      {pending ? (
        <RowsSkeleton rows={3} />
      ) : error ? (
        <div className="flex flex-wrap items-center gap-4 py-4">
          <p className="text-15 text-late-text">{inWords(error)}</p>
          <Button onClick={onRetry}>{m.try_again()}</Button>
        </div>
      ) : size === 0 ? (
        <Empty icon={<CircleCheck size={26} />} title={none} />
      ) : (
        <ul>{children}</ul>
      )}
    </section>
  )
}

/** What is wrong, since when, and what the business or the agency does about it. */
function Troubled({ connection, now, place }: { connection: TroubledConnection; now: Date; place: Place }) {
  const at = connection.since ?? connection.token_ends_at
  return (
    <li className="border-b border-hairline py-4">
      <p className="text-17 font-semibold break-words">
        {connection.organization_name} · {connection.page_name}
      </p>
      {connection.mend && <p className="mt-0.5 text-15 text-pretty text-ink-2">{mendWords(connection.mend)}</p>}
      <p className={cx('mt-1 text-13', connection.kind === 'missing' ? 'text-late-text' : 'text-waning-text')}>
        {troubleLabel(connection.kind)}
        {connection.step && ` · ${stepLabel(connection.step)}`}
        {at && (
          <>
            {' · '}
            <time dateTime={at} title={fullTime(new Date(at), place)}>
              {when(new Date(at), now, place)}
            </time>
          </>
        )}
      </p>
    </li>
  )
}

interface RowProps {
  title: string
  detail: string
  facts: (string | null)[]
  at: string | null
  now: Date
  place: Place
  replay: () => Promise<unknown>
  refetch: QueryKey
}

function Row({ title, detail, facts, at, now, place, replay, refetch }: RowProps) {
  const client = useQueryClient()
  const again = useMutation({
    mutationFn: replay,
    onSuccess: () => toast(m.operator_replayed({ what: title })),
    onError: (error) => toast(isStatus(error, 409) ? m.operator_still_nobodys() : inWords(error), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: refetch }),
  })
  return (
    <li className="flex flex-wrap items-start gap-x-6 gap-y-2 border-b border-hairline py-4">
      <div className="min-w-0 flex-1 basis-72">
        <p className="text-17 font-semibold break-words">{title}</p>
        <p className="mt-0.5 text-15 break-words text-ink-2">{detail}</p>
        <p className="mt-1 text-13 text-ink-3">
          {facts.filter(Boolean).join(' · ')}
          {at && (
            <>
              {' · '}
              <time dateTime={at} title={fullTime(new Date(at), place)}>
                {when(new Date(at), now, place)}
              </time>
            </>
          )}
        </p>
      </div>
      <Button icon={<RotateCw size={17} aria-hidden />} disabled={again.isPending} onClick={() => again.mutate()} aria-label={m.operator_replay_named({ what: title })}>
        {m.operator_replay()}
      </Button>
    </li>
  )
}
