import { ArrowRight } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { PreviewedLead } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { linesOf, type Line } from './draft'
import { targetLabel } from './words'

/** Real leads, line by line; what changes stands out, with what it was. */
export function PreviewList({ leads, changed }: { leads: PreviewedLead[]; changed: boolean }) {
  const place = usePlace()
  const now = new Date(useNow())
  if (leads.length === 0) return <p className="text-15 text-pretty text-ink-3">{m.connect_map_preview_none()}</p>
  const shown = leads.map((lead) => ({ lead, lines: linesOf(lead.before, lead.after) }))
  const same = shown.every(({ lines }) => lines.every((line) => line.before === line.after))
  return (
    <div className="space-y-4">
      {changed && same && <p className="text-15 text-ink-3">{m.connect_map_unchanged()}</p>}
      {shown.map(({ lead, lines }) => (
        <article key={`${lead.created_at} ${lead.lead_id ?? ''}`} className="rounded-card border border-hairline bg-surface p-4">
          <p className="mb-2 text-13 text-ink-3">
            <time dateTime={lead.created_at} title={fullTime(new Date(lead.created_at), place)}>
              {when(new Date(lead.created_at), now, place)}
            </time>
          </p>
          <dl className="space-y-2">
            {lines.map((line, index) => (
              <Row key={`${line.label} ${index}`} line={line} />
            ))}
          </dl>
        </article>
      ))}
    </div>
  )
}

function Row({ line }: { line: Line }) {
  const label = line.target ? targetLabel(line.target) : line.label
  return (
    <div>
      <dt className="text-13 text-pretty text-ink-3">{label}</dt>
      <dd className="text-15 break-words">
        {line.before === line.after ? (
          line.after
        ) : (
          <span className="-mx-2 flex flex-wrap items-center gap-x-2 rounded-control bg-accent-soft px-2 py-1">
            <span className="sr-only">{m.connect_map_was()}: </span>
            {line.before ? <span className="text-ink-2 line-through decoration-1">{line.before}</span> : <span className="text-ink-3">{m.connect_map_empty()}</span>}
            <ArrowRight size={15} className="shrink-0 text-accent-text" aria-hidden />
            <span className="sr-only">{m.connect_map_becomes()}: </span>
            {line.after ? <span className="font-semibold text-accent-text">{line.after}</span> : <span className="text-ink-3">{m.connect_map_empty()}</span>}
          </span>
        )}
      </dd>
    </div>
  )
}
