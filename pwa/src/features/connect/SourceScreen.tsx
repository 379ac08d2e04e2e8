import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { isStatus } from '@/shared/api/problem'
import type { LeadSource, PreviewedDelivery, ReadLead, SourceDelivery, SourceWithSecret } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { Copyable } from './AppGroup'
import { MappingEditor } from './MappingEditor'
import { sourceDeliveriesOptions, sourceMappingOptions, sourcesOptions } from './queries'
import { SecretSheet } from './SecretSheet'
import { snippetOf } from './snippet'
import { sourceReasonWords, told } from './words'

const BACK = { to: '/settings/sources', label: () => m.source_title() } as const

/** One source: what the other side needs, where its fields go, and what became of what came. */
export function SourceScreen() {
  const { sourceId } = useParams({ strict: false }) as { sourceId: string }
  const sources = useQuery(sourcesOptions)
  const source = sources.data?.find((one) => one.id === sourceId)
  if (!source) {
    return (
      <Page title={m.source_title()} back={BACK}>
        {sources.error ? <Failed error={sources.error} again={() => void sources.refetch()} /> : sources.isPending ? <Waiting lines={4} /> : <p className="text-15 text-ink-3">{m.error_not_found()}</p>}
      </Page>
    )
  }
  return (
    <Page title={source.name} hint={source.kind === 'form' ? m.source_kind_form() : m.source_kind_webhook()} wide back={BACK}>
      <Access source={source} />
      <Mapping source={source} />
      <Deliveries source={source} />
      <Remove source={source} />
    </Page>
  )
}

function Access({ source }: { source: LeadSource }) {
  const client = useQueryClient()
  const place = usePlace()
  const now = new Date(useNow())
  const [made, setMade] = useState<SourceWithSecret | null>(null)
  const rotate = useMutation({
    mutationFn: () => ask(api.POST('/api/sources/{id}/secret', { params: { path: { id: source.id } }, headers: once() })),
    onSuccess: setMade,
    onError: (error) => toast(told(error), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['sources'] }),
  })
  return (
    <Group title={m.source_access()}>
      <div className="space-y-4 rounded-card border border-hairline bg-surface p-5">
        <Copyable label={m.source_url()} text={source.url} />
        {source.kind === 'form' ? (
          <>
            <Copyable label={m.source_snippet()} text={snippetOf(source.url)} code />
            <p className="text-15 text-pretty text-ink-3">{source.redirect_url ? m.source_redirects({ url: source.redirect_url }) : m.source_thanks()}</p>
          </>
        ) : (
          <>
            <p className="text-15 text-pretty text-ink-2">{m.source_signed()}</p>
            <p className="text-13 text-ink-3">
              {[m.source_secret_end({ end: source.secret_end ?? '' }), source.previous_until && m.source_previous({ when: when(new Date(source.previous_until), now, place) })].filter(Boolean).join(' · ')}
            </p>
            <Button className="w-full" disabled={rotate.isPending} onClick={() => rotate.mutate()}>
              {m.source_rotate()}
            </Button>
          </>
        )}
      </div>
      {made && <SecretSheet made={made} onClose={() => setMade(null)} />}
    </Group>
  )
}

function Mapping({ source }: { source: LeadSource }) {
  const mapping = useQuery(sourceMappingOptions(source.id))
  if (mapping.isPending) return <Waiting lines={3} />
  if (mapping.error) return <Failed error={mapping.error} again={() => void mapping.refetch()} />
  if (mapping.data.questions.length === 0) return null
  const path = { id: source.id }
  // By the names that the other side gives them: whoever set it up knows those.
  const questions = mapping.data.questions.map((question) => ({ ...question, label: question.key }))
  return (
    <MappingEditor
      key={mapping.data.version}
      mapping={{ ...mapping.data, questions }}
      kept={sourceMappingOptions(source.id).queryKey}
      titles={{ questions: m.source_fields(), preview: m.source_preview() }}
      preview={async (targets, signal) => {
        const { deliveries, warnings } = await ask(api.POST('/api/sources/{id}/preview', { params: { path }, body: { targets }, signal }))
        return { leads: deliveries.flatMap(asLead), warnings }
      }}
      save={(targets, version) => ask(api.PUT('/api/sources/{id}/mapping', { params: { path, header: { 'If-Match': `"${version}"` } }, body: { targets }, headers: once() }))}
    />
  )
}

