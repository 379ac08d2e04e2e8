import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import type { LeadStatus } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { instantOf, wallOf } from '@/shared/i18n/zone'
import type { LeadFilters } from '@/shared/leads/filters'
import { statusLabel } from '@/shared/leads/labels'
import { campaignsOptions, formsOptions, teamOptions, useSession } from '@/shared/session/queries'
import { Chip, Filters, Group } from '@/shared/ui/Filters'

const STATUSES: LeadStatus[] = ['new', 'no_answer', 'contacted', 'scheduled', 'won', 'lost']

/** Scores that are worth a list of their own. */
const GOOD = [50, 70]

/** Days back from today's midnight in the organization's zone. */
const TIMES = { today: 0, week: 6, month: 29 }

export function FilterSheet({ filters, onClose }: { filters: LeadFilters; onClose: () => void }) {
  const navigate = useNavigate()
  const session = useSession()
  const { timeZone } = usePlace()
  const [draft, setDraft] = useState(filters)
  const team = useQuery(teamOptions).data ?? []
  const campaigns = useQuery(campaignsOptions).data ?? []
  const forms = useQuery(formsOptions).data ?? []

  const toggle = (field: 'status' | 'assignee' | 'campaign' | 'form', value: string) => {
    setDraft((before) => {
      const set = new Set(before[field]?.split(',').filter(Boolean))
      if (!set.delete(value)) set.add(value)
      return { ...before, [field]: [...set].join(',') || undefined }
    })
  }
  const isOn = (field: 'status' | 'assignee' | 'campaign' | 'form', value: string) => Boolean(draft[field]?.split(',').includes(value))

  const best = (least: number | undefined) =>
    setDraft((before) => (before.view === 'best' && before.min_score === least ? { ...before, view: 'todo', min_score: undefined } : { ...before, view: 'best', min_score: least }))

  const startOf = (days: number) => {
    const today = wallOf(new Date(), timeZone)
    return instantOf({ ...today, day: today.day - days, hour: 0, minute: 0 }, timeZone).toISOString()
  }
  const apply = (next: Partial<LeadFilters>) => {
    const { view, status, assignee, campaign, form, from, to, min_score } = next
    void navigate({ to: '.', search: { view: view === 'todo' ? undefined : view, status, assignee, campaign, form, from, to, min_score: view === 'best' ? min_score : undefined } })
    onClose()
  }

  return (
    <Filters onClear={() => apply({ view: draft.view === 'best' ? 'todo' : draft.view })} onShow={() => apply(draft)} onClose={onClose}>
      <Group label={m.score()}>
        <Chip on={draft.view === 'best' && draft.min_score === undefined} onClick={() => best(undefined)} label={m.score_best()} />
        {GOOD.map((least) => (
          <Chip key={least} on={draft.view === 'best' && draft.min_score === least} onClick={() => best(least)} label={m.score_least({ n: least })} />
        ))}
      </Group>
      <Group label={m.filter_status()}>
        {STATUSES.map((status) => (
          <Chip key={status} on={isOn('status', status)} onClick={() => toggle('status', status)} label={statusLabel(status)} />
        ))}
      </Group>
      <Group label={m.filter_assignee()}>
        <Chip on={isOn('assignee', 'me')} onClick={() => toggle('assignee', 'me')} label={m.me()} />
        <Chip on={isOn('assignee', 'none')} onClick={() => toggle('assignee', 'none')} label={m.nobody()} />
        {team
          .filter((member) => member.id !== session.user.id)
          .map((member) => (
            <Chip key={member.id} on={isOn('assignee', member.id)} onClick={() => toggle('assignee', member.id)} label={member.name} />
          ))}
      </Group>
      <Group label={m.filter_time()}>
        {(Object.keys(TIMES) as (keyof typeof TIMES)[]).map((name) => {
          const from = startOf(TIMES[name])
          const label = { today: m.filter_today, week: m.filter_week, month: m.filter_month }[name]()
          return <Chip key={name} on={draft.from === from} onClick={() => setDraft((before) => ({ ...before, from: before.from === from ? undefined : from }))} label={label} />
        })}
      </Group>
      {campaigns.length > 0 && (
        <Group label={m.filter_campaign()}>
          {campaigns.map((campaign) => (
            <Chip key={campaign.id} on={isOn('campaign', campaign.id)} onClick={() => toggle('campaign', campaign.id)} label={campaign.name} />
          ))}
        </Group>
      )}
      {forms.length > 0 && (
        <Group label={m.filter_form()}>
          {forms.map((form) => (
            <Chip key={form.id} on={isOn('form', form.id)} onClick={() => toggle('form', form.id)} label={form.name} />
          ))}
        </Group>
      )}
    </Filters>
  )
}
