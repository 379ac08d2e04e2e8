import { useQuery } from '@tanstack/react-query'
import { PhoneOff } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Lead, Session } from '@/shared/api/types'
import { resume } from '@/shared/contact/contact'
import { askOutcome, open } from '@/shared/contact/waiting'
import { overlayTimeline, useRowsOf } from '@/shared/leads/overlay'
import { timelineOptions } from '@/shared/leads/queries'
import { channelLabel } from '@/shared/leads/words'
import { useStore } from '@/shared/store'
import { Button } from '@/shared/ui/Button'

/** Older than this nobody remembers how the call went. */
const REMEMBERED = 12 * 60 * 60_000

/**
 * The way to the outcome that needs no event: for desktops, where the app never loses the screen, and for phones that
 * put it away during the call.
 */
export function OpenOutcome({ lead, session }: { lead: Lead; session: Session }) {
  const now = useStore(open)
  const rows = useRowsOf(lead.id)
  const timeline = overlayTimeline(useQuery(timelineOptions(lead.id)).data ?? [], rows)
  const running = now?.lead.id === lead.id ? now : null
  const latest = timeline.find((item) => item.kind === 'attempt')?.attempt
  const unanswered =
    latest && latest.user_id === session.user.id && latest.outcome === null && Date.parse(lead.last_attempt_at ?? latest.started_at) + REMEMBERED > Date.parse(lead.updated_at)
      ? latest
      : null
  const channel = running?.channel ?? unanswered?.channel
  if (!channel) return null
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-card bg-accent-soft py-3 pr-3 pl-4 text-accent-text">
      <PhoneOff size={20} aria-hidden className="shrink-0" />
      <p className="flex-1 text-15 font-medium">{m.outcome_ask({ channel: channelLabel(channel) })}</p>
      <Button
        kind="primary"
        onClick={() => {
          if (running) askOutcome()
          else if (unanswered) resume(lead, unanswered)
        }}
      >
        {m.outcome_tell()}
      </Button>
    </div>
  )
}
