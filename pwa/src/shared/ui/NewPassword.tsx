import { useId, useState, type InputHTMLAttributes, type Ref } from 'react'
import { Eye, EyeOff } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Strength } from '@/shared/api/types'
import { strengthHint, strengthLabel, useStrength } from '@/shared/session/strength'
import { cx } from './classes'

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'about'> {
  label: string
  value: string
  /** What somebody who guesses knows of the person. */
  about: string[]
  error?: string
  ref?: Ref<HTMLInputElement>
}

/** A password to be chosen, with a meter that says what would help. */
export function NewPassword({ label, value, about, error, ref, ...rest }: Props) {
  const id = useId()
  const [shown, setShown] = useState(false)
  const strength = useStrength(value, about)
  const hint = error ?? (strength ? strengthHint(strength) : m.password_rule())
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-15 font-medium text-ink-2">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          ref={ref}
          type={shown ? 'text' : 'password'}
          value={value}
          autoComplete="new-password"
          maxLength={200}
          aria-invalid={error ? true : undefined}
          aria-describedby={`${id}-hint`}
          className={cx('h-12 w-full rounded-control border bg-surface pr-14 pl-4 text-17 text-ink transition-colors', error ? 'border-late' : 'border-edge')}
          {...rest}
        />
        <button
          type="button"
          aria-label={shown ? m.password_hide() : m.password_show()}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0 right-0 grid w-12 place-items-center rounded-control text-ink-3"
        >
          {shown ? <EyeOff size={20} aria-hidden /> : <Eye size={20} aria-hidden />}
        </button>
      </div>
      <Bars strength={strength} />
      <p id={`${id}-hint`} role="status" className="mt-1.5 min-h-6 text-15">
        {strength && !error && <span className={cx('font-medium', strength.enough ? 'text-fresh-text' : 'text-ink-2')}>{strengthLabel(strength)}</span>}
        {strength && !error && hint && <span className="text-ink-3"> · </span>}
        {hint && <span className={error ? 'text-late-text' : 'text-ink-3'}>{hint}</span>}
      </p>
    </div>
  )
}

function Bars({ strength }: { strength: Strength | null }) {
  const filled = strength ? Math.max(1, strength.enough ? strength.score : Math.min(strength.score, 2)) : 0
  const colour = strength?.enough ? 'bg-fresh' : filled > 1 ? 'bg-waning' : 'bg-late'
  return (
    <div aria-hidden className="mt-2 flex gap-1">
      {[1, 2, 3, 4].map((bar) => (
        <span key={bar} className={cx('h-1.5 flex-1 rounded-full transition-colors duration-200', bar <= filled ? colour : 'bg-pressed')} />
      ))}
    </div>
  )
}
