import { useRef, useState, type FormEvent } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Eye, Plus, Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { ApiError, inWords, isStatus } from '@/shared/api/problem'
import type { NewSequence, Sequence, SequenceStep, SequenceTrigger } from '@/shared/api/types'
import { campaignsOptions, formsOptions } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Chip } from '@/shared/ui/Filters'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { PreviewSheet } from './PreviewSheet'
import { draftOf, sequencesOptions } from './queries'
import { StepCard } from './StepCard'
import { refusalAt, triggerInWords } from './words'

const TRIGGERS: SequenceTrigger[] = ['no_answer', 'new_lead', 'by_hand']
const BACK = { to: '/settings/sequences', label: () => m.sequence_title() } as const

/** One sequence: what begins it, for whom, and its steps. */
export function EditorScreen() {
  const { sequenceId } = useParams({ strict: false })
  const { data: sequences, error, refetch } = useQuery(sequencesOptions)
  const known = sequences?.find((one) => one.id === sequenceId)
  if (sequenceId === 'new') return <Editor key="new" draft={fresh()} />
  if (known) return <Editor key={`${known.id}:${known.version}`} draft={draftOf(known)} known={known} />
  return (
    <Page title={m.sequence_title()} back={BACK}>
      {error ? <Failed error={error} again={() => void refetch()} /> : sequences ? <p className="text-15 text-ink-3">{m.error_not_found()}</p> : <Waiting lines={5} />}
    </Page>
  )
}

/** A good beginning, in the reader's language. */
function fresh(): NewSequence {
  return {
    name: '',
    is_active: true,
    trigger: 'no_answer',
    filter: { forms: [], campaigns: [] },
    steps: [{ kind: 'sms', after_minutes: 0, subject: null, text: m.sequence_example({ name: '{{ first_name }}', business: '{{ organization }}' }) }],
  }
}

interface Keyed {
  key: number
  step: SequenceStep
}

let next = 1
const keyed = (step: SequenceStep): Keyed => ({ key: next++, step })

