import { useState } from 'react'
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords } from '@/shared/session/problem'
import { Button } from '@/shared/ui/Button'
import { Door, Notice } from '@/shared/ui/Door'
import { Field } from '@/shared/ui/Field'
import { carried } from './carried'

export function ForgotScreen() {
  const navigate = useNavigate()
  const [email, setEmail] = useState('')
  const [missing, setMissing] = useState(false)
  const send = useMutation({
    mutationFn: () => ask(api.POST('/api/password-resets', { body: { email } })),
    onSuccess: () => {
      carried.email = email.trim()
      return navigate({ to: '/reset' })
    },
  })
  return (
    <Door title={m.reset_ask_title()} hint={m.reset_ask_hint()}>
      <form
        noValidate
        className="mt-8 space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          const fits = /^[^\s@]+@[^\s@]+$/.test(email.trim())
          setMissing(!fits)
          if (fits) send.mutate()
        }}
      >
        <Field
          label={m.field_email()}
          type="email"
          inputMode="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          error={missing ? m.error_email_invalid() : undefined}
        />
        <div role="alert">{send.isError && <Notice>{inWords(send.error)}</Notice>}</div>
        <Button kind="primary" type="submit" className="w-full" disabled={send.isPending}>
          {m.reset_ask()}
        </Button>
      </form>
      <nav className="mt-4 -ml-2 flex flex-wrap gap-x-4">
        <Link to="/reset" className="inline-flex min-h-12 items-center px-2 text-15 font-medium text-accent-text">
          {m.reset_have_code()}
        </Link>
        <Link to="/login" className="inline-flex min-h-12 items-center px-2 text-15 font-medium text-accent-text">
          {m.reset_back()}
        </Link>
      </nav>
    </Door>
  )
}
