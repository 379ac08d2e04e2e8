import { useId, useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight, Plus, TextCursorInput, Webhook } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import type { LeadSource, SourceKind, SourceWithSecret } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { Button } from '@/shared/ui/Button'
import { Empty } from '@/shared/ui/Empty'
import { Choice } from '@/shared/ui/Choice'
import { Field } from '@/shared/ui/Field'
import { Failed, Waiting } from '@/shared/ui/List'
import { Page } from '@/shared/ui/Page'
import { Sheet } from '@/shared/ui/Sheet'
import { sourcesOptions } from './queries'
import { SecretSheet } from './SecretSheet'
import { told } from './words'

/** Where leads come from besides Meta: other systems, and the forms of web pages. */
export function SourcesScreen() {
  const sources = useQuery(sourcesOptions)
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<SourceWithSecret | null>(null)
  const add = (
    <Button kind="primary" icon={<Plus size={18} aria-hidden />} onClick={() => setAdding(true)}>
      {m.source_add()}
    </Button>
  )
  return (
    <Page title={m.source_title()} hint={m.source_hint()} action={sources.data && sources.data.length > 0 ? add : undefined}>
      {sources.isPending ? (
        <Waiting />
      ) : sources.error ? (
        <Failed error={sources.error} again={() => void sources.refetch()} />
      ) : sources.data.length === 0 ? (
        <Empty icon={<Webhook size={26} />} title={m.source_none()}>
          <p>{m.source_none_hint()}</p>
          {add}
        </Empty>
      ) : (
        <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
          {sources.data.map((source) => (
            <li key={source.id} className="border-b border-hairline last:border-b-0">
              <SourceRow source={source} />
            </li>
          ))}
        </ul>
      )}
      {adding && (
        <NewSourceSheet
          onClose={() => setAdding(false)}
          onMade={(one) => {
            setAdding(false)
            setMade(one)
          }}
        />
      )}
      {made && <SecretSheet made={made} onClose={() => setMade(null)} />}
    </Page>
  )
}

function SourceRow({ source }: { source: LeadSource }) {
  const place = usePlace()
  const now = new Date(useNow())
  const Icon = source.kind === 'form' ? TextCursorInput : Webhook
  const facts = [
    m.source_leads({ n: source.leads }),
    source.last_received_at ? m.source_last({ when: when(new Date(source.last_received_at), now, place) }) : m.source_nothing_yet(),
  ]
  return (
    <Link to="/settings/sources/$sourceId" params={{ sourceId: source.id }} className="flex min-h-15 items-center gap-4 px-4 py-2 transition-colors active:bg-pressed lg:hover:bg-sunken">
      <Icon size={20} className="shrink-0 text-accent-text" aria-hidden />
      <span className="min-w-0 flex-1">
        <span className="block text-17 font-medium break-words">{source.name}</span>
        <span className="block text-13 text-ink-3">{facts.join(' · ')}</span>
        {source.failed > 0 && <span className="block text-13 font-medium text-waning-text">{m.source_failed({ n: source.failed })}</span>}
      </span>
      <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
    </Link>
  )
}

function NewSourceSheet({ onClose, onMade }: { onClose: () => void; onMade: (made: SourceWithSecret) => void }) {
  const client = useQueryClient()
  const formId = useId()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<SourceKind>('webhook')
  const [redirect, setRedirect] = useState('')
  const create = useMutation({
    mutationFn: () => ask(api.POST('/api/sources', { body: { name, kind, redirect_url: kind === 'form' ? redirect.trim() || null : null }, headers: once() })),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['sources'] })
      onMade(made)
    },
  })
  const field = create.error instanceof ApiError ? create.error.field : null
  return (
    <Sheet
      title={m.source_add()}
      onClose={onClose}
      footer={
        <Button kind="primary" type="submit" form={formId} className="w-full" disabled={create.isPending}>
          {m.source_create()}
        </Button>
      }
    >
      <form
        id={formId}
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate()
        }}
      >
        <Field label={m.source_name()} value={name} maxLength={100} autoComplete="off" error={field === 'name' ? m.source_name_needed() : undefined} onChange={(event) => setName(event.target.value)} />
        <div role="group" aria-label={m.source_kind()}>
          <Choice icon={<Webhook size={20} aria-hidden />} label={m.source_kind_webhook()} chosen={kind === 'webhook'} onClick={() => setKind('webhook')} />
          <Choice icon={<TextCursorInput size={20} aria-hidden />} label={m.source_kind_form()} chosen={kind === 'form'} onClick={() => setKind('form')} />
        </div>
        {kind === 'form' && (
          <Field
            label={m.source_redirect()}
            type="url"
            inputMode="url"
            placeholder="https://"
            value={redirect}
            error={field === 'redirect_url' ? m.source_redirect_bad() : undefined}
            onChange={(event) => setRedirect(event.target.value)}
          />
        )}
        <div role="alert">{create.error && !field && <p className="rounded-control bg-late-soft px-4 py-3 text-15 text-late-text">{told(create.error)}</p>}</div>
      </form>
    </Sheet>
  )
}
