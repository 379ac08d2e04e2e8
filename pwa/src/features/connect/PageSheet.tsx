import { useId } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import type { MetaPage } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { told } from './words'

const schema = v.object({
  page_id: v.pipe(v.string(), v.trim(), v.regex(/^\d{1,40}$/, () => m.connect_page_id_bad())),
  token: v.pipe(v.string(), v.trim(), v.nonEmpty(() => m.connect_token_missing())),
})

/** A page to connect, or one whose token is replaced. */
export function PageSheet({ page, onClose }: { page?: MetaPage; onClose: () => void }) {
  const client = useQueryClient()
  const formId = useId()
  const form = useForm({ resolver: valibotResolver(schema), defaultValues: { page_id: page?.page_id ?? '', token: '' } })
  const save = useMutation({
    mutationFn: ({ page_id, token }: { page_id: string; token: string }) =>
      ask(api.PUT('/api/connections/meta/pages/{page_id}', { params: { path: { page_id } }, body: { token }, headers: once() })),
    onSuccess: (connected) => {
      toast(page ? m.connect_token_replaced() : m.connect_connected({ name: connected.name }))
      void client.invalidateQueries({ queryKey: ['connect'] })
      onClose()
    },
    onError: (error) => {
      const field = error instanceof ApiError && (error.field === 'page_id' || error.field === 'token') ? error.field : null
      if (field) form.setError(field, { message: told(error) }, { shouldFocus: true })
    },
  })
  const { errors } = form.formState
  const unplaced = save.error && !errors.token && !errors.page_id
  return (
    <Sheet
      title={page ? m.connect_token_replace() : m.connect_page_add()}
      hint={m.connect_token_hint()}
      onClose={onClose}
      footer={
        <Button kind="primary" type="submit" form={formId} className="w-full" disabled={save.isPending}>
          {page ? m.connect_token_replace() : m.connect_connect()}
        </Button>
      }
    >
      <form id={formId} noValidate className="space-y-4" onSubmit={form.handleSubmit((values) => save.mutate(values))}>
        {!page && <Field label={m.connect_page_id()} inputMode="numeric" autoComplete="off" placeholder={m.connect_page_id_hint()} error={errors.page_id?.message} {...form.register('page_id')} />}
        <Field label={m.connect_token()} type="password" autoComplete="off" spellCheck={false} error={errors.token?.message} {...form.register('token')} />
        <div role="alert">{unplaced && <p className="rounded-control bg-late-soft px-4 py-3 text-15 text-late-text">{told(save.error)}</p>}</div>
      </form>
    </Sheet>
  )
}

export function DisconnectSheet({ page, onClose, onDone }: { page: MetaPage; onClose: () => void; onDone: () => void }) {
  const gone = useMutation({
    mutationFn: () => ask(api.DELETE('/api/connections/meta/pages/{page_id}', { params: { path: { page_id: page.page_id } }, headers: once() })),
    onSuccess: () => {
      toast(m.connect_disconnected({ name: page.name }))
      onDone()
    },
    onError: (error) => toast(told(error), { tone: 'error' }),
  })
  return (
    <Sheet title={m.connect_disconnect_title({ name: page.name })} hint={m.connect_disconnect_hint()} onClose={onClose}>
      <div className="flex flex-col gap-2">
        <Button kind="danger" disabled={gone.isPending} onClick={() => gone.mutate()}>
          {m.connect_disconnect()}
        </Button>
        <Button onClick={onClose}>{m.cancel()}</Button>
      </div>
    </Sheet>
  )
}
