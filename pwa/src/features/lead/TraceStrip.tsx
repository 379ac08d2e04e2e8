import { Zap } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Trace } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, latency } from '@/shared/i18n/time'
import { hopsOf, toPhone, type Stage } from './trace'

const labels: Record<Stage, () => string> = {
  meta: () => m.trace_meta(),
  received: () => m.trace_received(),
  fetched: () => m.trace_fetched(),
  stored: () => m.trace_stored(),
  emitted: () => m.trace_emitted(),
  acknowledged: () => m.trace_acknowledged(),
  opened: () => m.trace_opened(),
  attempted: () => m.trace_attempted(),
}

/** One sentence, and the whole way behind it. */
export function TraceStrip({ trace, attempted }: { trace: Trace; attempted: string | null }) {
  const place = usePlace()
  const total = toPhone(trace)
  const hops = hopsOf(trace, attempted)
  return (
    <details className="group rounded-card bg-sunken">
      <summary className="flex min-h-12 cursor-pointer list-none items-center gap-3 rounded-card px-4 text-15 text-ink-2 [&::-webkit-details-marker]:hidden">
        <Zap size={18} className="text-accent-text" aria-hidden />
        <span className="flex-1 py-3">{total === null ? m.trace_waiting() : m.trace_summary({ time: latency(total, place.locale) })}</span>
        <span className="text-13 font-medium text-accent-text group-open:hidden">{m.trace_more()}</span>
      </summary>
      <ol className="px-4 pt-1 pb-4">
        {hops.map((hop, index) => (
          <li key={hop.stage} className="relative flex items-baseline gap-3 py-1.5 pl-5 text-15">
            <span aria-hidden className="absolute top-3.5 left-0 size-2 rounded-full bg-accent" />
            {index < hops.length - 1 && <span aria-hidden className="absolute top-5 -bottom-2.5 left-[3.5px] w-px bg-edge" />}
            <span className="flex-1">{labels[hop.stage]()}</span>
            <time dateTime={hop.at} title={fullTime(new Date(hop.at), place)} className="text-ink-3">
              {index === 0 ? fullTime(new Date(hop.at), place).split(' ').at(-1) : `+${latency(hop.took, place.locale)}`}
            </time>
          </li>
        ))}
      </ol>
    </details>
  )
}
