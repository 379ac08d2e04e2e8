import { useQuery } from '@tanstack/react-query'
import { Hourglass } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { Lead } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { isOpen } from '@/shared/leads/filters'

/** Of a lead that is nobody's: that it waits for somebody who is free, or which group knows of it. */
export function PlacementNote({ lead }: { lead: Lead }) {
  const place = usePlace()
  const now = new Date(useNow())
  const queryKey = ['leads', 'placement', lead.id, lead.version]
  const { data } = useQuery({
    queryKey,
    queryFn: ({ signal }) => ask(api.GET('/api/leads/{id}/placement', { params: { path: { id: lead.id } }, signal, headers: background(queryKey) })),
    enabled: lead.assignee_id === null && isOpen(lead),
    retry: false,
  })
  const placement = data?.placement
  if (!placement || lead.assignee_id !== null) return null
  const next = placement.again_at ? new Date(placement.again_at) : null
  const told = placement.why.step !== null && next && next > now ? m.placed_step({ n: placement.why.step + 1, when: when(next, now, place) }) : null
  const words = placement.waits ? m.placed_waits() : told
  if (!words) return null
  return (
    <p className="mt-3 flex items-center gap-2 text-15 text-ink-3">
      <Hourglass size={16} className="shrink-0" aria-hidden />
      {words}
    </p>
  )
}
