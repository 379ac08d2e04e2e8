import { useQuery } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import type { Session } from '@/shared/api/types'
import { useStore } from '@/shared/store'
import { Button } from '@/shared/ui/Button'
import { Sheet } from '@/shared/ui/Sheet'
import { wanted } from './lock'
import { proofOptions, proving } from './proof'
import { Prove } from './Prove'

/** Asked before what could shut a person out, or let somebody else in. */
export function ProofSheet() {
  const waiting = useStore(wanted)
  const proof = useQuery({ ...proofOptions, enabled: waiting !== null })
  if (!waiting) return null
  const ways = proof.data
  return (
    <Sheet title={m.security_proof_title()} hint={m.security_proof_hint()} onClose={waiting.refused}>
      {ways ? (
        <>
          <Prove methods={ways.methods} password={ways.password && !ways.methods.totp && !ways.methods.passkey} ways={proving} onDone={waiting.given} />
          {ways.demo && !ways.methods.totp && !ways.methods.passkey && <DemoProof email={ways.user.email} onDone={waiting.given} />}
        </>
      ) : (
        <div className="h-28" />
      )}
    </Sheet>
  )
}

/** The demo's people have no passwords: a tap stands for one. */
export function DemoProof({ email, onDone }: { email: string; onDone: (session: Session) => void }) {
  const enter = () => void ask(api.POST('/api/demo/session', { body: { email } })).then((session) => 'user' in session && onDone(session))
  return (
    <Button kind="soft" className="mt-2 w-full" onClick={enter}>
      {m.security_demo_way()}
    </Button>
  )
}
