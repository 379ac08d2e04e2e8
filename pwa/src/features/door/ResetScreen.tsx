import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import { forgetSession } from '@/shared/session/forget'
import { inWords } from '@/shared/session/problem'
import { Button } from '@/shared/ui/Button'
import { CodeField } from '@/shared/ui/CodeField'
import { Door, Notice } from '@/shared/ui/Door'
import { Field } from '@/shared/ui/Field'
import { NewPassword } from '@/shared/ui/NewPassword'
import { toast } from '@/shared/ui/toasts'
import { carried } from './carried'

export function ResetScreen() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asked] = useState(carried.email)
  const [email, setEmail] = useState(asked)
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const finish = useMutation({
    mutationFn: () => ask(api.POST('/api/password-resets/finish', { body: { email, code, password } })),
    onSuccess: async () => {
      carried.email = ''
      // Every session has ended, also one that this browser may have had.
      await navigate({ to: '/login' })
      await forgetSession(client)
      toast(m.reset_done())
    },
  })
  const refused = finish.error instanceof ApiError ? finish.error : null
  const at = (field: string) => (refused?.field === field ? inWords(refused) : undefined)
  // What was refused is no longer what stands there.
  const changed = (set: (text: string) => void) => (text: string) => {
    set(text)
    finish.reset()
  }
  const elsewhere = finish.isError && !at('code') && !at('password')
  return (
    <Door title={m.reset_title()} hint={asked ? m.reset_sent() : undefined}>
      <form
        noValidate
        className="mt-8 space-y-5"
        onSubmit={(event) => {
          event.preventDefault()
          finish.mutate()
        }}
      >
        <Field label={m.field_email()} type="email" inputMode="email" autoComplete="username" value={email} onChange={(event) => setEmail(event.target.value)} />
        <CodeField value={code} onChange={changed(setCode)} error={at('code')} />
        <NewPassword label={m.password_new()} value={password} onChange={(event) => changed(setPassword)(event.target.value)} about={[email]} error={at('password')} />
        <div role="alert">{elsewhere && <Notice>{inWords(finish.error)}</Notice>}</div>
        <Button kind="primary" type="submit" className="w-full" disabled={finish.isPending || email.trim() === '' || code.length < 9 || password === ''}>
          {m.reset_finish()}
        </Button>
      </form>
      <Link to="/login" className="mt-4 -ml-2 inline-flex min-h-12 items-center px-2 text-15 font-medium text-accent-text">
        {m.reset_back()}
      </Link>
    </Door>
  )
}
