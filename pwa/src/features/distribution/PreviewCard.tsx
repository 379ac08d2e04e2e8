import { useDeferredValue, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import type { DistributionPolicy } from '@/shared/api/types'
import { useLocale } from '@/shared/i18n/locale'
import { useCampaigns, useForms, useTeam } from '@/shared/session/queries'
import { Field } from '@/shared/ui/Field'
import { Bar } from '@/shared/ui/Skeleton'
import { previewOptions } from './queries'
import { previewInWords } from './words'

const SELECT = 'h-12 w-full rounded-control border border-edge bg-surface px-3 text-17'

/** If a lead came now: the server's own decision on what stands here, saved or not. */
export function PreviewCard({ policy }: { policy: DistributionPolicy }) {
  const locale = useLocale()
  const team = useTeam()
  const forms = [...useForms().values()]
  const campaigns = [...useCampaigns().values()]
  const [form, setForm] = useState('')
  const [campaign, setCampaign] = useState('')
  const [postcode, setPostcode] = useState('')
  const [phone, setPhone] = useState('')
  const lead = useDeferredValue({ form_id: form || null, campaign_id: campaign || null, postal_code: postcode.trim() || null, phone: phone.trim() || null, policy: { way: policy.way, rules: policy.rules } })
  const { data, error, isFetching } = useQuery({ ...previewOptions(lead), placeholderData: (before) => before })
  const said = data && previewInWords(data, (id) => team.get(id)?.name ?? m.someone(), locale)
  return (
    <div className="space-y-4 rounded-card border border-hairline bg-surface p-4">
      <div className="grid gap-3 lg:grid-cols-2">
        {forms.length > 0 && (
          <label className="block">
            <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.give_from_form()}</span>
            <select value={form} onChange={(event) => setForm(event.target.value)} className={SELECT}>
              <option value="">{m.give_any()}</option>
              {forms.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        {campaigns.length > 0 && (
          <label className="block">
            <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.give_from_campaign()}</span>
            <select value={campaign} onChange={(event) => setCampaign(event.target.value)} className={SELECT}>
              <option value="">{m.give_any()}</option>
              {campaigns.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <Field label={m.give_postcode()} value={postcode} inputMode="text" autoComplete="off" maxLength={20} onChange={(event) => setPostcode(event.target.value)} />
        <Field label={m.give_phone()} type="tel" value={phone} autoComplete="off" maxLength={40} onChange={(event) => setPhone(event.target.value)} />
      </div>
      <div aria-live="polite" className={`min-h-14 transition-opacity ${isFetching && data ? 'opacity-55' : ''}`}>
        {error ? (
          <p className="text-15 text-late-text">{inWords(error)}</p>
        ) : said ? (
          <>
            <p className="text-20 font-semibold tracking-tight text-balance">{said.what}</p>
            <p className="mt-0.5 text-15 text-pretty text-ink-3">{said.because}</p>
          </>
        ) : (
          <span className="shimmer block space-y-2 pt-1">
            <Bar className="h-5 w-32" />
            <Bar className="h-3 w-56" />
          </span>
        )}
      </div>
    </div>
  )
}
