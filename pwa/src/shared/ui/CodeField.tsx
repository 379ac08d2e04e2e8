import { useId, type Ref } from 'react'
import { m } from '@/paraglide/messages'
import { cx } from './classes'

interface Props {
  value: string
  onChange: (code: string) => void
  error?: string
  ref?: Ref<HTMLInputElement>
}

/** Two groups of four, however it was typed or pasted. */
export function groups(typed: string): string {
  const plain = typed.toUpperCase().replace(/[^A-Z0-9]/g, '').slice(0, 8)
  return plain.length > 4 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain
}

/** For a one-time code: large, in groups, and open to what the phone offers and to the clipboard. */
export function CodeField({ value, onChange, error, ref }: Props) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-15 font-medium text-ink-2">
        {m.code_field()}
      </label>
      <input
        id={id}
        ref={ref}
        name="code"
        value={value}
        onChange={(event) => onChange(groups(event.target.value))}
        autoComplete="one-time-code"
        autoCapitalize="characters"
        autoCorrect="off"
        spellCheck={false}
        enterKeyHint="next"
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-hint`}
        className={cx(
          'h-16 w-full rounded-control border bg-surface px-4 text-center font-mono text-28 font-semibold tracking-[0.14em] text-ink tabular-nums transition-colors',
          error ? 'border-late' : 'border-edge',
        )}
      />
      <p id={`${id}-hint`} className={cx('mt-1.5 text-15', error ? 'text-late-text' : 'text-ink-3')}>
        {error ?? m.code_hint()}
      </p>
    </div>
  )
}
