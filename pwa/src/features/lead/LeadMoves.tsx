import { useQueryClient } from '@tanstack/react-query'
import { AlarmClockOff, Clock3, Hand, PhoneMissed, RotateCcw, ThumbsDown, Trophy, Undo2, UserRoundCog, UserRoundCheck } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Lead, Session } from '@/shared/api/types'
import { isOpen, isSnoozed } from '@/shared/leads/filters'
import { nameOf, statusLabel } from '@/shared/leads/labels'
import { NEXT } from '@/shared/leads/words'
import { claim, giveBack, setStatus, wake } from '@/shared/leads/moves'
import { leadSheet } from '@/shared/leads/sheets'
import { leads } from '@/shared/session/queries'
import { useNow } from '@/shared/i18n/now'

/** The next moves that are possible now, and none that is not. */
export function LeadMoves({ lead, session }: { lead: Lead; session: Session }) {
  const client = useQueryClient()
  const now = useNow()
  const me = session.user.id
  const name = nameOf(lead)
  const possible = NEXT[lead.status]
  const to = (status: 'contacted' | 'no_answer' | 'won') =>
    setStatus(client, lead, status, null, m.toast_status({ name, status: statusLabel(status) }))
  return (
    <nav aria-label={m.moves()} className="-mx-1 flex flex-wrap gap-2">
      {lead.assignee_id === null && isOpen(lead) && (
        <Move icon={<Hand size={18} />} strong label={m.action_claim()} onClick={() => void claim(client, lead)} />
      )}
      {isOpen(lead) &&
        (isSnoozed(lead, now) ? (
          <Move icon={<AlarmClockOff size={18} />} label={m.action_wake()} onClick={() => void wake(client, lead)} />
        ) : (
          <Move icon={<Clock3 size={18} />} label={m.action_snooze()} onClick={() => leadSheet.set({ kind: 'snooze', lead })} />
        ))}
      {possible.includes('contacted') &&
        (lead.status === 'lost' ? (
          <Move icon={<RotateCcw size={18} />} label={m.action_reopen()} onClick={() => to('contacted')} />
        ) : (
          <Move icon={<UserRoundCheck size={18} />} label={statusLabel('contacted')} onClick={() => to('contacted')} />
        ))}
      {lead.status === 'new' && <Move icon={<PhoneMissed size={18} />} label={statusLabel('no_answer')} onClick={() => to('no_answer')} />}
      {possible.includes('won') && <Move icon={<Trophy size={18} />} label={statusLabel('won')} onClick={() => to('won')} />}
      {possible.includes('lost') && (
        <Move icon={<ThumbsDown size={18} />} label={statusLabel('lost')} onClick={() => leadSheet.set({ kind: 'lost', lead })} />
      )}
      {lead.assignee_id === me && isOpen(lead) && (
        <Move icon={<Undo2 size={18} />} label={m.action_give_back()} onClick={() => void giveBack(client, lead)} />
      )}
      {leads(session.role) && (
        <Move icon={<UserRoundCog size={18} />} label={m.action_assign()} onClick={() => leadSheet.set({ kind: 'assign', lead })} />
      )}
    </nav>
  )
}

function Move({ icon, label, onClick, strong }: { icon: React.ReactNode; label: string; onClick: () => void; strong?: boolean }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className={`flex min-h-12 items-center gap-2 rounded-full px-4 text-15 font-medium transition-colors ${strong ? 'bg-accent-soft text-accent-text active:brightness-95' : 'bg-sunken text-ink-2 active:bg-pressed'}`}
    >
      <span aria-hidden>{icon}</span>
      {label}
    </button>
  )
}
