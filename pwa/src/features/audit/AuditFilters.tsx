import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { teamOptions } from '@/shared/session/queries'
import { Chip, Filters, Group } from '@/shared/ui/Filters'
import { GROUPS, type AuditSearch } from './search'
import { groupLabel } from './words'

interface Props {
  search: AuditSearch
  /** Today in the organization's zone, 2026-03-02. */
  today: string
  onChange: (search: AuditSearch) => void
  onClose: () => void
}

/** Who, what, when. The lead is chosen on the lead itself. */
export function AuditFilters({ search, today, onChange, onClose }: Props) {
  const team = useQuery(teamOptions).data ?? []
  const [draft, setDraft] = useState(search)
  const choose = <K extends keyof AuditSearch>(field: K, value: AuditSearch[K]) =>
    setDraft((before) => ({ ...before, [field]: before[field] === value ? undefined : value }))
  const apply = (next: AuditSearch) => {
    onChange(next)
    onClose()
  }
  return (
    <Filters onClear={() => apply({ lead: search.lead })} onShow={() => apply(draft)} onClose={onClose}>
      <Group label={m.audit_filter_group()}>
        {GROUPS.map((group) => (
          <Chip key={group} on={draft.group === group} onClick={() => choose('group', group)} label={groupLabel(group)} />
        ))}
      </Group>
      <Group label={m.audit_filter_person()}>
        {team.map((member) => (
          <Chip key={member.id} on={draft.person === member.id} onClick={() => choose('person', member.id)} label={member.name} />
        ))}
      </Group>
      <fieldset>
        <legend className="mb-2 text-15 font-semibold text-ink-2">{m.audit_filter_time()}</legend>
        <div className="grid grid-cols-2 gap-3">
          <Day label={m.audit_filter_from()} value={draft.from} max={draft.to ?? today} onChange={(from) => setDraft((before) => ({ ...before, from }))} />
          <Day label={m.audit_filter_to()} value={draft.to} min={draft.from} max={today} onChange={(to) => setDraft((before) => ({ ...before, to }))} />
        </div>
      </fieldset>
    </Filters>
  )
}

interface DayProps {
  label: string
  value: string | undefined
  min?: string
  max?: string
  onChange: (day: string | undefined) => void
}

function Day({ label, value, min, max, onChange }: DayProps) {
  return (
    <label className="block min-w-0">
      <span className="mb-1 block text-13 text-ink-3">{label}</span>
      <input
        type="date"
        value={value ?? ''}
        min={min}
        max={max}
        onChange={(event) => onChange(event.target.value || undefined)}
        className="min-h-12 w-full min-w-0 rounded-control border border-edge bg-surface px-3 text-15"
      />
    </label>
  )
}
