import { ChevronDown } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { LeadDetail } from '@/shared/api/types'
import { useLocale } from '@/shared/i18n/locale'
import { pointsInWords, signInWords } from '@/shared/leads/scoreWords'
import { useCampaigns, useForms } from '@/shared/session/queries'

/** How good the lead looks; one tap away, why. */
export function Score({ lead }: { lead: LeadDetail }) {
  const locale = useLocale()
  const forms = useForms()
  const campaigns = useCampaigns()
  const names = { locale, form: (id: string) => forms.get(id)?.name ?? '?', campaign: (id: string) => campaigns.get(id)?.name ?? '?' }
  return (
    <details className="group mt-6">
      <summary className="-mx-2 flex min-h-12 cursor-pointer list-none items-center gap-2 rounded-control px-2 text-15 text-ink-2 active:bg-pressed">
        <span>{m.score_named({ n: lead.score })}</span>
        <span aria-hidden className="h-1.5 w-24 overflow-hidden rounded-full bg-sunken">
          <span className="block h-full rounded-full bg-accent" style={{ width: `${lead.score}%` }} />
        </span>
        <ChevronDown size={17} className="ml-auto text-ink-3 transition-transform group-open:rotate-180" aria-hidden />
      </summary>
      {lead.score_reasons.length === 0 ? (
        <p className="py-2 text-15 text-ink-3">{m.score_none()}</p>
      ) : (
        <ul className="space-y-1 pt-1 pb-2">
          {lead.score_reasons.map(({ sign, points }, index) => (
            <li key={index} className="flex items-baseline gap-3 text-15">
              <span className="w-10 shrink-0 text-right font-semibold tabular-nums">{pointsInWords(points)}</span>
              <span className="min-w-0 text-ink-2">{signInWords(sign, names)}</span>
            </li>
          ))}
        </ul>
      )}
    </details>
  )
}
