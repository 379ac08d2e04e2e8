import { GitCompareArrows } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { useRowsOf } from '@/shared/leads/overlay'
import { needsPerson, offlineSheet } from '@/shared/offline/waiting'
import { Button } from '@/shared/ui/Button'

/** Something that the person did to this lead waits for their decision. */
export function Unsettled({ leadId }: { leadId: string }) {
  const rows = useRowsOf(leadId).filter(needsPerson)
  const [first] = rows
  if (!first) return null
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-card bg-waning-soft py-3 pr-3 pl-4 text-waning-text">
      <GitCompareArrows size={20} aria-hidden className="shrink-0" />
      <p className="flex-1 text-15 font-medium">{first.state === 'conflict' ? m.offline_lead_conflict() : m.offline_lead_refused()}</p>
      <Button kind="primary" onClick={() => offlineSheet.set(first.state === 'conflict' ? { kind: 'conflict', key: first.key } : { kind: 'waiting' })}>
        {m.offline_decide()}
      </Button>
    </div>
  )
}
