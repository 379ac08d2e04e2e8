import { useState } from 'react'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { Calling, Import, ImportCheck, ImportColumnKind } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { count } from '@/shared/i18n/time'
import { Button } from '@/shared/ui/Button'
import { Choice } from '@/shared/ui/Choice'
import { cx } from '@/shared/ui/classes'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { importOptions } from './queries'
import { COLUMNS, columnLabel, rowReason, stateLabel, told } from './words'

const BACK = { to: '/settings/imports', label: () => m.import_title() } as const

/** One file: first what would become of its rows, then what did. */
export function ImportScreen() {
  const { importId } = useParams({ strict: false }) as { importId: string }
  const query = useQuery(importOptions(importId))
  const one = query.data
  return (
    <Page title={m.import_file()} hint={one && stateLabel(one.state)} wide={one?.state === 'draft'} back={BACK}>
      {query.isPending ? <Waiting lines={4} /> : query.error ? <Failed error={query.error} again={() => void query.refetch()} /> : query.data.state === 'draft' ? <Draft one={query.data} /> : <Outcome one={query.data} />}
    </Page>
  )
}

function Draft({ one }: { one: Import }) {
  const client = useQueryClient()
  const [columns, setColumns] = useState<Record<string, ImportColumnKind>>({})
  const [calling, setCalling] = useState<Calling>('auto')
  const plan = { columns, calling }
  const check = useQuery({
    queryKey: ['imports', 'check', one.id, plan],
    queryFn: ({ signal }) => ask(api.POST('/api/imports/{id}/check', { params: { path: { id: one.id } }, body: plan, signal })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
  const start = useMutation({
    mutationFn: () => ask(api.POST('/api/imports/{id}/start', { params: { path: { id: one.id } }, body: plan, headers: once() })),
    onSuccess: (begun) => client.setQueryData(importOptions(one.id).queryKey, begun),
    onError: (error) => toast(told(error), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['imports'] }),
  })
  if (one.columns.length === 0) return <p className="text-15 text-pretty text-ink-3">{m.import_error_gone()}</p>
  const usable = check.data ? check.data.new + check.data.joined : 0
  return (
    <div className="grid gap-9 lg:grid-cols-2 lg:items-start">
      <Group title={m.import_columns()} hint={m.import_columns_hint({ encoding: one.encoding })}>
        <ul>
          {one.columns.map(({ header, guess }) => (
            <li key={header} className="border-b border-hairline py-3 last:border-b-0">
              <label className="block">
                <span className="block text-17 font-medium break-words">{header}</span>
                <select
                  value={columns[header] ?? guess}
                  onChange={(event) => setColumns((before) => ({ ...before, [header]: event.target.value as ImportColumnKind }))}
                  className={cx('mt-2 h-12 w-full rounded-control border bg-surface px-3 text-17 text-ink', (columns[header] ?? guess) === guess ? 'border-edge' : 'border-accent')}
                >
                  {COLUMNS.map((column) => (
                    <option key={column} value={column}>
                      {columnLabel(column)}
                    </option>
                  ))}
                </select>
              </label>
            </li>
          ))}
        </ul>
      </Group>
      <div className="space-y-9">
        <Group title={m.import_check()}>
          <div className={cx('transition-opacity', check.isPlaceholderData && 'opacity-60')} aria-busy={check.isFetching} role="status">
            {check.isPending ? <Waiting lines={3} /> : check.error ? <p className="text-15 text-pretty text-late-text">{told(check.error)}</p> : <Checked check={check.data} />}
          </div>
        </Group>
        <Group title={m.import_calling()}>
          <Choice label={m.import_calling_auto()} chosen={calling === 'auto'} onClick={() => setCalling('auto')} />
          <Choice label={m.import_calling_call()} chosen={calling === 'call'} onClick={() => setCalling('call')} />
          <Choice label={m.import_calling_file()} chosen={calling === 'file'} onClick={() => setCalling('file')} />
        </Group>
        <Button kind="primary" className="w-full" disabled={usable === 0 || start.isPending || check.isPlaceholderData} onClick={() => start.mutate()}>
          {m.import_start({ n: usable })}
        </Button>
      </div>
    </div>
  )
}

function Checked({ check }: { check: ImportCheck }) {
  const place = usePlace()
  const [first] = check.sample
  const facts = first && [first.full_name, first.phone, first.email, first.service, first.city].filter(Boolean).join(' · ')
  return (
    <div className="space-y-4">
      <dl className="grid grid-cols-3 gap-4">
        <Figure label={m.import_new()} value={count(check.new, place.locale)} />
        <Figure label={m.import_joined()} value={count(check.joined, place.locale)} />
        <Figure label={m.import_invalid()} value={count(check.invalid, place.locale)} />
      </dl>
      {check.filed > 0 && <p className="text-15 text-pretty text-ink-2">{m.import_filed({ n: check.filed })}</p>}
      {facts && <p className="text-15 text-pretty break-words text-ink-2">{m.import_sample({ lead: facts })}</p>}
      {check.joins.length > 0 && (
        <details className="text-15">
          <summary className="flex min-h-12 cursor-pointer items-center font-medium text-accent-text">{m.import_joins_show()}</summary>
          <ul className="space-y-1 pb-2 text-ink-2">
            {check.joins.map((join) => (
              <li key={join.row}>
                <Link to="/leads/$leadId" params={{ leadId: join.lead_id }} className="inline-flex min-h-12 items-center underline underline-offset-4">
                  {m.import_row({ n: join.row })}
                </Link>
              </li>
            ))}
          </ul>
        </details>
      )}
      {check.errors.length > 0 && (
        <ul className="space-y-1 rounded-control bg-waning-soft px-4 py-3 text-15 text-waning-text">
          {check.errors.slice(0, 8).map((error) => (
            <li key={error.row} className="text-pretty">
              {[m.import_row({ n: error.row }), error.field].filter(Boolean).join(', ')}: {rowReason(error.reason)}
            </li>
          ))}
          {check.invalid > 8 && <li>{m.import_errors_more({ n: check.invalid - 8 })}</li>}
        </ul>
      )}
    </div>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-13 text-pretty text-ink-3">{label}</dt>
      <dd className="text-28 font-bold tracking-tight tabular-nums">{value}</dd>
    </div>
  )
}

function Outcome({ one }: { one: Import }) {
  const client = useQueryClient()
  const place = usePlace()
  const undo = useMutation({
    mutationFn: () => ask(api.POST('/api/imports/{id}/undo', { params: { path: { id: one.id } }, headers: once() })),
    onSuccess: (begun) => client.setQueryData(importOptions(one.id).queryKey, begun),
    onError: (error) => toast(told(error), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['imports'] }),
  })
  return (
    <div className="space-y-9">
      {one.state === 'running' && (
        <div>
          <progress className="h-2 w-full accent-accent" value={one.done} max={one.rows} aria-label={m.import_state_running()} />
          <p role="status" className="mt-1 text-13 text-ink-3 tabular-nums">
            {m.import_progress({ done: count(one.done, place.locale), rows: count(one.rows, place.locale) })}
          </p>
        </div>
      )}
      <dl className="grid grid-cols-3 gap-4">
        <Figure label={m.import_new()} value={count(one.imported, place.locale)} />
        <Figure label={m.import_joined()} value={count(one.joined, place.locale)} />
        <Figure label={m.import_invalid()} value={count(one.invalid, place.locale)} />
      </dl>
      {one.invalid > 0 && one.columns.length > 0 && (
        <a href={`/api/imports/${one.id}/errors`} download className="inline-flex min-h-12 items-center gap-2 text-15 font-medium text-accent-text">
          <Download size={18} aria-hidden />
          {m.import_errors_download()}
        </a>
      )}
      {one.state === 'done' && (
        <div className="space-y-3 border-t border-hairline pt-5">
          <p className="text-15 text-pretty text-ink-3">{m.import_undo_hint()}</p>
          <Button className="w-full" disabled={undo.isPending} onClick={() => undo.mutate()}>
            {m.import_undo()}
          </Button>
        </div>
      )}
      {one.state === 'undone' && (
        <div>
          <p className="text-15 text-pretty">{one.kept > 0 ? m.import_kept({ n: one.kept }) : m.import_kept_none()}</p>
          <ul>
            {one.kept_leads.map((lead, index) => (
              <li key={lead}>
                <Link to="/leads/$leadId" params={{ leadId: lead }} className="inline-flex min-h-12 items-center text-15 font-medium text-accent-text">
                  {m.import_kept_lead({ n: index + 1 })}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
