import { useQuery } from '@tanstack/react-query'
import { LockKeyhole } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Session } from '@/shared/api/types'
import { Bar } from '@/shared/ui/Skeleton'
import { Button } from '@/shared/ui/Button'
import { proofOptions, proving } from './proof'
import { DemoProof } from './ProofSheet'
import { Prove } from './Prove'

/** Who is locked out of their own session for having been away, and the one step back in. */
export function LockedCard({ onUnlocked, onOther }: { onUnlocked: (session: Session) => void; onOther: () => void }) {
  const proof = useQuery(proofOptions)
  const known = proof.data
  const bare = known && !known.methods.totp && !known.methods.passkey
  return (
    <section aria-labelledby="locked-title">
      <span className="grid size-14 place-items-center rounded-full bg-accent-soft text-accent-text" aria-hidden>
        <LockKeyhole size={26} />
      </span>
      <h1 id="locked-title" className="mt-6 text-28 font-bold tracking-tight text-balance">
        {known ? m.security_locked_title({ name: known.user.name.split(' ')[0] ?? known.user.name }) : m.security_locked()}
      </h1>
      <p className="mt-1 mb-8 text-17 text-pretty text-ink-3">{m.security_locked_hint()}</p>
      {known ? (
        <>
          {(!bare || known.password) && !(bare && known.demo) && <Prove methods={known.methods} password={known.password} ways={proving} onDone={onUnlocked} />}
          {bare && known.demo && <DemoProof email={known.user.email} onDone={onUnlocked} />}
        </>
      ) : (
        proof.isPending && (
          <div className="shimmer">
            <Bar className="h-12 w-full" />
          </div>
        )
      )}
      <Button kind="plain" className="mt-6 w-full" onClick={onOther}>
        {m.security_not_you()}
      </Button>
    </section>
  )
}
