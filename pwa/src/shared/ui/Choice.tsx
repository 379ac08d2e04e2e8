import type { ReactNode } from 'react'
import { Check } from 'lucide-react'
import { cx } from './classes'

interface Props {
  icon?: ReactNode
  label: string
  hint?: string
  onClick: () => void
  tone?: 'plain' | 'good' | 'bad'
  chosen?: boolean
}

const tones = { plain: 'text-ink-2', good: 'text-fresh-text', bad: 'text-late-text' }

/** One line of a sheet: large enough for a thumb on a roof. */
export function Choice({ icon, label, hint, onClick, tone = 'plain', chosen }: Props) {
  return (
    <button
      type="button"
      onClick={onClick}
      aria-pressed={chosen}
      className="-mx-3 flex min-h-14 w-[calc(100%+1.5rem)] items-center gap-4 rounded-control px-3 py-2 text-left transition-colors hover:bg-sunken active:bg-pressed"
    >
      {icon && <span className={cx('shrink-0', tones[tone])}>{icon}</span>}
      <span className="min-w-0 flex-1 text-17 font-medium">{label}</span>
      {hint && <span className="text-right text-15 text-ink-3">{hint}</span>}
      {chosen && <Check size={20} className="shrink-0 text-accent-text" aria-hidden />}
    </button>
  )
}
