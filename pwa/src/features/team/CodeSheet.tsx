import { Copy, Share2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Invited } from '@/shared/api/types'
import { useSession } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'

/** A code that no letter carries: shown once, to be handed over. */
export function CodeSheet({ invited: { invitation, code }, onClose }: { invited: Invited; onClose: () => void }) {
  const { organization } = useSession()
  const link = `${window.location.origin}/join?i=${invitation.id}`
  const text = m.team_code_text({ organization: organization?.name ?? '', link, code: code ?? '' })
  const share = async () => {
    try {
      if ('share' in navigator) await navigator.share({ text })
      else await copy()
    } catch {
      // The person thought better of it.
    }
  }
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    toast(m.team_code_copied())
  }
  return (
    <Sheet title={m.team_code_title({ name: invitation.name })} hint={m.team_code_hint({ name: invitation.name })} onClose={onClose}>
      <p className="rounded-card bg-sunken py-6 text-center font-mono text-28 font-bold tracking-[0.14em] select-all">{code}</p>
      <p className="mt-3 text-15 break-all text-ink-3">{link}</p>
      <div className="mt-4 flex gap-3">
        <Button className="flex-1" icon={<Copy size={18} aria-hidden />} onClick={() => void copy()}>
          {m.team_code_copy()}
        </Button>
        <Button kind="primary" className="flex-1" icon={<Share2 size={18} aria-hidden />} onClick={() => void share()}>
          {m.team_code_share()}
        </Button>
      </div>
    </Sheet>
  )
}