const nothing: ReadLead = { full_name: null, phone: null, phone_is_valid: false, email: null, postal_code: null, city: null, service: null, message: null, answers: [], consents: [] }

/** What cannot be read shows nothing here: it stands in the list below. */
const asLead = ({ received_at, before, after }: PreviewedDelivery) =>
  before || after ? [{ lead_id: null, created_at: received_at, before: before ?? nothing, after: after ?? nothing }] : []

function Deliveries({ source }: { source: LeadSource }) {
  const deliveries = useQuery(sourceDeliveriesOptions(source.id))
  return (
    <Group title={m.source_deliveries()} hint={m.source_deliveries_hint()}>
      {deliveries.isPending ? (
        <Waiting />
      ) : deliveries.error ? (
        <Failed error={deliveries.error} again={() => void deliveries.refetch()} />
      ) : deliveries.data.length === 0 ? (
        <p className="py-4 text-15 text-ink-3">{m.source_nothing_yet()}</p>
      ) : (
        <ul>
          {deliveries.data.map((delivery) => (
            <Delivery key={delivery.id} source={source.id} delivery={delivery} />
          ))}
        </ul>
      )}
    </Group>
  )
}

function Delivery({ source, delivery }: { source: string; delivery: SourceDelivery }) {
  const client = useQueryClient()
  const place = usePlace()
  const now = new Date(useNow())
  const again = useMutation({
    mutationFn: () => ask(api.POST('/api/sources/{id}/deliveries/{delivery_id}/replay', { params: { path: { id: source, delivery_id: delivery.id } }, headers: once() })),
    onSuccess: () => toast(m.source_read_again()),
    onError: (error) => toast(isStatus(error, 409) ? m.source_still_unreadable() : told(error), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['sources'] }),
  })
  const at = new Date(delivery.received_at)
  return (
    <li className="flex items-center gap-3 border-b border-hairline py-3 last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className={cx('text-15 font-medium', delivery.state === 'stored' ? 'text-fresh-text' : 'text-waning-text')}>
          {delivery.state === 'stored' ? m.connect_receipt_fetched() : sourceReasonWords(delivery.reason)}
        </p>
        <time dateTime={delivery.received_at} title={fullTime(at, place)} className="mt-0.5 block text-13 text-ink-3">
          {when(at, now, place)}
        </time>
      </div>
      {delivery.lead_id ? (
        <Link to="/leads/$leadId" params={{ leadId: delivery.lead_id }} className="inline-flex min-h-12 shrink-0 items-center px-2 text-15 font-medium text-accent-text">
          {m.connect_receipt_lead()}
        </Link>
      ) : (
        <Button disabled={again.isPending} onClick={() => again.mutate()}>
          {m.source_again()}
        </Button>
      )}
    </li>
  )
}

function Remove({ source }: { source: LeadSource }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const remove = useMutation({
    mutationFn: () => ask(api.DELETE('/api/sources/{id}', { params: { path: { id: source.id } }, headers: once() })),
    onSuccess: () => {
      toast(m.source_removed({ name: source.name }))
      void client.invalidateQueries({ queryKey: ['sources'] })
      void navigate({ to: '/settings/sources' })
    },
    onError: (error) => toast(told(error), { tone: 'error' }),
  })
  return (
    <>
      <Button kind="plain" className="w-full" onClick={() => setAsking(true)}>
        {m.source_remove()}
      </Button>
      {asking && (
        <Sheet title={m.source_remove_title({ name: source.name })} hint={m.source_remove_hint()} onClose={() => setAsking(false)}>
          <div className="flex flex-col gap-2">
            <Button kind="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
              {m.source_remove()}
            </Button>
            <Button onClick={() => setAsking(false)}>{m.cancel()}</Button>
          </div>
        </Sheet>
      )}
    </>
  )
}
