import { cx } from './classes'

function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const first = words[0]?.[0] ?? '?'
  const last = words.length > 1 ? (words[words.length - 1]?.[0] ?? '') : ''
  return (first + last).toUpperCase()
}

/** The same person has the same colour everywhere. */
function hue(name: string): number {
  let sum = 0
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 360
  return sum
}

export function Avatar({ name, size = 'm', className }: { name: string; size?: 'xs' | 's' | 'm' | 'l'; className?: string }) {
  const of = hue(name)
  return (
    <span
      aria-hidden
      className={cx(
        'avatar grid shrink-0 place-items-center rounded-full text-13 font-semibold',
        size === 'xs' && 'size-5.5',
        size === 's' && 'size-7',
        size === 'm' && 'size-9',
        size === 'l' && 'size-16 text-20!',
        className,
      )}
      style={{ '--hue': of } as React.CSSProperties}
    >
      {size === 'xs' ? initials(name)[0] : initials(name)}
    </span>
  )
}
