import { useQueryClient } from '@tanstack/react-query'
import { Check, ThumbsDown, Trophy } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Lead } from '@/shared/api/types'
import { nameOf, statusLabel } from '@/shared/leads/labels'
import { NEXT } from '@/shared/leads/words'
import { setStatus } from '@/shared/leads/moves'
import { leadSheet } from '@/shared/leads/sheets'
import { Choice } from '@/shared/ui/Choice'
import { Sheet } from '@/shared/ui/Sheet'
import { SnoozeChoices } from './SnoozeChoices'

/** After the call: when to try again, or how it ended. */
export function NextSheet({ lead, onClose }: { lead: Lead; onClose: () => void }) {
  const client = useQueryClient()
  const name = nameOf(lead)
  const possible = NEXT[lead.status]
  return (
    <Sheet title={m.next_title()} hint={`${name} · ${statusLabel(lead.status)}`} onClose={onClose}>
      <h3 className="mt-1 text-15 font-semibold text-ink-3">{m.next_again()}</h3>
      <SnoozeChoices lead={lead} onDone={onClose} />
      <h3 className="mt-4 text-15 font-semibold text-ink-3">{m.next_result()}</h3>
      {possible.includes('won') && (
        <Choice
          icon={<Trophy size={22} aria-hidden />}
          tone="good"
          label={statusLabel('won')}
          onClick={() => {
            setStatus(client, lead, 'won', null, m.toast_status({ name, status: statusLabel('won') }))
            onClose()
          }}
        />
      )}
      {possible.includes('lost') && (
        <Choice
          icon={<ThumbsDown size={22} aria-hidden />}
          tone="bad"
          label={statusLabel('lost')}
          onClick={() => leadSheet.set({ kind: 'lost', lead })}
        />
      )}
      <Choice icon={<Check size={22} aria-hidden />} label={m.next_nothing()} onClick={onClose} />
    </Sheet>
  )
}
