import { useState, type ReactNode } from 'react'
import { useIsMutating, useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleAlert, CircleCheck, CircleDashed, PlugZap, Plus, TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { MetaPage } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { clock, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { toast } from '@/shared/ui/toasts'
import { Checklist } from './Checklist'
import { DisconnectSheet, PageSheet } from './PageSheet'
import { setupOptions } from './queries'
import { brokenMend, mendWords, stepLabel, told } from './words'

/** Each page with how it is, in words, and the one next move. */
export function Pages({ pages }: { pages: MetaPage[] }) {
  const [adding, setAdding] = useState(false)
  return (
    <div className="space-y-4">
      {pages.length === 0 && (
        <Card tone="info" icon={<PlugZap size={22} aria-hidden />} title={m.connect_status_none()} next={m.connect_status_none_next()}>
          <Button kind="primary" className="w-full" onClick={() => setAdding(true)}>
            {m.connect_page_add()}
          </Button>
        </Card>
      )}
      {pages.map((page) => (
        <PageCard key={page.page_id} page={page} />
      ))}
      {pages.length > 0 && (
        <Button kind="plain" className="-ml-3" icon={<Plus size={18} aria-hidden />} onClick={() => setAdding(true)}>
          {m.connect_page_add()}
        </Button>
      )}
      {adding && <PageSheet onClose={() => setAdding(false)} />}
    </div>
  )
}

const icons = {
  working: <CircleCheck size={22} aria-hidden />,
  untested: <CircleDashed size={22} aria-hidden />,
  failing: <TriangleAlert size={22} aria-hidden />,
  broken: <CircleAlert size={22} aria-hidden />,
}
const cardTones = { working: 'good', untested: 'info', failing: 'warn', broken: 'bad' } as const

function PageCard({ page }: { page: MetaPage }) {
  const client = useQueryClient()
  const [sheet, setSheet] = useState<'replace' | 'disconnect' | null>(null)
  const key = ['connect', 'test', page.page_id]
  const test = useMutation({
    mutationKey: key,
    mutationFn: () => ask(api.POST('/api/connections/meta/pages/{page_id}/tests', { params: { path: { page_id: page.page_id } }, headers: once() })),
    onError: (error) => toast(told(error), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['connect'] }),
  })
  const place = usePlace()
  const now = new Date(useNow())
  const testing = useIsMutating({ mutationKey: key }) > 0
  const shown = test.data ?? page.test
  const failed = shown?.steps.find((step) => step.state === 'failed')
  const { title, next } = useStatus(page)
  // The token is what mends it, or the test is what shows it.
  const tokenFirst = page.health === 'broken' && page.broken_reason === 'token_dead'
  return (
    <Card tone={cardTones[page.health]} icon={icons[page.health]} title={title} next={next} name={page.name}>
      <p className="-mt-3.5 text-13 text-ink-3">
        {[m.connect_token_end({ end: page.token_end }), page.token_ends_at && m.connect_token_ends({ when: when(new Date(page.token_ends_at), now, place) }), page.waiting > 0 && m.connect_waiting({ n: page.waiting }), page.failed > 0 && m.connect_given_up({ n: page.failed })]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {page.slow_until && (
        <p className="rounded-control bg-waning-soft px-3 py-2 text-15 text-pretty text-waning-text">
          {m.connect_slow({ percent: page.budget_percent ?? 0, when: clock(new Date(page.slow_until), place) })}
        </p>
      )}
      <p role="status" className="sr-only">
        {testing ? m.connect_testing() : test.data ? (failed ? m.connect_test_bad({ step: stepLabel(failed.step) }) : m.connect_test_good()) : ''}
      </p>
      {(testing || shown) && <Checklist test={shown ?? null} testing={testing} />}
      <div className="flex flex-wrap gap-2">
        <Button kind={tokenFirst ? 'quiet' : 'primary'} className="flex-1 basis-44" disabled={testing} onClick={() => test.mutate()}>
          {testing ? m.connect_testing() : m.connect_test()}
        </Button>
        <Button kind={tokenFirst ? 'primary' : 'quiet'} className="flex-1 basis-44" onClick={() => setSheet('replace')}>
          {m.connect_token_replace()}
        </Button>
      </div>
      <Button kind="plain" className="-mb-2 w-full" onClick={() => setSheet('disconnect')}>
        {m.connect_disconnect()}
      </Button>
      {sheet === 'replace' && <PageSheet page={page} onClose={() => setSheet(null)} />}
      {sheet === 'disconnect' && (
        <DisconnectSheet
          page={page}
          onClose={() => setSheet(null)}
          onDone={() => {
            setSheet(null)
            void client.invalidateQueries(setupOptions)
          }}
        />
      )}
    </Card>
  )
}

/** How it is, and what to do next. */
function useStatus(page: MetaPage): { title: string; next: string } {
  const place = usePlace()
  const now = new Date(useNow())
  const since = page.trouble?.since ? `${m.connect_since({ when: when(new Date(page.trouble.since), now, place) })} ` : ''
  switch (page.health) {
    case 'working':
      return {
        title: m.connect_status_working(),
        next: page.last_received_at ? m.connect_status_working_at({ when: when(new Date(page.last_received_at), now, place) }) : m.connect_status_working_none(),
      }
    case 'untested':
      return { title: m.connect_status_untested(), next: m.connect_status_untested_next() }
    case 'failing':
      return { title: m.connect_status_failing(), next: `${since}${m.connect_status_failing_next()}` }
    default:
      return { title: m.connect_status_broken(), next: `${since}${mendWords(page.trouble?.mend ?? brokenMend(page.broken_reason))} ${m.connect_status_broken_next()}` }
  }
}

const tones = {
  good: 'bg-fresh-soft text-fresh-text',
  info: 'bg-accent-soft text-accent-text',
  warn: 'bg-waning-soft text-waning-text',
  bad: 'bg-late-soft text-late-text',
}

interface CardProps {
  tone: keyof typeof tones
  icon: ReactNode
  title: string
  next: string
  name?: string
  children: ReactNode
}

function Card({ tone, icon, title, next, name, children }: CardProps) {
  return (
    <section aria-label={name ?? title} className="overflow-hidden rounded-card border border-hairline bg-surface">
      <div className={cx('flex gap-3 px-5 py-4', tones[tone])}>
        <span className="mt-0.5 shrink-0">{icon}</span>
        <div className="min-w-0">
          <h2 className="text-17 font-semibold text-pretty">{title}</h2>
          <p className="mt-0.5 text-15 text-pretty text-ink-2">{next}</p>
        </div>
      </div>
      <div className="space-y-4 px-5 py-5">
        {name && <h3 className="text-17 font-semibold break-words">{name}</h3>}
        {children}
      </div>
    </section>
  )
}
