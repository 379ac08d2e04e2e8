import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { FormMapping } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Failed, Waiting } from '@/shared/ui/List'
import { Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { MappingEditor } from './MappingEditor'
import { mappingOptions, mappingsOptions } from './queries'
import { told } from './words'

const BACK = { to: '/settings/meta', label: () => m.connect_title() } as const

/** Where the answers of a form go. */
export function MappingScreen() {
  const { formId } = useParams({ strict: false }) as { formId: string }
  const form = useQuery(mappingOptions(formId))
  if (form.data) return <Mapping form={form.data} />
  return (
    <Page title={m.connect_forms()} back={BACK}>
      {form.error ? <Failed error={form.error} again={() => void form.refetch()} /> : <Waiting lines={6} />}
    </Page>
  )
}

function Mapping({ form }: { form: FormMapping }) {
  const client = useQueryClient()
  const path = { id: form.id }
  const remap = useMutation({
    mutationFn: () => ask(api.POST('/api/forms/{id}/remap', { params: { path }, headers: once() })),
    onSuccess: () => toast(m.connect_map_remapping()),
    onError: (error) => toast(told(error), { tone: 'error' }),
  })
  return (
    <Page title={form.name} hint={m.connect_map_hint()} wide back={BACK}>
      <MappingEditor
        key={`${form.id} ${form.version}`}
        mapping={form}
        kept={mappingOptions(form.id).queryKey}
        titles={{ questions: m.connect_map_questions(), preview: m.connect_map_preview() }}
        preview={(targets, signal) => ask(api.POST('/api/forms/{id}/preview', { params: { path }, body: { targets }, signal }))}
        save={(targets, version) => ask(api.PUT('/api/forms/{id}/mapping', { params: { path, header: { 'If-Match': `"${version}"` } }, body: { targets }, headers: once() }))}
        onSaved={() => void client.invalidateQueries(mappingsOptions)}
      >
        <div className="space-y-2 border-t border-hairline pt-5">
          <p className="text-15 text-pretty text-ink-3">{m.connect_map_remap_hint()}</p>
          <Button className="w-full" disabled={remap.isPending} onClick={() => remap.mutate()}>
            {m.connect_map_remap()}
          </Button>
        </div>
      </MappingEditor>
    </Page>
  )
}
