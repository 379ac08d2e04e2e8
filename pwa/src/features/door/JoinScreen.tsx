import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import type { Offer, Session } from '@/shared/api/types'
import { useLocale } from '@/shared/i18n/locale'
import { roleLabel } from '@/shared/leads/words'
import { enter } from '@/shared/session/enter'
import { inWords } from '@/shared/session/problem'
import { sessionOptions } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { CodeField } from '@/shared/ui/CodeField'
import { Door, Notice } from '@/shared/ui/Door'
import { Field } from '@/shared/ui/Field'
import { NewPassword } from '@/shared/ui/NewPassword'
import { toast } from '@/shared/ui/toasts'
import { carried } from './carried'

interface Presented {
  invitation?: string
  email?: string
  code: string
}

export function JoinScreen() {
  const { i } = useSearch({ strict: false }) as { i?: string }
  const [offered, setOffered] = useState<{ presented: Presented; offer: Offer } | null>(null)
  const client = useQueryClient()
  const navigate = useNavigate()
  const entered = async (session: Session) => {
    carried.code = ''
    enter(client, session)
    await navigate({ to: '/' })
    toast(m.join_welcome({ organization: session.organization?.name ?? '' }))
  }
  if (!offered) return <AskCode invitation={i} onOffer={(presented, offer) => setOffered({ presented, offer })} />
  const { presented, offer } = offered
  return (
    <Door title={m.join_welcome({ organization: offer.organization })} hint={m.join_offer({ inviter: offer.inviter, role: roleLabel(offer.role) })}>
      {offer.has_account ? <Confirm presented={presented} offer={offer} onSession={entered} /> : <NewPerson presented={presented} offer={offer} onSession={entered} />}
    </Door>
  )
}

function AskCode({ invitation, onOffer }: { invitation: string | undefined; onOffer: (presented: Presented, offer: Offer) => void }) {
  const [email, setEmail] = useState('')
  const [code, setCode] = useState(carried.code)
  const look = useMutation({
    mutationFn: (presented: Presented) => ask(api.POST('/api/join/offer', { body: presented })),
    onSuccess: (offer, presented) => onOffer(presented, offer),
  })
  const about = look.error instanceof ApiError && look.error.field === 'code'
  return (
    <Door title={m.join_title()} hint={m.join_hint()}>
      <form
        noValidate
        className="mt-8 space-y-5"
        onSubmit={(event) => {
          event.preventDefault()
          look.mutate(invitation ? { invitation, code } : { email: email.trim(), code })
        }}
      >
        {!invitation && (
          <Field label={m.field_email()} type="email" inputMode="email" autoComplete="username" value={email} onChange={(event) => setEmail(event.target.value)} />
        )}
        <CodeField
          value={code}
          onChange={(next) => {
            setCode(next)
            look.reset()
          }}
          error={about ? inWords(look.error) : undefined}
        />
        <div role="alert">{look.isError && !about && <Notice>{inWords(look.error)}</Notice>}</div>
        <Button kind="primary" type="submit" className="w-full" disabled={look.isPending || code.length < 9 || (!invitation && email.trim() === '')}>
          {m.join_next()}
        </Button>
      </form>
    </Door>
  )
}

interface Step {
  presented: Presented
  offer: Offer
  onSession: (session: Session) => Promise<void>
}

function NewPerson({ presented, offer, onSession }: Step) {
  const locale = useLocale()
  const [name, setName] = useState(offer.name)
  const [password, setPassword] = useState('')
  const join = useMutation({
    mutationFn: () => ask(api.POST('/api/join', { body: { ...presented, name, password, locale } })),
    onSuccess: onSession,
  })
  const refused = join.error instanceof ApiError ? join.error : null
  const at = (field: string) => (refused?.field === field ? inWords(refused) : undefined)
  const elsewhere = join.isError && !at('name') && !at('password')
  return (
    <form
      noValidate
      className="mt-8 space-y-5"
      onSubmit={(event) => {
        event.preventDefault()
        join.mutate()
      }}
    >
      <Field label={m.field_name()} autoComplete="name" value={name} onChange={(event) => setName(event.target.value)} error={at('name') && m.error_name_missing()} />
      {/* For the password manager: under which name to keep it. */}
      <input type="hidden" autoComplete="username" value={offer.email} readOnly />
      <NewPassword
        label={m.login_password()}
        value={password}
        onChange={(event) => {
          setPassword(event.target.value)
          // What was refused is no longer what stands there.
          join.reset()
        }}
        about={[name, offer.email, offer.organization]}
        error={at('password')}
      />
      <div role="alert">{elsewhere && <Notice>{inWords(join.error)}</Notice>}</div>
      <Button kind="primary" type="submit" className="w-full" disabled={join.isPending || password === ''}>
        {m.join_action({ organization: offer.organization })}
      </Button>
    </form>
  )
}

function Confirm({ presented, offer, onSession }: Step) {
  const session = useQuery(sessionOptions)
  const confirm = useMutation({
    mutationFn: () => ask(api.POST('/api/join/confirmation', { body: presented })),
    onSuccess: onSession,
  })
  const { i } = useSearch({ strict: false }) as { i?: string }
  if (session.isPending) return null
  const isThem = session.data?.user.email === offer.email
  return (
    <div className="mt-8 space-y-5">
      {!isThem && <p className="text-17 text-pretty text-ink-2">{m.join_account({ email: offer.email })}</p>}
      <div role="alert">{confirm.isError && <Notice>{inWords(confirm.error)}</Notice>}</div>
      {isThem ? (
        <Button kind="primary" className="w-full" disabled={confirm.isPending} onClick={() => confirm.mutate()}>
          {m.join_action({ organization: offer.organization })}
        </Button>
      ) : (
        <Link
          to="/login"
          search={{ to: i ? `/join?i=${encodeURIComponent(i)}` : '/join' }}
          // The code was typed once; it comes along in memory.
          onClick={() => (carried.code = presented.code)}
          className="inline-flex min-h-12 w-full items-center justify-center rounded-control bg-accent px-4 py-2 text-15 font-medium text-on-accent active:brightness-95"
        >
          {m.join_sign_in()}
        </Link>
      )}
    </div>
  )
}
