import { useRef } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChevronRight, FileUp } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { Import } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { Button } from '@/shared/ui/Button'
import { Empty } from '@/shared/ui/Empty'
import { Failed, Waiting } from '@/shared/ui/List'
import { Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { importsOptions } from './queries'
import { stateLabel, told } from './words'

/** Files of leads: one more, and what became of those before. */
export function ImportsScreen() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const imports = useQuery(importsOptions)
  const picker = useRef<HTMLInputElement>(null)
  const upload = useMutation({
    mutationFn: (file: File) =>
      ask(
        api.POST('/api/imports', {
          // The file goes as it is: what it is the server finds out.
          body: file as unknown as number[],
          bodySerializer: (body: unknown) => body as Blob,
          headers: { ...once(), 'Content-Type': 'application/octet-stream' },
        }),
      ),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['imports'] })
      void navigate({ to: '/settings/imports/$importId', params: { importId: made.id } })
    },
    onError: (error) => toast(told(error), { tone: 'error' }),
  })
  const choose = (
    <>
      <input
        ref={picker}
        type="file"
        accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values"
        aria-label={m.import_choose()}
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file) upload.mutate(file)
        }}
      />
      <Button kind="primary" icon={<FileUp size={18} aria-hidden />} disabled={upload.isPending} onClick={() => picker.current?.click()}>
        {upload.isPending ? m.import_reading() : m.import_choose()}
      </Button>
    </>
  )
  return (
    <Page title={m.import_title()} hint={m.import_hint()} action={imports.data && imports.data.length > 0 ? choose : undefined}>
      {imports.isPending ? (
        <Waiting />
      ) : imports.error ? (
        <Failed error={imports.error} again={() => void imports.refetch()} />
      ) : imports.data.length === 0 ? (
        <Empty icon={<FileUp size={26} />} title={m.import_none()}>
          <p>{m.import_none_hint()}</p>
          {choose}
        </Empty>
      ) : (
        <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
          {imports.data.map((one) => (
            <li key={one.id} className="border-b border-hairline last:border-b-0">
              <Row one={one} />
            </li>
          ))}
        </ul>
      )}
    </Page>
  )
}

function Row({ one }: { one: Import }) {
  const place = usePlace()
  const now = new Date(useNow())
  return (
    <Link to="/settings/imports/$importId" params={{ importId: one.id }} className="flex min-h-15 items-center gap-4 px-4 py-2 transition-colors active:bg-pressed lg:hover:bg-sunken">
      <span className="min-w-0 flex-1">
        <span className="block text-17 font-medium">{when(new Date(one.created_at), now, place)}</span>
        <span className="block text-13 text-ink-3">{[stateLabel(one.state), m.import_rows({ n: one.rows })].join(' · ')}</span>
      </span>
      <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
    </Link>
  )
}
