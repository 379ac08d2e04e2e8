import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight, RefreshCw, Scale, TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { FormMapping, FormTally } from '@/shared/api/types'
import { tallyOptions } from '@/shared/connect/queries'
import { usePlace } from '@/shared/i18n/place'
import { count } from '@/shared/i18n/time'
import { Button } from '@/shared/ui/Button'
import { Group } from '@/shared/ui/Page'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { toast } from '@/shared/ui/toasts'
import { mappingsOptions } from './queries'
import { told, warningWords } from './words'

/** The page's forms; behind each, where its answers go. */
export function Forms() {
  const client = useQueryClient()
  const forms = useQuery(mappingsOptions)
  const tallies = useQuery(tallyOptions(7)).data
  const read = useMutation({
    mutationFn: () => ask(api.POST('/api/forms/refresh', { headers: once() })),
    onSuccess: (page) => {
      client.setQueryData(mappingsOptions.queryKey, page.items)
      toast(m.connect_forms_done())
    },
    onError: (error) => toast(told(error), { tone: 'error' }),
  })
  return (
    <Group title={m.connect_forms()}>
      {forms.isPending ? (
        <RowsSkeleton rows={2} />
      ) : forms.error ? (
        <p role="alert" className="text-15 text-late-text">
          {told(forms.error)}
        </p>
      ) : forms.data.length === 0 ? (
        <p className="text-15 text-pretty text-ink-3">{m.connect_forms_none()}</p>
      ) : (
        <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
          {forms.data.map((form) => (
            <li key={form.id} className="border-b border-hairline last:border-b-0">
              <FormRow form={form} tally={tallies?.forms.find((one) => one.form_id === form.id && one.asked_at)} />
            </li>
          ))}
        </ul>
      )}
      {tallies && tallies.forms.length > 0 && (
        <Link to="/settings/count" className="mt-2 -ml-3 mr-2 inline-flex min-h-12 items-center gap-2 rounded-control px-4 text-15 font-medium text-accent-text">
          <Scale size={17} aria-hidden />
          {m.connect_counts()}
        </Link>
      )}
      <Button kind="plain" className="mt-2 -ml-3" icon={<RefreshCw size={17} aria-hidden />} disabled={read.isPending} onClick={() => read.mutate()}>
        {m.connect_forms_read()}
      </Button>
    </Group>
  )
}

function FormRow({ form, tally }: { form: FormMapping; tally: FormTally | undefined }) {
  const place = usePlace()
  const day = tally?.days[0]
  const facts = [
    day && m.tally_chip({ meta: day.meta, ours: day.ours }),
    m.connect_form_leads({ n: count(form.leads, place.locale) }),
    form.status && form.status !== 'ACTIVE' ? m.connect_form_archived() : null,
    form.questions.some((question) => question.decided) ? m.connect_form_decided() : null,
  ]
  return (
    <Link to="/settings/meta/forms/$formId" params={{ formId: form.id }} className="flex min-h-15 items-center gap-4 px-4 py-2 transition-colors active:bg-pressed lg:hover:bg-sunken">
      <span className="min-w-0 flex-1">
        <span className="block text-17 font-medium break-words">{form.name}</span>
        <span className="block text-13 text-ink-3">{facts.filter(Boolean).join(' · ')}</span>
        {form.warnings.map((warning) => (
          <span key={warning} className="mt-1 flex gap-1.5 text-13 text-waning-text">
            <TriangleAlert size={15} className="mt-px shrink-0" aria-hidden />
            {warningWords(warning)}
          </span>
        ))}
      </span>
      <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
    </Link>
  )
}
