import { useRouter } from '@tanstack/react-router'
import { Compass, WifiOff } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { Button } from '@/shared/ui/Button'
import { Empty } from '@/shared/ui/Empty'
import { Logo } from '@/shared/ui/Logo'

export function Starting() {
  return (
    <div role="status" aria-label={m.loading()} className="grid h-full place-items-center">
      <Logo className="shimmer size-14" />
    </div>
  )
}

export function Lost() {
  const router = useRouter()
  return (
    <main className="grid h-full place-items-center">
      <Empty alone icon={<Compass size={26} />} title={m.page_unknown()}>
        <Button kind="primary" onClick={() => void router.navigate({ to: '/' })}>
          {m.back_to_inbox()}
        </Button>
      </Empty>
    </main>
  )
}

export function Broken({ error }: { error: unknown }) {
  const router = useRouter()
  return (
    <main className="grid h-full place-items-center">
      <Empty alone icon={<WifiOff size={26} />} title={inWords(error)}>
        <Button kind="primary" onClick={() => void router.invalidate()}>
          {m.try_again()}
        </Button>
      </Empty>
    </main>
  )
}
