import type { ReactNode } from 'react'
import { m } from '@/paraglide/messages'
import { Button } from './Button'
import { cx } from './classes'
import { Sheet } from './Sheet'

interface Props {
  onClear: () => void
  onShow: () => void
  onClose: () => void
  children: ReactNode
}

/** The sheet in which a list is narrowed. Nothing happens until it is shown or cleared. */
export function Filters({ onClear, onShow, onClose, children }: Props) {
  return (
    <Sheet
      title={m.filters()}
      onClose={onClose}
      footer={
        <div className="flex gap-3">
          <Button className="flex-1" onClick={onClear}>
            {m.filters_clear()}
          </Button>
          <Button kind="primary" className="flex-1" onClick={onShow}>
            {m.filters_show()}
          </Button>
        </div>
      }
    >
      <div className="space-y-6">{children}</div>
    </Sheet>
  )
}

/** What belongs together, under its name. */
export function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-2 text-15 font-semibold text-ink-2">{label}</legend>
      <div className="flex flex-wrap gap-2">{children}</div>
    </fieldset>
  )
}

/** On or off; as many at once as one likes. */
export function Chip({ on, onClick, label }: { on: boolean; onClick: () => void; label: string }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={onClick}
      className={cx(
        'min-h-12 max-w-full truncate rounded-full border px-4 text-15 font-medium transition-colors',
        on ? 'border-transparent bg-accent text-on-accent' : 'border-edge text-ink-2 active:bg-pressed',
      )}
    >
      {label}
    </button>
  )
}
