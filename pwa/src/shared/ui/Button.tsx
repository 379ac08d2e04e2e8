import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { cx } from './classes'

const kinds = {
  primary: 'bg-accent text-on-accent active:brightness-95',
  soft: 'bg-accent-soft text-accent-text active:brightness-95',
  quiet: 'bg-sunken text-ink active:bg-pressed',
  plain: 'text-ink-2 active:bg-pressed',
  danger: 'bg-late-soft text-late-text active:brightness-95',
}

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: keyof typeof kinds
  icon?: ReactNode
}

export function Button({ kind = 'quiet', icon, className, children, ...rest }: Props) {
  return (
    <button
      type="button"
      className={cx(
        'inline-flex min-h-12 items-center justify-center gap-2 rounded-control px-4 py-2 text-center text-15 font-medium transition-[filter,background-color] duration-150 disabled:opacity-55',
        kinds[kind],
        className,
      )}
      {...rest}
    >
      {icon}
      {children}
    </button>
  )
}

interface IconProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string
  children: ReactNode
}

export function IconButton({ label, className, children, ...rest }: IconProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx('grid size-12 shrink-0 place-items-center rounded-full text-ink-2 transition-colors active:bg-pressed disabled:opacity-35', className)}
      {...rest}
    >
      {children}
    </button>
  )
}
