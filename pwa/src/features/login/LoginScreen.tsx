import { useEffect, useState } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter, useSearch } from '@tanstack/react-router'
import { ArrowRight } from 'lucide-react'
import { useForm } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { DemoLogin, Session } from '@/shared/api/types'
import { setPrefs } from '@/shared/device/prefs'
import { applyLocale, LOCALE_NAMES, locales, useLocale } from '@/shared/i18n/locale'
import { duration } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { roleLabel } from '@/shared/leads/words'
import { enter } from '@/shared/session/enter'
import { Avatar } from '@/shared/ui/Avatar'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Door, Notice } from '@/shared/ui/Door'

export function LoginScreen() {
  const router = useRouter()
  const client = useQueryClient()
  const { to } = useSearch({ strict: false }) as { to?: string }
  const demo = useQuery({
    queryKey: ['demo'],
    queryFn: ({ signal }) => ask(api.GET('/api/demo', { signal })).catch((error: unknown) => {
      // Outside the demo there is no such thing, and nothing to say about it.
      if (isStatus(error, 404)) return { logins: [] as DemoLogin[] }
      throw error
    }),
    retry: 1,
    staleTime: Infinity,
  })
  const entered = (session: Session) => {
    enter(client, session)
    router.history.push(inside(to))
  }
  const logins = demo.data?.logins ?? []
  return (
    <Door title={m.login_title()} hint={m.login_hint()}>
      <LoginForm onSession={entered} />
      {logins.length > 0 && <DemoLogins logins={logins} onSession={entered} />}
      <Languages />
    </Door>
  )
}

/** Only a path of our own: an address from outside must not send anybody away after signing in. */
function inside(to: string | undefined): string {
  return to?.startsWith('/') && !to.startsWith('//') && !to.startsWith('/\\') && !to.startsWith('/login') ? to : '/'
}

const schema = v.object({
  email: v.pipe(v.string(), v.trim(), v.nonEmpty(() => m.login_email_missing()), v.regex(/^[^\s@]+@[^\s@]+$/, () => m.error_email_invalid())),
  password: v.pipe(v.string(), v.nonEmpty(() => m.login_password_missing())),
})

function LoginForm({ onSession }: { onSession: (session: Session) => void }) {
  const form = useForm({ resolver: valibotResolver(schema), defaultValues: { email: '', password: '' } })
  const [until, setUntil] = useState(0)
  const signIn = useMutation({
    mutationFn: (body: { email: string; password: string }) => ask(api.POST('/api/session', { body })),
    onSuccess: onSession,
    onError: (error) => {
      if (isStatus(error, 429)) setUntil(Date.now() + (error.retryAfter ?? 30) * 1000)
      else if (isStatus(error, 401)) form.setFocus('password')
    },
  })
  const { errors } = form.formState
  const locked = isStatus(signIn.error, 429)
  return (
    <form noValidate className="mt-8 space-y-4" onSubmit={form.handleSubmit((values) => signIn.mutate(values))}>
      <Field label={m.field_email()} type="email" autoComplete="username" inputMode="email" error={errors.email?.message} {...form.register('email')} />
      <Field label={m.login_password()} type="password" autoComplete="current-password" error={errors.password?.message} {...form.register('password')} />
      <div role="alert">
        {signIn.isError && !locked && <Notice>{inWords(signIn.error)}</Notice>}
        {locked && <Locked key={until} until={until} onOver={signIn.reset} />}
      </div>
      <Button kind="primary" type="submit" className="w-full" disabled={signIn.isPending || locked}>
        {m.login_submit()}
      </Button>
      <Link to="/forgot" className="-mx-2 inline-flex min-h-12 items-center px-2 text-15 font-medium text-accent-text">
        {m.login_forgot()}
      </Link>
    </form>
  )
}

function Locked({ until, onOver }: { until: number; onOver: () => void }) {
  const left = until - useNow()
  const over = left <= 0
  useEffect(() => {
    if (over) onOver()
  }, [over, onOver])
  // The count would be read out every second: it is shown, and said once.
  return (
    <Notice>
      {m.login_locked()} <span aria-hidden>{duration(Math.max(1000, left))}</span>
    </Notice>
  )
}

function DemoLogins({ logins, onSession }: { logins: DemoLogin[]; onSession: (session: Session) => void }) {
  const signIn = useMutation({
    mutationFn: (email: string) => ask(api.POST('/api/demo/session', { body: { email } })),
    onSuccess: onSession,
  })
  return (
    <section className="mt-10" aria-labelledby="demo-heading">
      <h2 id="demo-heading" className="text-15 font-semibold text-ink-2">
        {m.demo_title()}
      </h2>
      <ul className="mt-3 overflow-hidden rounded-card border border-hairline bg-surface">
        {logins.map((login) => (
          <li key={login.email} className="border-b border-hairline last:border-b-0">
            <button
              type="button"
              disabled={signIn.isPending}
              onClick={() => signIn.mutate(login.email)}
              className="flex min-h-16 w-full items-center gap-3 px-4 py-2 text-left transition-colors hover:bg-sunken active:bg-pressed"
            >
              <Avatar name={login.name} />
              <span className="min-w-0 flex-1">
                <span className="block text-17 font-semibold">{login.name}</span>
                <span className="block truncate text-15 text-ink-3">{[roleLabel(login.role), login.organization].filter(Boolean).join(' · ')}</span>
              </span>
              <ArrowRight size={19} className="shrink-0 text-ink-3" aria-hidden />
            </button>
          </li>
        ))}
      </ul>
      <div role="alert" className="mt-3">{signIn.isError && <Notice>{inWords(signIn.error)}</Notice>}</div>
    </section>
  )
}

function Languages() {
  const current = useLocale()
  return (
    <nav aria-label={m.language()} className="mt-8 -ml-3 flex flex-wrap">
      {locales.map((locale) => (
        <button
          key={locale}
          type="button"
          lang={locale}
          aria-pressed={locale === current}
          onClick={() => {
            setPrefs({ locale })
            applyLocale(locale)
          }}
          className={`min-h-12 rounded-control px-3 text-15 ${locale === current ? 'font-semibold text-ink' : 'text-ink-3'}`}
        >
          {LOCALE_NAMES[locale]}
        </button>
      ))}
    </nav>
  )
}
