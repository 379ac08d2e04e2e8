import { useId, type InputHTMLAttributes, type Ref } from 'react'
import { cx } from './classes'

interface Props extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  error?: string
  ref?: Ref<HTMLInputElement>
}

export function Field({ label, error, className, ref, ...rest }: Props) {
  const id = useId()
  const errorId = `${id}-error`
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-15 font-medium text-ink-2">
        {label}
      </label>
      <input
        id={id}
        ref={ref}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? errorId : undefined}
        className={cx(
          'h-12 w-full rounded-control border bg-surface px-4 text-17 text-ink transition-colors',
          error ? 'border-late' : 'border-edge',
        )}
        {...rest}
      />
      {error && (
        <p id={errorId} className="mt-1.5 text-15 text-late-text">
          {error}
        </p>
      )}
    </div>
  )
}
