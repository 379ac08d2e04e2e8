import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Workflow } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import { inWords } from '@/shared/api/problem'
import type { Lead, SequenceRun, SequenceStop, StepKind } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { leadKeys } from '@/shared/leads/queries'
import { Button } from '@/shared/ui/Button'
import { Choice } from '@/shared/ui/Choice'
import { Sheet } from '@/shared/ui/Sheet'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { toast } from '@/shared/ui/toasts'

const OPEN = ['new', 'contacted', 'no_answer']
/** How long it is told that a sequence ended. */
const TOLD = 3 * 24 * 60 * 60 * 1000

const kinds: Record<StepKind, () => string> = { sms: () => m.channel_sms(), email: () => m.channel_email(), task: () => m.sequence_task() }

const whys: Record<SequenceStop, () => string> = {
  answered: () => m.sequence_why_answered(),
  reached: () => m.sequence_why_reached(),
  moved: () => m.sequence_why_moved(),
  opted_out: () => m.sequence_why_opted_out(),
  no_consent: () => m.sequence_why_no_consent(),
  by_hand: () => m.sequence_why_by_hand(),
  archived: () => m.sequence_why_archived(),
}

/** Whether something is written to the lead by itself, what comes next and when, and one tap to stop it. */
export function LeadSequence({ lead }: { lead: Lead }) {
  const client = useQueryClient()
  const now = useNow()
  const [choosing, setChoosing] = useState(false)
  // Beside the timeline, whose news bring its own.
  const queryKey = [...leadKeys.timeline(lead.id), 'sequence'] as const
  const known = useQuery({
    queryKey,
    queryFn: ({ signal }) => ask(api.GET('/api/leads/{id}/sequence', { params: { path: { id: lead.id } }, signal, headers: background(queryKey) })).then((told) => told.run),
  })
  const shown = (run: SequenceRun | null) => {
    client.setQueryData(queryKey, run)
    void client.invalidateQueries({ queryKey: leadKeys.timeline(lead.id) })
  }
  const stop = useMutation({
    mutationFn: () => ask(api.DELETE('/api/leads/{id}/sequence', { params: { path: { id: lead.id } }, headers: once() })),
    onSuccess: (told) => {
      shown(told.run)
      toast(m.sequence_stopped())
    },
    onError: (error) => toast(inWords(error), { tone: 'error' }),
  })
  const run = known.data
  const isOpen = OPEN.includes(lead.status)
  if (known.data === undefined) return null
  const isNews = run?.ended_at && now - new Date(run.ended_at).getTime() < TOLD
  if (!isOpen && !isNews) return null
  return (
    <section aria-label={m.sequence_title()}>
      {run?.state === 'running' ? (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-card border border-hairline bg-surface px-4 py-3">
          <Workflow size={20} className="shrink-0 text-accent-text" aria-hidden />
          <p className="min-w-0 flex-1 basis-36">
            <span className="block text-15 font-medium break-words">{m.sequence_in({ name: run.name })}</span>
            <Next run={run} />
          </p>
          <Button disabled={stop.isPending} onClick={() => stop.mutate()}>
            {m.sequence_stop()}
          </Button>
        </div>
      ) : (
        <div className="flex flex-wrap items-center gap-x-4">
          {isNews && run && (
            <p className="min-w-0 flex-1 basis-48 text-15 text-ink-3">
              {run.state === 'done' ? m.sequence_ended_done({ name: run.name }) : m.sequence_ended({ name: run.name, why: run.why ? whys[run.why]() : '' })}
            </p>
          )}
          {isOpen && (
            <Button kind="plain" className="-ml-4" icon={<Workflow size={18} aria-hidden />} onClick={() => setChoosing(true)}>
              {m.sequence_begin()}
            </Button>
          )}
        </div>
      )}
      {choosing && <ChooseSheet leadId={lead.id} onClose={() => setChoosing(false)} onBegun={shown} />}
    </section>
  )
}

function Next({ run }: { run: SequenceRun }) {
  const now = useNow()
  const place = usePlace()
  if (!run.next_kind || !run.next_at) return null
  return <span className="block text-13 text-ink-3">{m.sequence_next({ kind: kinds[run.next_kind](), when: when(new Date(run.next_at), new Date(now), place) })}</span>
}

function ChooseSheet({ leadId, onClose, onBegun }: { leadId: string; onClose: () => void; onBegun: (run: SequenceRun | null) => void }) {
  const sequences = useQuery({ queryKey: ['sequences'], queryFn: ({ signal }) => ask(api.GET('/api/sequences', { signal })).then((listed) => listed.items) })
  const begin = useMutation({
    mutationFn: (id: string) => ask(api.POST('/api/leads/{id}/sequence', { params: { path: { id: leadId } }, body: { sequence_id: id }, headers: once() })),
    onSuccess: (told) => {
      onBegun(told.run)
      onClose()
    },
    onError: (error) => toast(inWords(error), { tone: 'error' }),
  })
  return (
    <Sheet title={m.sequence_begin()} hint={m.sequence_begin_hint()} onClose={onClose}>
      {sequences.isPending && <RowsSkeleton rows={2} />}
      {sequences.data?.length === 0 && <p className="text-15 text-ink-3">{m.sequence_none()}</p>}
      {sequences.error && <p className="text-15 text-late-text">{inWords(sequences.error)}</p>}
      {sequences.data?.map((one) => (
        <Choice key={one.id} icon={<Workflow size={20} aria-hidden />} label={one.name} hint={m.sequence_steps_count({ n: one.steps.length })} onClick={() => begin.mutate(one.id)} />
      ))}
    </Sheet>
  )
}
