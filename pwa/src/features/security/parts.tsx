import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { Dismissed } from '@/shared/factor/passkeys'
import { Unproven } from '@/shared/factor/proof'
import '@/shared/factor/reasons'
import { Button } from '@/shared/ui/Button'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'

/** Told where it went wrong; not told where the person themselves thought better of it. */
export function tell(error: unknown): void {
  if (!(error instanceof Unproven) && !(error instanceof Dismissed)) toast(inWords(error), { tone: 'error' })
}

interface SureProps {
  title: string
  hint: string
  action: string
  pending: boolean
  onYes: () => void
  onClose: () => void
}

/** For what cannot be undone. */
export function Sure({ title, hint, action, pending, onYes, onClose }: SureProps) {
  return (
    <Sheet title={title} onClose={onClose}>
      <p className="text-17 text-pretty text-ink-2">{hint}</p>
      <div className="mt-6 grid gap-2 sm:grid-cols-2">
        <Button kind="quiet" onClick={onClose}>
          {m.cancel()}
        </Button>
        <Button kind="danger" disabled={pending} onClick={onYes}>
          {action}
        </Button>
      </div>
    </Sheet>
  )
}
