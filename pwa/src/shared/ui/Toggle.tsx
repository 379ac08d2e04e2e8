import { useId } from 'react'
import { Switch } from '@base-ui/react/switch'

interface Props {
  label: string
  /** What it brings, in words. */
  hint?: string
  on: boolean
  disabled?: boolean
  onChange: (on: boolean) => void
}

/** On or off, at once. */
export function Toggle({ label, hint, on, disabled, onChange }: Props) {
  const id = useId()
  return (
    <div className="flex min-h-14 items-center justify-between gap-4 border-b border-hairline py-1 text-17 last:border-b-0">
      <span className="min-w-0">
        <span aria-hidden>{label}</span>
        {hint && (
          <span id={id} className="block text-13 text-pretty text-ink-3">
            {hint}
          </span>
        )}
      </span>
      <Knob label={label} describedBy={hint ? id : undefined} on={on} disabled={disabled} onChange={onChange} />
    </div>
  )
}

/** The switch alone, where its words stand beside it already. */
export function Knob({ label, describedBy, on, disabled, onChange }: Omit<Props, 'hint'> & { describedBy?: string }) {
  return (
    <Switch.Root
      aria-label={label}
      aria-describedby={describedBy}
      checked={on}
      disabled={disabled}
      onCheckedChange={onChange}
      className="relative h-8 w-14 shrink-0 rounded-full border border-edge bg-pressed p-0.5 transition-colors duration-150 before:absolute before:-inset-2 before:content-[''] data-checked:border-accent data-checked:bg-accent data-disabled:opacity-55"
    >
      <Switch.Thumb className="block size-6.5 rounded-full bg-surface shadow-[0_1px_3px_oklch(0_0_0/0.3)] transition-transform duration-200 ease-spring data-checked:translate-x-6" />
    </Switch.Root>
  )
}
