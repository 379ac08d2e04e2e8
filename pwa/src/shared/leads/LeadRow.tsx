import { memo } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, Clock3, CloudUpload, MessageSquareX, Moon, Phone } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Campaign, Lead, Member, Session } from '@/shared/api/types'
import { canContact, contact } from '@/shared/contact/contact'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { Avatar } from '@/shared/ui/Avatar'
import { cx } from '@/shared/ui/classes'
import { isOpen, isSnoozed } from './filters'
import { nameOf, statusLabel, summaryOf } from './labels'
import { useWaits } from './overlay'
import { ringOf, type Ring } from './ring'
import { leadSheet } from './sheets'
import { moodText, RingShape, waitingWords } from './WaitingRing'

interface Props {
  lead: Lead
  campaign: Campaign | undefined
  assignee: Member | undefined
  session: Session
  selected: boolean
  arriving: boolean
  /** Two views of one lead side by side cannot share a transition name. */
  morph: boolean
}

/** Name, one line of what and where, and the waiting ring around the next move: the call. */
export const LeadRow = memo(function LeadRow({ lead, campaign, assignee, session, selected, arriving, morph }: Props) {
  const now = useNow()
  const ring = ringOf(lead, now)
  const client = useQueryClient()
  const name = nameOf(lead)
  const summary = summaryOf(lead, campaign)
  const mine = lead.assignee_id === session.user.id
  const waits = useWaits(lead.id)
  return (
    <article
      className={cx(
        'relative flex min-h-[84px] items-center gap-1 border-b border-hairline px-5 transition-colors',
        selected ? 'bg-accent-soft' : 'hover:bg-sunken',
        arriving && 'arrive',
      )}
    >
      <div className="min-w-0 flex-1 py-3 pr-1">
        <div className="flex items-baseline gap-2">
          <Link
            to="/leads/$leadId"
            params={{ leadId: lead.id }}
            search={true}
            viewTransition={morph}
            aria-current={selected ? 'true' : undefined}
            className="min-w-0 truncate text-17 font-semibold tracking-[-0.01em] after:absolute after:inset-0 after:content-[''] focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-text"
            style={morph ? { viewTransitionName: `lead-${lead.id}` } : undefined}
          >
            {name}
          </Link>
          <RowTime lead={lead} ring={ring} now={now} />
          {waits && (
            <span className="shrink-0 self-center text-ink-3">
              <CloudUpload size={15} aria-hidden />
              <span className="sr-only">{m.offline_mark()}</span>
            </span>
          )}
        </div>
        <p className="mt-0.5 flex items-center gap-1.5 text-15 text-ink-3">
          {lead.is_test && <Flag>{m.flag_test()}</Flag>}
          {assignee && !mine && (
            <span className="shrink-0">
              <Avatar name={assignee.name} picture={assignee.picture} size="xs" />
              <span className="sr-only">{m.assigned_to({ name: assignee.name })}</span>
            </span>
          )}
          <span className="min-w-0 flex-1 truncate">{summary || lead.phone || lead.email || m.lead_no_details()}</span>
          {isOpen(lead) && (
            <span className="shrink-0 text-13 text-ink-3 tabular-nums">
              <span className="sr-only">{m.score_named({ n: lead.score })}</span>
              <span aria-hidden>{lead.score}</span>
            </span>
          )}
        </p>
      </div>
      {isOpen(lead) && (
        <button
          type="button"
          aria-label={m.action_snooze_name({ name })}
          onClick={() => leadSheet.set({ kind: 'snooze', lead })}
          className="relative grid size-11 shrink-0 place-items-center rounded-full text-ink-3 transition-colors active:bg-pressed"
        >
          <Clock3 size={19} strokeWidth={1.9} aria-hidden />
        </button>
      )}
      <button
        type="button"
        aria-label={m.action_call_name({ name })}
        disabled={!canContact(lead, 'call')}
        onClick={() => void contact(client, lead, 'call', session)}
        className="relative shrink-0 rounded-full transition-transform enabled:active:scale-95"
      >
        <RingShape ring={ring} size={48}>
          {canContact(lead, 'call') ? (
            <Phone size={19} strokeWidth={2} className={ring.mood === 'calm' ? 'text-accent-text' : moodText[ring.mood]} aria-hidden />
          ) : (
            <MessageSquareX size={19} className="text-ink-3" aria-hidden />
          )}
        </RingShape>
      </button>
    </article>
  )
})

function RowTime({ lead, ring, now }: { lead: Lead; ring: Ring; now: number }) {
  const place = usePlace()
  if (lead.status === 'won' || lead.status === 'lost' || lead.status === 'scheduled') {
    return (
      <span className={cx('flex shrink-0 items-center gap-1 text-13 font-medium', lead.status === 'won' ? 'text-fresh-text' : 'text-ink-3')}>
        {lead.status === 'won' && <Check size={14} aria-hidden />}
        {statusLabel(lead.status)}
      </span>
    )
  }
  if (isSnoozed(lead, now) && lead.snoozed_until) {
    return (
      <span className="flex shrink-0 items-center gap-1 text-13 text-ink-3">
        <Moon size={13} aria-hidden />
        <span className="sr-only">{m.snoozed_until()}</span>
        {when(new Date(lead.snoozed_until), new Date(now), place)}
      </span>
    )
  }
  if (ring.mood === 'calm') {
    return <span className="shrink-0 text-13 text-ink-3">{lead.attempt_count > 0 ? `${lead.attempt_count}× · ${statusLabel(lead.status)}` : waitingWords(ring)}</span>
  }
  if (ring.opens !== null) {
    return <span className="shrink-0 text-13 text-ink-3 tabular-nums">{m.ring_opens({ time: when(new Date(ring.opens), new Date(now), place) })}</span>
  }
  return (
    <span className={cx('shrink-0 text-13 font-semibold tabular-nums', moodText[ring.mood])}>
      <span className="sr-only">{m.ring_waiting()} </span>
      {waitingWords(ring)}
    </span>
  )
}

export function Flag({ children }: { children: string }) {
  return <span className="shrink-0 rounded-[5px] bg-info-soft px-1.5 text-13 font-medium text-info-text">{children}</span>
}
