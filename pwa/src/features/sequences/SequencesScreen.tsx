import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight, Plus, Workflow } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import type { Sequence } from '@/shared/api/types'
import { Empty } from '@/shared/ui/Empty'
import { Failed, List, Waiting } from '@/shared/ui/List'
import { Page } from '@/shared/ui/Page'
import { Knob } from '@/shared/ui/Toggle'
import { toast } from '@/shared/ui/toasts'
import { draftOf, sequencesOptions } from './queries'
import { stepIcons, triggerInWords } from './words'

/** For owners: what is written to leads by itself, and how far each goes. */
export function SequencesScreen() {
  const { data: sequences, error, refetch } = useQuery(sequencesOptions)
  const write = (
    <Link
      to="/settings/sequences/$sequenceId"
      params={{ sequenceId: 'new' }}
      className="inline-flex min-h-12 items-center gap-2 rounded-control bg-accent px-4 text-15 font-medium text-on-accent"
    >
      <Plus size={18} aria-hidden />
      {m.sequence_new()}
    </Link>
  )
  return (
    <Page title={m.sequence_title()} hint={m.sequence_row_hint()} action={sequences && sequences.length > 0 ? write : undefined}>
      {error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : !sequences ? (
        <Waiting lines={3} />
      ) : sequences.length === 0 ? (
        <Empty icon={<Workflow size={26} />} title={m.sequence_none()}>
          <p>{m.sequence_none_hint()}</p>
          {write}
        </Empty>
      ) : (
        <List>
          {sequences.map((sequence) => (
            <Row key={sequence.id} sequence={sequence} />
          ))}
        </List>
      )}
    </Page>
  )
}

function Row({ sequence }: { sequence: Sequence }) {
  const client = useQueryClient()
  const turn = useMutation({
    mutationFn: (is_active: boolean) =>
      ask(
        api.PUT('/api/sequences/{id}', {
          params: { path: { id: sequence.id }, header: { 'If-Match': `"${sequence.version}"` } },
          body: { ...draftOf(sequence), is_active },
          headers: once(),
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: sequencesOptions.queryKey }),
    onError: (failed) => toast(inWords(failed), { tone: 'error' }),
  })
  return (
    <li className="flex items-center gap-3 border-b border-hairline pr-4 last:border-b-0">
      <Link
        to="/settings/sequences/$sequenceId"
        params={{ sequenceId: sequence.id }}
        className="flex min-h-20 min-w-0 flex-1 items-center gap-3 py-3 pl-4 transition-colors active:bg-pressed lg:hover:bg-sunken"
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate text-17 font-medium">{sequence.name}</span>
          <span className="mt-0.5 flex items-center gap-1.5 text-13 text-ink-3">
            {sequence.steps.map((step, index) => {
              const Icon = stepIcons[step.kind]
              return <Icon key={index} size={14} aria-hidden />
            })}
            <span className="truncate">{triggerInWords(sequence.trigger)}</span>
          </span>
          <span className="block text-13 text-ink-3 tabular-nums">{m.sequence_figures({ running: sequence.running, answered: sequence.answered, total: sequence.total })}</span>
        </span>
        <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
      </Link>
      <Knob label={m.sequence_active({ name: sequence.name })} on={turn.isPending ? turn.variables : sequence.is_active} disabled={turn.isPending} onChange={turn.mutate} />
    </li>
  )
}
