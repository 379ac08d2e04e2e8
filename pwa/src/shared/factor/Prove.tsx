import { useEffect, useRef, useState, type FormEvent } from 'react'
import { useMutation } from '@tanstack/react-query'
import { Fingerprint } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import type { Methods, Session } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Dismissed, hasPasskeys } from './passkeys'
import './reasons'

/** What is done with what the person gives. */
export interface Ways {
  passkey: () => Promise<Session>
  code: (code: string) => Promise<Session>
  password?: (password: string) => Promise<Session>
}

type Way = 'passkey' | 'code' | 'recovery' | 'password'

interface Props {
  methods: Methods
  password?: boolean
  ways: Ways
  onDone: (session: Session) => void
}

const DIGITS = 6

/** Shows who is there in one step; the other ways are a tap away. */
export function Prove({ methods, password = false, ways, onDone }: Props) {
  const offered: Way[] = [
    ...(methods.passkey && hasPasskeys() ? (['passkey'] as const) : []),
    ...(methods.totp ? (['code'] as const) : []),
    ...(password ? (['password'] as const) : []),
    ...(methods.recovery_code ? (['recovery'] as const) : []),
  ]
  const [chosen, setChosen] = useState<Way | null>(null)
  const way = chosen ?? offered[0]
  const give = useMutation({
    mutationFn: (text: string) => (way === 'passkey' ? ways.passkey() : way === 'password' && ways.password ? ways.password(text) : ways.code(text)),
    onSuccess: onDone,
  })
  const others = offered.filter((one) => one !== way)
  return (
    <div className="space-y-4">
      {way === 'passkey' ? (
        <Button kind="primary" className="w-full" icon={<Fingerprint size={20} aria-hidden />} disabled={give.isPending} onClick={() => give.mutate('')}>
          {m.security_use_passkey()}
        </Button>
      ) : (
        way && <Typed key={way} way={way} pending={give.isPending} failures={give.failureCount} onGiven={give.mutate} />
      )}
      {!way && <p className="text-15 text-ink-2">{m.security_no_way()}</p>}
      <div role="alert">
        {give.isError && !(give.error instanceof Dismissed) && <p className="rounded-control bg-late-soft px-4 py-3 text-15 text-late-text">{inWords(give.error)}</p>}
      </div>
      {others.length > 0 && (
        <ul className="flex flex-col items-stretch">
          {others.map((other) => (
            <li key={other}>
              <Button
                kind="plain"
                className="w-full"
                onClick={() => {
                  give.reset()
                  setChosen(other)
                }}
              >
                {instead(other)}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function instead(way: Way): string {
  switch (way) {
    case 'passkey':
      return m.security_instead_passkey()
    case 'code':
      return m.security_instead_code()
    case 'recovery':
      return m.security_instead_recovery()
    case 'password':
      return m.security_instead_password()
  }
}

function Typed({ way, pending, failures, onGiven }: { way: Exclude<Way, 'passkey'>; pending: boolean; failures: number; onGiven: (text: string) => void }) {
  const [text, setText] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  // A code that was refused is typed anew, not mended.
  useEffect(() => {
    if (failures > 0) field.current?.select()
  }, [failures])
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() && !pending) onGiven(text)
  }
  const typed = (now: string) => {
    setText(now)
    // Six digits are all there is to say.
    if (way === 'code' && now.replace(/\D/g, '').length === DIGITS && !pending) onGiven(now)
  }
  return (
    <form noValidate onSubmit={send} className="space-y-4">
      {way === 'password' ? (
        <Field ref={field} label={m.login_password()} type="password" autoComplete="current-password" value={text} onChange={(event) => setText(event.target.value)} />
      ) : way === 'code' ? (
        <Field
          ref={field}
          label={m.security_code()}
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9 ]*"
          maxLength={7}
          value={text}
          onChange={(event) => typed(event.target.value)}
        />
      ) : (
        <Field ref={field} label={m.security_recovery_code()} autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={16} value={text} onChange={(event) => setText(event.target.value)} />
      )}
      <Button kind="primary" type="submit" className="w-full" disabled={pending || !text.trim()}>
        {m.security_continue()}
      </Button>
    </form>
  )
}
