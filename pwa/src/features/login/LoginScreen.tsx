import { useEffect, useState, type ReactNode } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter, useSearch } from '@tanstack/react-router'
import { ArrowRight, Fingerprint } from 'lucide-react'
import { useForm } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { DemoLogin, SecondStep as Step, Session } from '@/shared/api/types'
import { setPrefs } from '@/shared/device/prefs'
import { LockedCard } from '@/shared/factor/LockedCard'
import { Dismissed, hasPasskeys, signInByPasskey } from '@/shared/factor/passkeys'
import { applyLocale, LOCALE_NAMES, locales, useLocale } from '@/shared/i18n/locale'
import { duration } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { roleLabel } from '@/shared/leads/words'
import { enter, leave } from '@/shared/session/enter'
import { Avatar } from '@/shared/ui/Avatar'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Door, Notice } from '@/shared/ui/Door'
import { demoOptions } from './demo'
import { SecondStep } from './SecondStep'

export function LoginScreen() {
  const router = useRouter()
  const client = useQueryClient()
  const { to, locked = false } = useSearch({ strict: false }) as { to?: string; locked?: boolean }
  const [step, setStep] = useState<Step | null>(null)
  const demo = useQuery(demoOptions)
  const entered = (session: Session) => {
    enter(client, session)
    router.history.push(inside(to))
  }
  const answered = (answer: Session | Step) => ('methods' in answer ? setStep(answer) : entered(answer))
  const logins = demo.data?.logins ?? []
  const somebodyElse = () => void leave().catch(() => {}).then(() => router.navigate({ to: '/login', search: {}, replace: true }))
  return (
    <LoginOrNext step={step} locked={locked} onEntered={entered} onBack={() => setStep(null)} onOther={somebodyElse}>
      <LoginForm onAnswer={answered} />
      <ByPasskey onSession={entered} />
      {logins.length > 0 && <DemoLogins logins={logins} onAnswer={answered} />}
      <Languages />
    </LoginOrNext>
  )
}

interface NextProps {
  step: Step | null
  locked: boolean
  onEntered: (session: Session) => void
  onBack: () => void
  onOther: () => void
  children: ReactNode
}

/** The door, or what comes behind it: the second step, or the way back into a session that was locked. */
function LoginOrNext({ step, locked, onEntered, onBack, onOther, children }: NextProps) {
  if (!step && !locked) {
    return (
      <Door title={m.login_title()} hint={m.login_hint()}>
        {children}
      </Door>
    )
  }
  return (
    <main className="scrollable flex h-full flex-col bg-paper px-safe pt-safe">
      <div className="m-auto w-full max-w-sm py-10">
        {step ? <SecondStep step={step} onSession={onEntered} onOver={onBack} /> : <LockedCard onUnlocked={onEntered} onOther={onOther} />}
        <Languages />
      </div>
    </main>
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

function LoginForm({ onAnswer }: { onAnswer: (answer: Session | Step) => void }) {
  const form = useForm({ resolver: valibotResolver(schema), defaultValues: { email: '', password: '' } })
  const [until, setUntil] = useState(0)
  const signIn = useMutation({
    mutationFn: (body: { email: string; password: string }) => ask(api.POST('/api/session', { body })),
    onSuccess: onAnswer,
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

/** Where the device knows who is there, it is all there is to do. On a bare IP address the server has none. */
function ByPasskey({ onSession }: { onSession: (session: Session) => void }) {
  const signIn = useMutation({ mutationFn: signInByPasskey, onSuccess: onSession })
  if (!hasPasskeys()) return null
  return (
    <div className="mt-3 space-y-3">
      <Button kind="quiet" className="w-full" icon={<Fingerprint size={20} aria-hidden />} disabled={signIn.isPending} onClick={() => signIn.mutate()}>
        {m.security_sign_in_passkey()}
      </Button>
      <div role="alert">{signIn.isError && !(signIn.error instanceof Dismissed) && <Notice>{inWords(signIn.error)}</Notice>}</div>
    </div>
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

function DemoLogins({ logins, onAnswer }: { logins: DemoLogin[]; onAnswer: (answer: Session | Step) => void }) {
  const signIn = useMutation({
    mutationFn: (email: string) => ask(api.POST('/api/demo/session', { body: { email } })),
    onSuccess: onAnswer,
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
