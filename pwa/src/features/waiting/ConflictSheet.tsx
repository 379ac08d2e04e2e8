import { useEffect, useState, type ReactNode } from 'react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import type { Lead, LeadStatus } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { applyChange } from '@/shared/leads/apply'
import { FIELDS, fieldLabel, fieldsOf, type LeadField } from '@/shared/leads/fields'
import { nameOf, statusLabel } from '@/shared/leads/labels'
import { timelineOptions } from '@/shared/leads/queries'
import { lostReasonLabel, NEXT } from '@/shared/leads/words'
import { discard, keepMine } from '@/shared/offline/engine'
import type { Row } from '@/shared/offline/row'
import { outbox } from '@/shared/offline/waiting'
import { useSession, useTeam } from '@/shared/session/queries'
import { useStore } from '@/shared/store'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'

/** Somebody was faster: both versions side by side, and the person decides. Nothing is dropped in silence. */
export function ConflictSheet({ rowKey, onClose }: { rowKey: string; onClose: () => void }) {
  const row = useStore(outbox).find((one) => one.key === rowKey)
  const theirs = row?.state === 'conflict' ? row.theirs : null
  useEffect(() => {
    // Decided in another tab.
    if (!theirs) onClose()
  }, [theirs, onClose])
  return row && theirs ? <Choose row={row} theirs={theirs} onClose={onClose} /> : null
}

interface Difference {
  name: string
  label: string
  mine: string
  theirs: string
}

function Choose({ row, theirs, onClose }: { row: Row; theirs: Lead; onClose: () => void }) {
  const client = useQueryClient()
  const [editing, setEditing] = useState(false)
  const nameOfPerson = usePeople()
  const shown = row.kind === 'status' ? statusDifferences(row, theirs, nameOfPerson) : fieldDifferences(row, theirs)
  const isPossible = row.kind !== 'status' || NEXT[theirs.status].includes(row.body?.status as LeadStatus)
  const mine = () => {
    void keepMine(row.key)
    onClose()
  }
  const keepTheirs = async () => {
    const undo = await discard(row.key)
    applyChange(client, { id: theirs.id, lead: theirs })
    onClose()
    if (undo) toast(m.conflict_discarded(), { undo: () => void undo() })
  }
  if (editing && row.kind === 'edit') return <Edit row={row} theirs={theirs} shown={shown} onClose={onClose} />
  return (
    <Sheet title={m.conflict_title()} hint={<Who row={row} theirs={theirs} />} onClose={onClose} wide>
      <table className="w-full table-fixed border-collapse text-left text-15">
        <thead>
          <tr className="text-13 text-ink-3">
            <th scope="col" className="w-[28%] py-2 pr-2 font-medium">{m.conflict_field()}</th>
            <th scope="col" className="py-2 pr-2 font-medium">{m.conflict_mine()}</th>
            <th scope="col" className="py-2 font-medium">{m.conflict_theirs()}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.name} className="border-t border-hairline align-top">
              <th scope="row" className="py-3 pr-2 font-medium text-ink-2">{one.label}</th>
              <td className="py-3 pr-2 font-medium break-words">{one.mine}</td>
              <td className="py-3 break-words">{one.theirs}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="mt-5 flex flex-col gap-3">
        {isPossible ? (
          <Button kind="primary" onClick={mine}>
            {m.conflict_keep_mine()}
          </Button>
        ) : (
          <p className="rounded-control bg-waning-soft px-4 py-3 text-15 text-waning-text">
            {m.conflict_impossible({ from: statusLabel(theirs.status), to: statusLabel(String(row.body?.status)) })}
          </p>
        )}
        {row.kind === 'edit' && <Button onClick={() => setEditing(true)}>{m.conflict_edit()}</Button>}
        {row.kind === 'status' &&
          NEXT[theirs.status]
            .filter((status) => status !== row.body?.status && status !== 'lost')
            .map((status) => (
              <Button
                key={status}
                onClick={() => {
                  void keepMine(row.key, { status })
                  onClose()
                }}
              >
                {m.conflict_instead({ status: statusLabel(status) })}
              </Button>
            ))}
        <Button kind={isPossible ? 'quiet' : 'primary'} onClick={() => void keepTheirs()}>{m.conflict_keep_theirs()}</Button>
      </div>
    </Sheet>
  )
}

