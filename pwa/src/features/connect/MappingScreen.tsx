import { useState } from 'react'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { isStatus } from '@/shared/api/problem'
import type { FormMapping, Target } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Group, Page } from '@/shared/ui/Page'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { toast } from '@/shared/ui/toasts'
import { decisionsOf, differs, type Draft } from './draft'
import { PreviewList } from './PreviewList'
import { Question, Warnings } from './Questions'
import { useSettled } from './settled'
import { mappingOptions, mappingsOptions } from './queries'
import { told } from './words'

const BACK = { to: '/settings/meta', label: () => m.connect_title() } as const

/** Where the answers of a form go: each question with its place, beside what that does to real leads. */
export function MappingScreen() {
  const { formId } = useParams({ strict: false }) as { formId: string }
  const form = useQuery(mappingOptions(formId))
  if (form.data) return <Editor key={`${form.data.id} ${form.data.version}`} form={form.data} />
  return (
    <Page title={m.connect_forms()} back={BACK}>
      {form.error ? (
        <div role="alert" className="flex flex-wrap items-center gap-4">
          <p className="text-15 text-late-text">{told(form.error)}</p>
          <Button onClick={() => void form.refetch()}>{m.try_again()}</Button>
        </div>
      ) : (
        <RowsSkeleton rows={6} />
      )}
    </Page>
  )
}

function Editor({ form }: { form: FormMapping }) {
  const client = useQueryClient()
  const [draft, setDraft] = useState<Draft>({})
  const decisions = decisionsOf(form, draft)
  const changed = differs(form, draft)
  const asked = useSettled(JSON.stringify(decisions))
  const preview = useQuery({
    queryKey: ['connect', 'preview', form.id, form.version, asked],
    queryFn: ({ signal }) =>
      ask(api.POST('/api/forms/{id}/preview', { params: { path: { id: form.id } }, body: { targets: JSON.parse(asked) as Record<string, Target> }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
  })
  const warnings = preview.data?.warnings ?? form.warnings

  const show = (saved: FormMapping) => {
    client.setQueryData(mappingOptions(form.id).queryKey, saved)
    void client.invalidateQueries(mappingsOptions)
  }
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PUT('/api/forms/{id}/mapping', {
          params: { path: { id: form.id }, header: { 'If-Match': `"${form.version}"` } },
          body: { targets: decisions },
          headers: once(),
        }),
      ),
    onSuccess: (saved) => {
      show(saved)
      toast(m.connect_map_saved())
    },
    onError: (error) => {
      if (isStatus(error, 412)) void client.invalidateQueries(mappingOptions(form.id))
      toast(isStatus(error, 412) ? m.connect_map_moved() : told(error), { tone: 'error' })
    },
  })
  const remap = useMutation({
    mutationFn: () => ask(api.POST('/api/forms/{id}/remap', { params: { path: { id: form.id } }, headers: once() })),
    onSuccess: () => toast(m.connect_map_remapping()),
    onError: (error) => toast(told(error), { tone: 'error' }),
  })

  return (
    <Page title={form.name} hint={m.connect_map_hint()} wide back={BACK}>
      <div className="grid gap-9 lg:grid-cols-2 lg:items-start">
        <div className="space-y-6">
          <Group title={m.connect_map_questions()}>
            <ul>
              {form.questions.map((question) => (
                <Question key={question.key} question={question} target={draft[question.key] ?? question.target} onChoose={(target) => setDraft((before) => ({ ...before, [question.key]: target }))} />
              ))}
            </ul>
          </Group>
          <Warnings warnings={warnings} />
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
          {!changed && (
            <div className="space-y-2 border-t border-hairline pt-5">
              <p className="text-15 text-pretty text-ink-3">{m.connect_map_remap_hint()}</p>
              <Button className="w-full" disabled={remap.isPending} onClick={() => remap.mutate()}>
                {m.connect_map_remap()}
              </Button>
            </div>
          )}
        </div>
        <Group title={m.connect_map_preview()}>
          <div className={cx('transition-opacity', preview.isPlaceholderData && 'opacity-60')} aria-busy={preview.isFetching}>
            {preview.isPending ? (
              <RowsSkeleton rows={3} />
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
    </Page>
  )
}
