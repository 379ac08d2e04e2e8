import { useEffect, useId, useState } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronDown } from 'lucide-react'
import { useForm, useWatch } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import type { Entered, EntrySource, Lead, Session } from '@/shared/api/types'
import { create } from '@/shared/leads/commands'
import { nameOf } from '@/shared/leads/labels'
import { sourceLabel } from '@/shared/leads/words'
import { submit } from '@/shared/offline/engine'
import { newId } from '@/shared/offline/id'
import { campaignsOptions } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'

const SOURCES: EntrySource[] = ['phone', 'walk_in', 'referral', 'website', 'other']

const text = (longest: number) => v.pipe(v.string(), v.trim(), v.maxLength(longest))

const schema = v.pipe(
  v.object({
    full_name: text(200),
    phone: text(40),
    email: v.pipe(text(254), v.check((value) => value === '' || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value), () => m.error_email_invalid())),
    service: text(200),
    postal_code: text(20),
    city: text(100),
    message: text(2000),
    campaign_id: v.string(),
  }),
  v.forward(
    v.check(({ phone, email }) => phone !== '' || email !== '', () => m.entry_contact_needed()),
    ['phone'],
  ),
)

type Values = v.InferInput<typeof schema>

const blank: Values = { full_name: '', phone: '', email: '', service: '', postal_code: '', city: '', message: '', campaign_id: '' }
const FIELDS = Object.keys(blank) as (keyof Values)[]

/** Waits until the typing pauses. */
const PAUSE = 400

/** A person who came by another way than an ad: who, what for, and whether somebody has spoken with them. Works without a connection. */
export function EntrySheet({ session, onClose }: { session: Session; onClose: () => void }) {
  const formId = useId()
  const [source, setSource] = useState<EntrySource>('phone')
  const [called, setCalled] = useState(false)
  const [agreed, setAgreed] = useState(false)
  const [more, setMore] = useState(false)
  const form = useForm<Values>({ resolver: valibotResolver(schema), defaultValues: blank })
  const { errors, isSubmitting } = form.formState
  // The caller is saying their number; and what is asked for goes on where it appears.
  useEffect(() => form.setFocus(more ? 'email' : 'phone'), [form, more])
  const campaigns = useQuery({ ...campaignsOptions, enabled: more }).data ?? []
  const match = useMatch(useWatch({ control: form.control, name: 'phone' }), useWatch({ control: form.control, name: 'email' }))

  const save = async (values: Values) => {
    const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim() || null]))
    const base = provisional(given, source, session, called)
    const consents = agreed ? [{ key: 'contact', text: m.entry_consent(), given: true }] : []
    const verdict = await submit(create(base, { ...given, source, called, consents })).done
    if (verdict.state === 'rejected') {
      const field = FIELDS.find((one) => one === verdict.error.field)
      if (field) form.setError(field, { message: inWords(verdict.error) }, { shouldFocus: true })
      else toast(inWords(verdict.error), { tone: 'error' })
      return
    }
    onClose()
    const joined = verdict.state === 'sent' && (verdict.answer as Entered | null)?.joined
    toast(verdict.state !== 'sent' ? m.offline_kept() : joined ? m.entry_joined({ name: nameOf(match ?? base) }) : m.entry_saved({ name: nameOf(base) }))
  }

  return (
    <Sheet
      title={m.entry_title()}
      onClose={onClose}
      footer={
        <Button kind="primary" type="submit" form={formId} className="w-full" disabled={isSubmitting}>
          {match ? m.entry_add_enquiry() : m.entry_save()}
        </Button>
      }
    >
      <form id={formId} noValidate className="space-y-4 pt-1" onSubmit={form.handleSubmit(save)}>
        <Field label={m.field_phone()} type="tel" inputMode="tel" autoComplete="off" error={errors.phone?.message} {...form.register('phone')} />
        <div role="status">{match && <Here lead={match} onOpen={onClose} />}</div>
        <Field label={m.field_name()} autoComplete="off" error={errors.full_name?.message} {...form.register('full_name')} />
        <Field label={m.field_service()} autoComplete="off" error={errors.service?.message} {...form.register('service')} />
        <fieldset>
          <legend className="mb-1.5 text-15 font-medium text-ink-2">{m.entry_source()}</legend>
          <div className="flex flex-wrap gap-2">
            {SOURCES.map((one) => (
              <label
                key={one}
                className={cx(
                  'inline-flex min-h-12 cursor-pointer items-center rounded-control border px-4 text-15 font-medium transition-colors has-focus-visible:outline-2 has-focus-visible:outline-accent',
                  one === source ? 'border-accent bg-accent-soft text-accent-text' : 'border-edge text-ink-2',
                )}
              >
                <input type="radio" name="source" className="sr-only" checked={one === source} onChange={() => setSource(one)} />
                {sourceLabel(one)}
              </label>
            ))}
          </div>
        </fieldset>
        <Tick label={m.entry_called()} checked={called} onChange={setCalled} />
        <Tick label={m.entry_consent()} checked={agreed} onChange={setAgreed} />
        {more ? (
          <>
            <Field label={m.field_email()} type="email" inputMode="email" autoComplete="off" error={errors.email?.message} {...form.register('email')} />
            <div className="grid grid-cols-[2fr_3fr] gap-3">
              <Field label={m.field_postal_code()} autoComplete="off" error={errors.postal_code?.message} {...form.register('postal_code')} />
              <Field label={m.entry_city()} autoComplete="off" error={errors.city?.message} {...form.register('city')} />
            </div>
            <label className="block">
              <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.entry_message()}</span>
              <textarea rows={3} className="w-full rounded-control border border-edge bg-surface px-4 py-3 text-17 text-ink" {...form.register('message')} />
            </label>
            {campaigns.length > 0 && (
              <label className="block">
                <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.entry_campaign()}</span>
                <select className="h-12 w-full rounded-control border border-edge bg-surface px-3 text-17 text-ink" {...form.register('campaign_id')}>
                  <option value="">{m.entry_campaign_none()}</option>
                  {campaigns.map((campaign) => (
                    <option key={campaign.id} value={campaign.id}>
                      {campaign.name}
                    </option>
                  ))}
                </select>
              </label>
            )}
          </>
        ) : (
          <Button kind="plain" className="-ml-4" icon={<ChevronDown size={18} aria-hidden />} onClick={() => setMore(true)}>
            {m.entry_more()}
          </Button>
        )}
      </form>
    </Sheet>
  )
}

