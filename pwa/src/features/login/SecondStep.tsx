import { ShieldCheck } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { isStatus } from '@/shared/api/problem'
import type { SecondStep as Step, Session } from '@/shared/api/types'
import { showPasskey } from '@/shared/factor/passkeys'
import { Prove, type Ways } from '@/shared/factor/Prove'
import { Button } from '@/shared/ui/Button'

const presenting = (onOver: () => void): Ways => {
  // Half a session is over after five minutes: back to the beginning.
  const orOver = async (answer: Promise<Session>) =>
    answer.catch((error: unknown) => {
      if (isStatus(error, 401)) onOver()
      throw error
    })
  return {
    code: (code) => orOver(ask(api.POST('/api/session/step/code', { body: { code } }))),
    passkey: () =>
      orOver(
        ask(api.POST('/api/session/step/passkey/challenge'))
          .then(showPasskey)
          .then((body) => ask(api.POST('/api/session/step/passkey', { body }))),
      ),
  }
}

/** The password was right; now the phone. */
export function SecondStep({ step, onSession, onOver }: { step: Step; onSession: (session: Session) => void; onOver: () => void }) {
  const leave = () => {
    void ask(api.DELETE('/api/session/step')).catch(() => {})
    onOver()
  }
  return (
    <section aria-labelledby="step-title">
      <span className="grid size-14 place-items-center rounded-full bg-accent-soft text-accent-text" aria-hidden>
        <ShieldCheck size={26} />
      </span>
      <h1 id="step-title" className="mt-6 text-28 font-bold tracking-tight text-balance">
        {m.security_step_title()}
      </h1>
      <p className="mt-1 mb-8 text-17 text-pretty text-ink-3">{step.methods.totp ? m.security_step_hint_code() : m.security_step_hint()}</p>
      <Prove methods={step.methods} ways={presenting(onOver)} onDone={onSession} />
      <Button kind="plain" className="mt-2 w-full" onClick={leave}>
        {m.security_step_back()}
      </Button>
    </section>
  )
}
