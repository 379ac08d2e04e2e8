import { useState } from 'react'
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

interface Props {
  name: string
  /** Their own picture; initials where there is none, until it is there, and when it cannot be had. */
  picture?: string | null
  size?: 'xs' | 's' | 'm' | 'l'
  className?: string
}

export function Avatar({ name, picture, size = 'm', className }: Props) {
  const of = hue(name)
  const [broken, setBroken] = useState<string | null>(null)
  return (
    <span
      aria-hidden
      className={cx(
        'avatar relative grid shrink-0 place-items-center overflow-hidden rounded-full text-13 font-semibold',
        size === 'xs' && 'size-5.5',
        size === 's' && 'size-7',
        size === 'm' && 'size-9',
        size === 'l' && 'size-16 text-20!',
        className,
      )}
      style={{ '--hue': of } as React.CSSProperties}
    >
      {size === 'xs' ? initials(name)[0] : initials(name)}
      {picture && picture !== broken && (
        <img src={picture} alt="" decoding="async" onError={() => setBroken(picture)} className="absolute inset-0 size-full object-cover" />
      )}
    </span>
  )
}
