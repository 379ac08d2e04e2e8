import { useQueryClient } from '@tanstack/react-query'
import { MessageCircleReply, PhoneOff, Send, SendHorizontal, ThumbsUp, Voicemail, X, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Outcome } from '@/shared/api/types'
import { tellOutcome } from '@/shared/contact/contact'
import type { Open } from '@/shared/contact/waiting'
import { nameOf } from '@/shared/leads/labels'
import { channelLabel, outcomeLabel, outcomesOf } from '@/shared/leads/words'
import { asSeen } from '@/shared/leads/moves'
import { statusAfter } from '@/shared/leads/overlay'
import { leadSheet } from '@/shared/leads/sheets'
import { Choice } from '@/shared/ui/Choice'
import { Sheet } from '@/shared/ui/Sheet'

const icons: Record<Outcome, LucideIcon> = {
  reached: ThumbsUp,
  no_answer: PhoneOff,
  voicemail: Voicemail,
  wrong_number: X,
  sent: Send,
  not_sent: SendHorizontal,
}

/** One tap on return; then the next move. */
export function OutcomeSheet({ open, onClose }: { open: Open; onClose: () => void }) {
  const client = useQueryClient()
  const choose = (outcome: Outcome) => {
    const lead = asSeen(client, open.lead)
    const after = { ...lead, status: statusAfter(lead.status, outcome) }
    void tellOutcome(lead, open.attemptId, outcome)
    onClose()
    if (outcome === 'not_sent') return
    leadSheet.set({ kind: outcome === 'wrong_number' ? 'lost' : 'next', lead: after })
  }
  return (
    <Sheet
      title={open.channel === 'call' ? m.outcome_title({ name: nameOf(open.lead) }) : m.outcome_title_message({ channel: channelLabel(open.channel), name: nameOf(open.lead) })}
      onClose={onClose}
    >
      <div className="grid grid-cols-1 gap-1">
        {outcomesOf(open.channel).map((outcome) => {
          const Icon = outcome === 'reached' && open.channel !== 'call' ? MessageCircleReply : icons[outcome]
          return (
            <Choice
              key={outcome}
              icon={<Icon size={22} aria-hidden />}
              label={outcomeLabel(outcome, open.channel)}
              tone={outcome === 'reached' ? 'good' : outcome === 'wrong_number' ? 'bad' : 'plain'}
              onClick={() => choose(outcome)}
            />
          )
        })}
      </div>
    </Sheet>
  )
}
