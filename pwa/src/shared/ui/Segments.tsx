import { cx } from './classes'

export interface Segment<T extends string> {
  value: T
  label: string
  badge?: string
}

interface Props<T extends string> {
  label: string
  value: T
  segments: Segment<T>[]
  onChange: (value: T) => void
}

/** One choice of a few, always visible. A group of radio buttons: arrow keys move, Tab passes by. */
export function Segments<T extends string>({ label, value, segments, onChange }: Props<T>) {
  return (
    <fieldset className="flex gap-1 rounded-[14px] bg-sunken p-1">
      <legend className="sr-only">{label}</legend>
      {segments.map((segment) => (
        <label
          key={segment.value}
          className={cx(
            'relative flex min-h-10 min-w-0 flex-auto cursor-pointer items-center justify-center gap-1.5 rounded-control px-2.5 text-15 font-medium transition-colors',
            'has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-accent-text',
            // Reaches the 48 px of a thumb without looking like it.
            "before:absolute before:inset-x-0 before:-inset-y-1 before:content-['']",
            segment.value === value ? 'bg-raised text-ink shadow-[0_1px_3px_oklch(0_0_0/0.12)]' : 'text-ink-2',
          )}
        >
          <input
            type="radio"
            name={label}
            value={segment.value}
            checked={segment.value === value}
            onChange={() => onChange(segment.value)}
            className="absolute inset-0 cursor-pointer appearance-none opacity-0"
          />
          <span className="truncate">{segment.label}</span>
          {segment.badge && (
            <span className={cx('text-13 font-semibold', segment.value === value ? 'text-accent-text' : 'text-ink-3')}>{segment.badge}</span>
          )}
        </label>
      ))}
    </fieldset>
  )
}
