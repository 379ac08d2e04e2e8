import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { api } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { AlertChannel, AlertPreferences, NotificationKind } from '@/shared/api/types'
import { askVersioned } from '@/shared/api/versioned'
import { useSession } from '@/shared/session/queries'
import { Field } from '@/shared/ui/Field'
import { Chip } from '@/shared/ui/Filters'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { Toggle } from '@/shared/ui/Toggle'
import { preferencesOptions } from './queries'
import { KINDS, WAYS, wayLabel } from './words'

const SAVE = ['alert-preferences']
const NIGHT = { from: '22:00', to: '07:00' }

/** Each change is saved as it is made. */
export function Preferences() {
  const client = useQueryClient()
  const { queryKey } = preferencesOptions
  const { data, error, refetch } = useQuery(preferencesOptions)
  const save = useMutation({
    mutationKey: SAVE,
    // One after the other: each says which version it changes.
    scope: { id: 'alert-preferences' },
    mutationFn: (wanted: AlertPreferences) =>
      askVersioned(api.PUT('/api/me/alerts', { params: { header: { 'If-Match': client.getQueryData(queryKey)?.tag ?? '"0"' } }, body: wanted })),
    onMutate: (wanted) => client.setQueryData(queryKey, (before) => before && { ...before, value: wanted }),
    onSuccess: (saved) => {
      // The answer to an earlier choice must not undo a later one.
      const isLast = client.isMutating({ mutationKey: SAVE }) === 1
      client.setQueryData(queryKey, (before) => (isLast || !before ? saved : { ...before, tag: saved.tag }))
    },
    onError: (failed) => {
      void refetch()
      toast(isStatus(failed, 412) ? m.reach_moved() : inWords(failed), { tone: 'error' })
    },
  })
  if (error && !data) return <Failed error={error} again={() => void refetch()} />
  if (!data) return <Waiting lines={6} />
  const { value } = data
  return (
    <>
      <Ways wanted={value} onChange={(ways) => save.mutate({ ...value, ways })} />
      <Quiet quiet={value.quiet} onChange={(quiet) => save.mutate({ ...value, quiet })} />
    </>
  )
}

type AllWays = AlertPreferences['ways']

function Ways({ wanted, onChange }: { wanted: AlertPreferences; onChange: (ways: AllWays) => void }) {
  const { role } = useSession()
  const [kept, setKept] = useState<NotificationKind | null>(null)
  const ways = wanted.ways as Partial<Record<NotificationKind, AlertChannel[]>>
  const change = (kind: NotificationKind, way: AlertChannel, critical: boolean) => {
    const before = ways[kind] ?? []
    const after = before.includes(way) ? before.filter((one) => one !== way) : WAYS.filter((one) => one === way || before.includes(one))
    if (critical && after.length === 0) return setKept(kind)
    setKept(null)
    onChange({ ...wanted.ways, [kind]: after } as AllWays)
  }
  return (
    <Group title={m.reach_ways()} hint={m.reach_ways_hint()}>
      <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
        {KINDS.filter((one) => !one.owners || role === 'owner').map(({ kind, label, hint, critical = false }) => (
          <li key={kind} className="border-b border-hairline px-4 py-4 last:border-b-0">
            <p className="text-17 font-medium">{label()}</p>
            <p className="text-13 text-pretty text-ink-3">{critical ? `${hint()} ${m.reach_critical()}` : hint()}</p>
            <div role="group" aria-label={label()} className="mt-3 flex flex-wrap gap-2">
              {WAYS.map((way) => (
                <Chip key={way} on={ways[kind]?.includes(way) ?? false} onClick={() => change(kind, way, critical)} label={wayLabel(way)} />
              ))}
            </div>
            <div role="status">{kept === kind && <p className="mt-3 text-15 text-pretty text-late-text">{m.reach_kept()}</p>}</div>
          </li>
        ))}
      </ul>
    </Group>
  )
}

type Hours = AlertPreferences['quiet']

function Quiet({ quiet, onChange }: { quiet: Hours; onChange: (quiet: Hours) => void }) {
  const [draft, setDraft] = useState(quiet ?? NIGHT)
  const [was, setWas] = useState(quiet)
  if (quiet !== was) {
    // The server's word, after a save or another screen's change.
    setWas(quiet)
    if (quiet) setDraft(quiet)
  }
  const isSame = draft.from === draft.to
  const change = (part: Partial<NonNullable<Hours>>) => {
    const next = { ...draft, ...part }
    setDraft(next)
    if (next.from && next.to && next.from !== next.to) onChange(next)
  }
  return (
    <Group title={m.reach_quiet()} hint={m.reach_quiet_hint()}>
      <div className="rounded-card border border-hairline bg-surface px-4 py-1">
        <Toggle label={m.reach_quiet_on()} on={quiet !== null} onChange={(on) => onChange(on ? (isSame ? NIGHT : draft) : null)} />
        {quiet && (
          <div className="grid grid-cols-2 gap-3 pt-2 pb-4">
            <Field label={m.hours_from()} type="time" required value={draft.from} onChange={(event) => change({ from: event.target.value })} />
            <Field label={m.hours_to()} type="time" required value={draft.to} error={isSame ? m.reach_quiet_same() : undefined} onChange={(event) => change({ to: event.target.value })} />
          </div>
        )}
      </div>
    </Group>
  )
}