function Editor({ draft, known }: { draft: NewSequence; known?: Sequence }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState(draft.name)
  const [trigger, setTrigger] = useState(draft.trigger)
  const [filter, setFilter] = useState(draft.filter)
  const [steps, setSteps] = useState(() => draft.steps.map(keyed))
  const [previewing, setPreviewing] = useState(false)
  const forms = useQuery(formsOptions).data ?? []
  const campaigns = useQuery(campaignsOptions).data ?? []
  const written: NewSequence = { name, is_active: draft.is_active, trigger, filter, steps: steps.map((one) => one.step) }
  const again = () => client.invalidateQueries({ queryKey: sequencesOptions.queryKey })
  const save = useMutation({
    mutationFn: () =>
      known
        ? ask(api.PUT('/api/sequences/{id}', { params: { path: { id: known.id }, header: { 'If-Match': `"${known.version}"` } }, body: written, headers: once() }))
        : ask(api.POST('/api/sequences', { body: written, headers: once() })),
    onSuccess: async () => {
      toast(m.toast_saved())
      await again()
      void navigate({ to: '/settings/sequences' })
    },
    onError: (failed) => {
      if (isStatus(failed, 412)) void again()
    },
  })
  const archive = useMutation({
    mutationFn: (id: string) => ask(api.DELETE('/api/sequences/{id}', { params: { path: { id } }, headers: once() })),
    onSuccess: async () => {
      toast(m.sequence_archived())
      await again()
      void navigate({ to: '/settings/sequences' })
    },
    onError: (failed) => toast(inWords(failed), { tone: 'error' }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  const put = (key: number, step: SequenceStep) => {
    save.reset()
    setSteps((all) => all.map((one) => (one.key === key ? { key, step } : one)))
  }
  const list = useRef<HTMLOListElement>(null)
  /** Changes how many steps there are, and goes to the one that is then to be looked at. */
  const count = (changed: (all: Keyed[]) => Keyed[], at: number) => {
    setSteps(changed)
    requestAnimationFrame(() => {
      const cards = list.current?.children
      cards?.[Math.min(at, cards.length - 1)]?.querySelector<HTMLElement>('input:checked')?.focus()
    })
  }
  const move = (at: number, by: number) =>
    setSteps((all) => {
      const moved = [...all]
      const [one] = moved.splice(at, 1)
      if (one) moved.splice(at + by, 0, one)
      return moved
    })
  const aboutSteps = save.error instanceof ApiError && save.error.field?.startsWith('steps')
  const elsewhere = save.isError && !refusalAt(save.error, 'name') && !aboutSteps
  return (
    <Page title={known ? known.name : m.sequence_new()} back={BACK}>
      <form noValidate onSubmit={submit} className="space-y-9">
        <Field
          label={m.sequence_name()}
          value={name}
          maxLength={100}
          onChange={(event) => {
            save.reset()
            setName(event.target.value)
          }}
          error={refusalAt(save.error, 'name')}
        />
        <Group title={m.sequence_begins()}>
          <div role="group" aria-label={m.sequence_begins()} className="flex flex-wrap gap-2">
            {TRIGGERS.map((one) => (
              <Chip key={one} on={one === trigger} onClick={() => setTrigger(one)} label={triggerInWords(one)} />
            ))}
          </div>
        </Group>
        {trigger !== 'by_hand' && forms.length + campaigns.length > 0 && (
          <Group title={m.sequence_for()} hint={m.sequence_for_hint()}>
            <div className="flex flex-wrap gap-2">
              {forms.map((form) => (
                <Chip key={form.id} on={filter.forms.includes(form.id)} onClick={() => setFilter({ ...filter, forms: toggled(filter.forms, form.id) })} label={form.name ?? form.external_id} />
              ))}
              {campaigns.map((campaign) => (
                <Chip key={campaign.id} on={filter.campaigns.includes(campaign.id)} onClick={() => setFilter({ ...filter, campaigns: toggled(filter.campaigns, campaign.id) })} label={campaign.name} />
              ))}
            </div>
          </Group>
        )}
        <Group title={m.sequence_steps()} hint={m.sequence_steps_hint()}>
          <ol ref={list} className="space-y-4">
            {steps.map(({ key, step }, at) => (
              <StepCard
                key={key}
                step={step}
                number={at + 1}
                isLast={at === steps.length - 1}
                refusal={(field) => refusalAt(save.error, `steps.${at}.${field}`)}
                onChange={(changed) => put(key, changed)}
                onMove={(by) => move(at, by)}
                onRemove={steps.length > 1 ? () => count((all) => all.filter((one) => one.key !== key), at) : undefined}
              />
            ))}
          </ol>
          <Button
            kind="soft"
            className="mt-4"
            icon={<Plus size={18} aria-hidden />}
            disabled={steps.length >= 20}
            onClick={() => count((all) => [...all, keyed({ kind: 'sms', after_minutes: 240, subject: null, text: '' })], steps.length)}
          >
            {m.sequence_step_add()}
          </Button>
        </Group>
        <div role="alert">{elsewhere && <p className="text-15 text-late-text">{inWords(save.error)}</p>}</div>
        <div className="flex flex-wrap gap-3">
          <Button className="min-w-40 flex-1" icon={<Eye size={18} aria-hidden />} onClick={() => setPreviewing(true)}>
            {m.sequence_preview()}
          </Button>
          <Button kind="primary" type="submit" className="min-w-40 flex-1" disabled={save.isPending}>
            {m.save()}
          </Button>
        </div>
        {known && (
          <div>
            <Button kind="plain" className="-ml-4" icon={<Trash2 size={18} aria-hidden />} disabled={archive.isPending} onClick={() => archive.mutate(known.id)}>
              {m.sequence_archive()}
            </Button>
            {known.running > 0 && <p className="text-13 text-pretty text-ink-3">{m.sequence_archive_hint({ n: known.running })}</p>}
          </div>
        )}
      </form>
      {previewing && <PreviewSheet sequence={{ ...written, name: name.trim() || m.sequence_new() }} onClose={() => setPreviewing(false)} />}
    </Page>
  )
}

function toggled(all: string[], one: string): string[] {
  return all.includes(one) ? all.filter((known) => known !== one) : [...all, one]
}
