import type { ReactNode } from 'react'
import { cx } from './classes'

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
