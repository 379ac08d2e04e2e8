import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { ApiError, inWords } from '@/shared/api/problem'
import type { NewSequence, PreviewedStep } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { nameOf } from '@/shared/leads/labels'
import { Sheet } from '@/shared/ui/Sheet'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { kindInWords, obstacleInWords, stepIcons } from './words'

const LEADS = 20

/** What the sequence would say to one of the newest leads, with their own data. Nothing is sent. */
export function PreviewSheet({ sequence, onClose }: { sequence: NewSequence; onClose: () => void }) {
  const leads = useQuery({
    queryKey: ['sequences', 'leads'],
    queryFn: ({ signal }) => ask(api.GET('/api/leads', { params: { query: { view: 'all', limit: LEADS } }, signal })).then((page) => page.items),
  })
  const [chosen, setChosen] = useState<string | null>(null)
  const lead = chosen ?? leads.data?.[0]?.id
  const preview = useQuery({
    queryKey: ['sequences', 'preview', lead, sequence],
    queryFn: ({ signal }) => ask(api.POST('/api/sequences/preview', { body: { sequence, lead_id: lead ?? '' }, signal })),
    enabled: lead !== undefined,
    retry: false,
    gcTime: 0,
  })
  const refused = preview.error instanceof ApiError ? preview.error : null
  const at = refused?.field?.match(/^steps\.(\d+)/)?.[1]
  return (
    <Sheet title={m.sequence_preview()} hint={m.sequence_preview_hint()} onClose={onClose} wide>
      <div className="space-y-5 pt-1">
        {leads.data?.length === 0 ? (
          <p className="text-15 text-ink-3">{m.sequence_preview_no_leads()}</p>
        ) : (
          <label className="block">
            <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.sequence_preview_lead()}</span>
            <select value={lead ?? ''} onChange={(event) => setChosen(event.target.value)} className="h-12 w-full rounded-control border border-edge bg-surface px-3 text-17">
              {leads.data?.map((one) => (
                <option key={one.id} value={one.id}>
                  {nameOf(one)}
                </option>
              ))}
            </select>
          </label>
        )}
        {preview.error && (
          <p role="alert" className="text-15 text-late-text">
            {at !== undefined ? `${m.sequence_step({ n: Number(at) + 1 })}: ` : ''}
            {refused?.reason === 'required' ? m.sequence_error_required() : inWords(preview.error)}
          </p>
        )}
        {preview.isLoading && <RowsSkeleton rows={3} />}
        {preview.data && (
          <>
            <p className="text-15 text-ink-2">{preview.data.consent ? (preview.data.asked ? m.sequence_consent_given() : m.sequence_consent_not_asked()) : m.sequence_consent_refused()}</p>
            <ol className="space-y-3">
              {preview.data.steps.map((step, index) => (
                <Shown key={index} step={step} />
              ))}
            </ol>
          </>
        )}
      </div>
    </Sheet>
  )
}

function Shown({ step }: { step: PreviewedStep }) {
  const now = useNow()
  const place = usePlace()
  const Icon = stepIcons[step.kind]
  const facts = [kindInWords(step.kind), when(new Date(step.at), new Date(now), place)]
  if (step.segments !== null && step.segments > 1) facts.push(m.sequence_parts({ n: step.segments }))
  return (
    <li className="rounded-card border border-hairline p-4">
      <p className="flex items-center gap-2 text-13 text-ink-3">
        <Icon size={15} className="shrink-0" aria-hidden />
        {facts.join(' · ')}
      </p>
      {step.subject && <p className="mt-2 text-17 font-semibold break-words">{step.subject}</p>}
      <p className="mt-1.5 text-17 break-words whitespace-pre-line">{step.text}</p>
      {step.is_unicode && <p className="mt-2 text-13 text-ink-3">{m.sequence_unicode()}</p>}
      {step.obstacle && (
        <p className="mt-2 flex items-center gap-2 text-15 text-late-text">
          <TriangleAlert size={16} className="shrink-0" aria-hidden />
          {obstacleInWords(step.obstacle)}
        </p>
      )}
    </li>
  )
}
