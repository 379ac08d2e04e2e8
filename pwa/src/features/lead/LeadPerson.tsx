import { Moon, Sparkles } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Lead, LeadStatus, Session } from '@/shared/api/types'
import { useDesk } from '@/shared/device/media'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { duration, when } from '@/shared/i18n/time'
import { isSnoozed } from '@/shared/leads/filters'
import { nameOf, statusLabel, summaryOf } from '@/shared/leads/labels'
import { lostReasonLabel } from '@/shared/leads/words'
import { Flag } from '@/shared/leads/LeadRow'
import { ringOf } from '@/shared/leads/ring'
import { moodText, RingShape, waitingWords } from '@/shared/leads/WaitingRing'
import { useCampaigns, useTeam } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { cx } from '@/shared/ui/classes'

const chips: Record<LeadStatus, string> = {
  new: 'bg-accent-soft text-accent-text',
  contacted: 'bg-info-soft text-info-text',
  no_answer: 'bg-waning-soft text-waning-text',
  scheduled: 'bg-info-soft text-info-text',
  won: 'bg-fresh-soft text-fresh-text',
  lost: 'bg-sunken text-ink-2',
}

/** The person large, and how long they have been waiting. */
export function LeadPerson({ lead, session }: { lead: Lead; session: Session }) {
  const now = useNow()
  const desk = useDesk()
  const place = usePlace()
  const campaigns = useCampaigns()
  const ring = ringOf(lead, now)
  const name = nameOf(lead)
  const summary = summaryOf(lead, lead.campaign_id ? campaigns.get(lead.campaign_id) : undefined)
  return (
    <header className="pt-1">
      <div className="flex items-start gap-4">
        <div className="min-w-0 flex-1">
          <h1
            className="text-28 font-bold tracking-tight break-words hyphens-auto"
            style={desk ? undefined : { viewTransitionName: `lead-${lead.id}` }}
          >
            {name}
          </h1>
          {summary && <p className="mt-1 text-17 text-ink-2">{summary}</p>}
        </div>
        {ring.mood !== 'calm' && (
          <RingShape ring={ring} size={72}>
            <span className={cx('px-1 text-center text-13 leading-tight font-bold', moodText[ring.mood])}>
              <span className="sr-only">{m.ring_waiting()} {waitingWords(ring)}</span>
              <span aria-hidden>{ring.mood === 'late' ? `+${duration(ring.late)}` : duration(ring.waited)}</span>
            </span>
          </RingShape>
        )}
      </div>
      <div className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-2">
        <span className={cx('rounded-full px-3 py-1 text-15 font-medium', chips[lead.status])}>
          {statusLabel(lead.status)}
          {lead.lost_reason && ` · ${lostReasonLabel(lead.lost_reason)}`}
        </span>
        <Assignee lead={lead} session={session} />
        {isSnoozed(lead, now) && lead.snoozed_until && (
          <span className="flex items-center gap-1.5 text-15 text-ink-3">
            <Moon size={15} aria-hidden />
            {m.snoozed_until()} {when(new Date(lead.snoozed_until), new Date(now), place)}
          </span>
        )}
        {ring.opens !== null && <span className="text-15 text-ink-3">{m.ring_opens({ time: when(new Date(ring.opens), new Date(now), place) })}</span>}
        {lead.is_test && <Flag>{m.flag_test()}</Flag>}
        {lead.is_organic && <Flag>{m.flag_organic()}</Flag>}
        {lead.enquiry_count > 1 && (
          <span className="flex items-center gap-1.5 text-15 text-ink-3">
            <Sparkles size={15} aria-hidden />
            {m.enquiries({ n: lead.enquiry_count })}
          </span>
        )}
      </div>
    </header>
  )
}

function Assignee({ lead, session }: { lead: Lead; session: Session }) {
  const team = useTeam()
  if (lead.assignee_id === null) return <span className="text-15 text-ink-3">{m.unclaimed()}</span>
  const mine = lead.assignee_id === session.user.id
  const colleague = mine ? session.user : team.get(lead.assignee_id)
  const name = colleague?.name ?? m.someone()
  return (
    <span className="flex items-center gap-2 text-15 text-ink-2">
      <Avatar name={name} picture={colleague?.picture} size="s" />
      {mine ? m.yours() : name}
    </span>
  )
}