/** The person's own words over what is saved now, to be mended by hand. */
function Edit({ row, theirs, shown, onClose }: { row: Row; theirs: Lead; shown: Difference[]; onClose: () => void }) {
  const [values, setValues] = useState(() => Object.fromEntries(shown.map((one) => [one.name, one.mine === '–' ? '' : one.mine])))
  const now = fieldsOf(theirs)
  const save = () => {
    const changed = Object.entries(values).filter(([name, value]) => value.trim() !== now[name as LeadField])
    const body = Object.fromEntries(changed.map(([name, value]) => [name, value.trim() || null]))
    void (changed.length === 0 ? discard(row.key) : keepMine(row.key, body))
    onClose()
  }
  return (
    <Sheet title={m.conflict_edit()} hint={nameOf(theirs)} onClose={onClose} wide>
      <form
        noValidate
        className="space-y-4 pt-1"
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        {shown.map((one) => (
          <div key={one.name}>
            <Field label={one.label} value={values[one.name] ?? ''} onChange={(event) => setValues((before) => ({ ...before, [one.name]: event.target.value }))} />
            <p className="mt-1 text-13 text-ink-3">
              {m.conflict_theirs()}: {one.theirs}
            </p>
          </div>
        ))}
        <div className="flex gap-3 pt-2">
          <Button className="flex-1" onClick={onClose}>
            {m.cancel()}
          </Button>
          <Button kind="primary" type="submit" className="flex-1">
            {m.save()}
          </Button>
        </div>
      </form>
    </Sheet>
  )
}

/** Who changed it, and when; what they did stands in the history. */
function Who({ row, theirs }: { row: Row; theirs: Lead }): ReactNode {
  const place = usePlace()
  const now = useNow()
  const session = useSession()
  const person = usePeople()
  const timeline = useQuery(timelineOptions(theirs.id)).data
  const other = timeline?.find((item) => item.user_id !== null && item.user_id !== session.user.id && ['status', 'edited', 'claimed', 'assigned', 'attempt'].includes(item.kind))
  const at = other ? new Date(other.at) : new Date(theirs.updated_at)
  const time = when(at, new Date(now), place)
  const mine = when(new Date(row.at), new Date(now), place)
  return (
    <>
      <span className="block font-medium text-ink-2">{nameOf(theirs)}</span>
      {other ? m.conflict_who({ name: person(other.user_id), when: time, mine }) : m.conflict_when({ when: time, mine })}
    </>
  )
}

function usePeople(): (id: string | null) => string {
  const session = useSession()
  const team = useTeam()
  return (id) => (id === null ? m.nobody() : id === session.user.id ? session.user.name : (team.get(id)?.name ?? m.someone()))
}

function fieldDifferences(row: Row, theirs: Lead): Difference[] {
  const before = fieldsOf(row.base)
  const now = fieldsOf(theirs)
  const wanted: Record<LeadField, string> = { ...before }
  for (const field of FIELDS) if (row.body && field in row.body) wanted[field] = String(row.body[field] ?? '')
  return FIELDS.filter((field) => (row.body && field in row.body) || now[field] !== before[field]).map((field) => ({
    name: field,
    label: fieldLabel(field),
    mine: (row.body && field in row.body ? wanted[field] : now[field]) || '–',
    theirs: now[field] || '–',
  }))
}

function statusDifferences(row: Row, theirs: Lead, person: (id: string | null) => string): Difference[] {
  const say = (status: string, reason: unknown) => [statusLabel(status), reason ? lostReasonLabel(String(reason)) : null].filter(Boolean).join(' · ')
  const shown: Difference[] = [
    { name: 'status', label: m.filter_status(), mine: say(String(row.body?.status), row.body?.lost_reason), theirs: say(theirs.status, theirs.lost_reason) },
  ]
  if (theirs.assignee_id !== row.base.assignee_id) {
    shown.push({ name: 'assignee', label: m.filter_assignee(), mine: person(row.base.assignee_id), theirs: person(theirs.assignee_id) })
  }
  return shown
}
