import { useState, type ReactNode } from 'react'
import { keepPreviousData, useMutation, useQuery, useQueryClient, type QueryKey } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { isStatus } from '@/shared/api/problem'
import type { FormQuestion, MappingWarning, PreviewedLead, Target } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Waiting } from '@/shared/ui/List'
import { Group } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { decisionsOf, differs, type Draft } from './draft'
import { PreviewList } from './PreviewList'
import { Question, Warnings } from './Questions'
import { useSettled } from './settled'
import { told } from './words'

type Targets = Record<string, Target>

interface Props<Mapping> {
  mapping: Mapping
  /** Where it is kept on this phone. */
  kept: QueryKey
  titles: { questions: string; preview: string }
  preview: (targets: Targets, signal: AbortSignal) => Promise<{ leads: PreviewedLead[]; warnings: MappingWarning[] }>
  save: (targets: Targets, version: number) => Promise<Mapping>
  onSaved?: () => void
  /** Shown while nothing is changed. */
  children?: ReactNode
}

/** Each question with the place that its answers go to, beside what that does to real leads. A draft stands on one version: key it by that. */
export function MappingEditor<Mapping extends { version: number; questions: FormQuestion[]; warnings: MappingWarning[] }>({
  mapping,
  kept,
  titles,
  preview: look,
  save: send,
  onSaved,
  children,
}: Props<Mapping>) {
  const client = useQueryClient()
  const [draft, setDraft] = useState<Draft>({})
  const decisions = decisionsOf(mapping, draft)
  const changed = differs(mapping, draft)
  const asked = useSettled(JSON.stringify(decisions))
  const preview = useQuery({
    queryKey: [...kept, 'preview', mapping.version, asked],
    queryFn: ({ signal }) => look(JSON.parse(asked) as Targets, signal),
    placeholderData: keepPreviousData,
    retry: false,
  })
  const save = useMutation({
    mutationFn: () => send(decisions, mapping.version),
    onSuccess: (saved) => {
      client.setQueryData(kept, saved)
      onSaved?.()
      toast(m.connect_map_saved())
    },
    onError: (error) => {
      if (isStatus(error, 412)) void client.invalidateQueries({ queryKey: kept, exact: true })
      toast(isStatus(error, 412) ? m.connect_map_moved() : told(error), { tone: 'error' })
    },
  })
  return (
    <div className="grid gap-9 lg:grid-cols-2 lg:items-start">
      <div className="space-y-6">
        <Group title={titles.questions}>
          <ul>
            {mapping.questions.map((question) => (
              <Question key={question.key} question={question} target={draft[question.key] ?? question.target} onChoose={(target) => setDraft((before) => ({ ...before, [question.key]: target }))} />
            ))}
          </ul>
        </Group>
        <Warnings warnings={preview.data?.warnings ?? mapping.warnings} />
        <div className="flex flex-wrap gap-2">
          <Button kind="primary" className="flex-1 basis-44" disabled={!changed || save.isPending} onClick={() => save.mutate()}>
            {m.connect_save()}
          </Button>
          {changed && (
            <Button className="flex-1 basis-44" onClick={() => setDraft({})}>
              {m.connect_map_reset()}
            </Button>
          )}
        </div>
        {!changed && children}
      </div>
      <Group title={titles.preview}>
        <div className={cx('transition-opacity', preview.isPlaceholderData && 'opacity-60')} aria-busy={preview.isFetching}>
          {preview.isPending ? (
            <Waiting lines={3} />
          ) : preview.error ? (
            <p role="alert" className="text-15 text-pretty text-late-text">
              {told(preview.error)}
            </p>
          ) : (
            <PreviewList leads={preview.data.leads} changed={changed} />
          )}
        </div>
      </Group>
    </div>
  )
}
