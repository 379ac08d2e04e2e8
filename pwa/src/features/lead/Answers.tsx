import { useState } from 'react'
import { ChevronRight, ShieldCheck, ShieldX } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Consent, LeadDetail } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime } from '@/shared/i18n/time'
import { sourceLabel } from '@/shared/leads/words'
import { readablePhone } from '@/shared/leads/phone'
import { useCampaigns, useForms } from '@/shared/session/queries'
import { Sheet } from '@/shared/ui/Sheet'

/** What the person told, as a quiet list. */
export function Answers({ lead }: { lead: LeadDetail }) {
  const campaigns = useCampaigns()
  const forms = useForms()
  const [consenting, setConsenting] = useState(false)
  const source = [lead.campaign_id && campaigns.get(lead.campaign_id)?.name, lead.adset_name, lead.ad_name, lead.form_id && forms.get(lead.form_id)?.name]
    .filter(Boolean)
    .join(' · ')
  const platform = lead.platform === 'ig' ? 'Instagram' : lead.platform === 'fb' ? 'Facebook' : sourceLabel(lead.source)
  return (
    <section aria-label={m.answers()}>
      {lead.message && <p className="mb-5 rounded-card bg-sunken px-5 py-4 text-17 break-words whitespace-pre-line">{lead.message}</p>}
      <dl className="divide-y divide-hairline">
        {lead.phone && <Line label={m.field_phone()} value={readablePhone(lead.phone)} />}
        {lead.email && <Line label={m.field_email()} value={lead.email} />}
        {lead.answers.map((answer) => (
          <Line key={answer.key} label={answer.label} value={answer.values.join(', ')} />
        ))}
        {(source || platform) && <Line label={m.field_source()} value={[platform, source].filter(Boolean).join(' · ')} />}
      </dl>
      {lead.consents.length > 0 && (
        <button
          type="button"
          onClick={() => setConsenting(true)}
          className="flex min-h-14 w-full items-center gap-3 border-t border-hairline py-2 text-left text-15 text-ink-2"
        >
          {lead.consents.every((consent) => consent.given) ? (
            <ShieldCheck size={19} className="text-fresh-text" aria-hidden />
          ) : (
            <ShieldX size={19} className="text-waning-text" aria-hidden />
          )}
          <span className="flex-1">{m.consent_show()}</span>
          <ChevronRight size={18} aria-hidden />
        </button>
      )}
      {consenting && <ConsentSheet consents={lead.consents} onClose={() => setConsenting(false)} />}
    </section>
  )
}

function Line({ label, value }: { label: string; value: string }) {
  return (
    <div className="py-3">
      <dt className="text-13 text-ink-3">{label}</dt>
      <dd className="mt-0.5 text-17 break-words">{value || '–'}</dd>
    </div>
  )
}

function ConsentSheet({ consents, onClose }: { consents: Consent[]; onClose: () => void }) {
  const place = usePlace()
  return (
    <Sheet title={m.consent()} hint={m.consent_hint()} onClose={onClose}>
      <ul className="divide-y divide-hairline">
        {consents.map((consent) => (
          <li key={consent.key} className="space-y-2 py-4 first:pt-1">
            <p className={`text-15 font-semibold ${consent.given ? 'text-fresh-text' : 'text-waning-text'}`}>
              {consent.given ? m.consent_given() : m.consent_refused()}
            </p>
            <p className="text-17 whitespace-pre-line">{consent.text}</p>
            <p className="text-13 text-ink-3">
              {fullTime(new Date(consent.at), place)} · <span className="whitespace-nowrap">{m.consent_version({ version: consent.text_version })}</span>
            </p>
            {consent.privacy_policy_url && (
              <a
                href={consent.privacy_policy_url}
                target="_blank"
                rel="noreferrer"
                className="inline-flex min-h-12 items-center text-15 font-medium text-accent-text underline underline-offset-4"
              >
                {m.consent_policy()}
              </a>
            )}
          </li>
        ))}
      </ul>
    </Sheet>
  )
}
