import { m } from '@/paraglide/messages'
import type { Lead } from '@/shared/api/types'
import { nameOf } from '@/shared/leads/labels'
import { Sheet } from '@/shared/ui/Sheet'
import { SnoozeChoices } from './SnoozeChoices'

export function SnoozeSheet({ lead, onClose }: { lead: Lead; onClose: () => void }) {
  return (
    <Sheet title={m.snooze_title({ name: nameOf(lead) })} hint={m.snooze_hint()} onClose={onClose}>
      <SnoozeChoices lead={lead} onDone={onClose} />
    </Sheet>
  )
}
