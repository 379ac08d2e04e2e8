import type { Shift } from '@/shared/api/types'
import { cx } from '@/shared/ui/classes'

/** There, away for a while, or off: by form as well as by colour. The words beside it say the same. */
export function Dot({ shift, className }: { shift: Pick<Shift, 'is_there' | 'pause'>; className?: string }) {
  return (
    <span
      aria-hidden
      className={cx(
        'inline-block size-2.5 shrink-0 rounded-full border-2',
        shift.is_there ? 'border-fresh bg-fresh' : shift.pause ? 'border-waning bg-transparent' : 'border-edge bg-transparent',
        className,
      )}
    />
  )
}
