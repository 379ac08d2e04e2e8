import { useId, useState } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Copy } from 'lucide-react'
import { useForm } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import type { MetaSetup } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Group } from '@/shared/ui/Page'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { setupOptions } from './queries'
import { told } from './words'

/** Whose app the leads come through. An app of one's own wants two things copied into Meta. */
export function AppGroup({ setup }: { setup: MetaSetup }) {
  const [open, setOpen] = useState(false)
  const { app } = setup
  return (
    <Group title={m.connect_app()}>
      <div className="space-y-4 rounded-card border border-hairline bg-surface p-5">
        {app.own ? (
          <>
            <p className="text-17 font-medium break-words">{m.connect_app_own({ id: app.app_id ?? '–' })}</p>
            <p className="text-15 text-pretty text-ink-3">{m.connect_guide()}</p>
            <Copyable label={m.connect_callback()} text={setup.callback_url} />
            <Copyable label={m.connect_verify()} text={app.verify_token ?? ''} />
          </>
        ) : (
          <p className="text-15 text-pretty text-ink-2">{m.connect_app_shared()}</p>
        )}
        <Button className="w-full" onClick={() => setOpen(true)}>
          {app.own ? m.connect_app_change() : m.connect_app_use()}
        </Button>
      </div>
      {open && <AppSheet setup={setup} onClose={() => setOpen(false)} />}
    </Group>
  )
}

/** `code`: several lines, which keep their form. */
export function Copyable({ label, text, code = false }: { label: string; text: string; code?: boolean }) {
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => toast(m.connect_copied()),
      () => toast(m.error_unknown(), { tone: 'error' }),
    )
  }
  return (
    <div className={code ? 'space-y-2' : 'flex flex-wrap items-end gap-x-3 gap-y-2'}>
      <div className={code ? undefined : 'min-w-0 flex-1 basis-60'}>
        <p className="text-13 text-ink-3">{label}</p>
        {code ? (
          <pre className="mt-1 rounded-control bg-sunken p-3 font-mono text-13 break-words whitespace-pre-wrap select-all">{text}</pre>
        ) : (
          <p className="text-15 break-all select-all">{text}</p>
        )}
      </div>
      <Button icon={<Copy size={17} aria-hidden />} aria-label={m.connect_copy_named({ what: label })} onClick={copy}>
        {m.connect_copy()}
      </Button>
    </div>
  )
}

const secret = v.pipe(v.string(), v.trim(), v.regex(/^([!-~]{16,200})?$/, () => m.connect_secret_bad()))
const schema = v.object({
  app_id: v.pipe(v.string(), v.trim(), v.regex(/^\d{1,40}$/, () => m.connect_app_id_bad())),
  app_secret: secret,
  verify_token: secret,
})

function AppSheet({ setup: { app }, onClose }: { setup: MetaSetup; onClose: () => void }) {
  const client = useQueryClient()
  const formId = useId()
  const form = useForm({ resolver: valibotResolver(schema), defaultValues: { app_id: app.own ? (app.app_id ?? '') : '', app_secret: '', verify_token: app.verify_token ?? '' } })
  const save = useMutation({
    mutationFn: (values: v.InferOutput<typeof schema>) =>
      ask(
        api.PUT('/api/connections/meta/app', {
          body: { app_id: values.app_id, app_secret: values.app_secret || null, verify_token: values.verify_token || null },
          headers: once(),
        }),
      ),
    onSuccess: (saved) => {
      client.setQueryData(setupOptions.queryKey, saved)
      toast(m.connect_app_saved())
      onClose()
    },
    onError: (error) => {
      const field = error instanceof ApiError ? error.field : null
      if (field === 'app_id' || field === 'app_secret' || field === 'verify_token') {
        form.setError(field, { message: error instanceof ApiError && error.reason === 'required' ? m.connect_app_secret_hint() : told(error) }, { shouldFocus: true })
      } else toast(told(error), { tone: 'error' })
    },
  })
  const back = useMutation({
    mutationFn: () => ask(api.DELETE('/api/connections/meta/app', { headers: once() })),
    onSuccess: () => {
      void client.invalidateQueries(setupOptions)
      onClose()
    },
    onError: (error) => toast(told(error), { tone: 'error' }),
  })
  const { errors } = form.formState
  return (
    <Sheet
      title={m.connect_app_use()}
      hint={app.own ? m.connect_app_secret_kept({ end: app.app_secret_end ?? '' }) : m.connect_app_secret_hint()}
      onClose={onClose}
      footer={
        <Button kind="primary" type="submit" form={formId} className="w-full" disabled={save.isPending}>
          {m.connect_save()}
        </Button>
      }
    >
      <form id={formId} noValidate className="space-y-4" onSubmit={form.handleSubmit((values) => save.mutate(values))}>
        <Field label={m.connect_app_id()} inputMode="numeric" autoComplete="off" error={errors.app_id?.message} {...form.register('app_id')} />
        <Field label={m.connect_app_secret()} type="password" autoComplete="off" error={errors.app_secret?.message} {...form.register('app_secret')} />
        {app.own && <Field label={m.connect_verify()} autoComplete="off" spellCheck={false} error={errors.verify_token?.message} {...form.register('verify_token')} />}
        {app.own && (
          <Button kind="plain" className="w-full" disabled={back.isPending} onClick={() => back.mutate()}>
            {m.connect_app_back()}
          </Button>
        )}
      </form>
    </Sheet>
  )
}