function Tick({ label, checked, onChange }: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="flex min-h-12 cursor-pointer items-center gap-3 text-15 text-ink">
      <input type="checkbox" className="size-6 shrink-0 accent-accent" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  )
}

/** Somebody with this number is here: to be opened, or asked for once more. */
function Here({ lead, onOpen }: { lead: Lead; onOpen: () => void }) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 rounded-control bg-accent-soft py-1 pr-2 pl-4 text-15 text-accent-text">
      <p className="min-w-0 flex-1 py-2 font-medium break-words">{m.entry_here({ name: nameOf(lead) })}</p>
      <Link to="/leads/$leadId" params={{ leadId: lead.id }} onClick={onOpen} className="inline-flex min-h-12 items-center rounded-control px-2 font-semibold underline underline-offset-4">
        {m.entry_open()}
      </Link>
    </div>
  )
}

/** The open lead of whoever is being typed in, where there is a connection to ask by. */
function useMatch(phone: string, email: string): Lead | null {
  const [by, setBy] = useState({ phone, email })
  useEffect(() => {
    const timer = setTimeout(() => setBy({ phone, email }), PAUSE)
    return () => clearTimeout(timer)
  }, [phone, email])
  const enough = by.phone.replace(/\D/g, '').length >= 5 || /@.+\../.test(by.email)
  return (
    useQuery({
      queryKey: ['entry', 'match', by],
      queryFn: ({ signal }) => ask(api.POST('/api/leads/matches', { body: { phone: by.phone || null, email: by.email || null }, signal })).then((found) => found.lead),
      enabled: enough,
      gcTime: 0,
      retry: false,
    }).data ?? null
  )
}

/** What the list shows until the server has it. */
function provisional(given: Record<string, string | null>, source: EntrySource, session: Session, called: boolean): Lead {
  const now = new Date()
  const at = now.toISOString()
  const due = called ? null : new Date(now.getTime() + (session.organization?.sla_minutes ?? 15) * 60_000).toISOString()
  return {
    id: newId(),
    version: 0,
    status: called ? 'contacted' : 'new',
    lost_reason: null,
    full_name: given.full_name ?? null,
    phone: null,
    phone_given: given.phone ?? null,
    email: given.email ?? null,
    postal_code: given.postal_code ?? null,
    city: given.city ?? null,
    service: given.service ?? null,
    message: given.message ?? null,
    source,
    platform: null,
    meta_lead_id: null,
    is_test: false,
    is_organic: false,
    enquiry_count: 1,
    campaign_id: given.campaign_id ?? null,
    form_id: null,
    adset_name: null,
    ad_name: null,
    assignee_id: called ? session.user.id : null,
    claimed_at: called ? at : null,
    attempt_count: called ? 1 : 0,
    first_attempt_at: called ? at : null,
    last_attempt_at: called ? at : null,
    first_contact_at: called ? at : null,
    last_contact_at: called ? at : null,
    snoozed_until: null,
    response_seconds: null,
    response_business_seconds: null,
    opens_at: called ? null : at,
    due_at: due,
    next_at: due ?? at,
    score: 0,
    created_at: at,
    received_at: at,
    updated_at: at,
  }
}
