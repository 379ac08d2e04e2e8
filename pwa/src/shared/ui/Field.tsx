import { useId, type InputHTMLAttributes, type Ref } from 'react'
import { cx } from './classes'

interface Props extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  /** What it is for, where the label cannot say it. */
  hint?: string
  error?: string
  ref?: Ref<HTMLInputElement>
}

export function Field({ label, hint, error, className, ref, ...rest }: Props) {
  const id = useId()
  const errorId = `${id}-error`
  const hintId = `${id}-hint`
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-15 font-medium text-ink-2">
        {label}
      </label>
      <input
        id={id}
        ref={ref}
        aria-invalid={error ? true : undefined}
        aria-describedby={cx(error && errorId, hint && hintId) || undefined}
        className={cx(
          'h-12 w-full rounded-control border bg-surface text-17 text-ink transition-colors',
          // From and to stand beside each other on a phone, and where a day has twice twelve hours they say AM or PM besides.
          rest.type === 'time' ? 'px-2.5 [&::-webkit-calendar-picker-indicator]:ms-1 [&::-webkit-calendar-picker-indicator]:p-0' : 'px-4',
          error ? 'border-late' : 'border-edge',
        )}
        {...rest}
      />
      {hint && (
        <p id={hintId} className="mt-1.5 text-13 text-ink-3">
          {hint}
        </p>
      )}
      {error && (
        <p id={errorId} className="mt-1.5 text-15 text-late-text">
          {error}
        </p>
      )}
    </div>
  )
}
