import { useQueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import type { Lead, LostReason } from '@/shared/api/types'
import { nameOf } from '@/shared/leads/labels'
import { LOST_REASONS, lostReasonLabel, NEXT } from '@/shared/leads/words'
import { setStatus } from '@/shared/leads/moves'
import { Choice } from '@/shared/ui/Choice'
import { Sheet } from '@/shared/ui/Sheet'

export function LostSheet({ lead, onClose }: { lead: Lead; onClose: () => void }) {
  const client = useQueryClient()
  const name = nameOf(lead)
  const choose = (reason: LostReason) => {
    if (NEXT[lead.status].includes('lost')) setStatus(client, lead, 'lost', reason, m.toast_lost({ name, reason: lostReasonLabel(reason) }))
    onClose()
  }
  return (
    <Sheet title={m.lost_title({ name })} hint={m.lost_hint()} onClose={onClose}>
      {LOST_REASONS.map((reason) => (
        <Choice key={reason} label={lostReasonLabel(reason)} onClick={() => choose(reason)} />
      ))}
    </Sheet>
  )
}
