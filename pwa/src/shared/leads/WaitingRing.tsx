import type { ReactNode } from 'react'
import type { Lead } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { duration } from '@/shared/i18n/time'
import { m } from '@/paraglide/messages'
import { ringOf, type Mood, type Ring } from './ring'

const strokes: Record<Mood, string> = { fresh: 'stroke-fresh', waning: 'stroke-waning', late: 'stroke-late', calm: 'stroke-hairline' }
export const moodText: Record<Mood, string> = { fresh: 'text-fresh-text', waning: 'text-waning-text', late: 'text-late-text', calm: 'text-ink-3' }

const RADIUS = 22
const AROUND = 2 * Math.PI * RADIUS

/** Drains around what it holds. Says nothing to a screen reader: the words beside it do. */
export function RingShape({ ring, children, size }: { ring: Ring; children: ReactNode; size: number }) {
  // A late ring is full again, in red: an empty one would look like there is nothing to do.
  const shown = ring.mood === 'late' || ring.mood === 'calm' ? 1 : ring.left
  return (
    <span className="relative grid shrink-0 place-items-center" style={{ width: size, height: size }}>
      <svg viewBox="0 0 48 48" className="absolute inset-0 -rotate-90" aria-hidden>
        <circle cx="24" cy="24" r={RADIUS} fill="none" strokeWidth="3" className="stroke-hairline" />
        <circle
          cx="24"
          cy="24"
          r={RADIUS}
          fill="none"
          strokeWidth="3"
          strokeLinecap="round"
          strokeDasharray={AROUND}
          strokeDashoffset={AROUND * (1 - shown)}
          className={strokes[ring.mood]}
        />
      </svg>
      {children}
    </span>
  )
}

export function useRing(lead: Lead): Ring {
  return ringOf(lead, useNow())
}

/** "4 min", or "12 min late" once it is due. */
export function waitingWords(ring: Ring): string {
  return ring.mood === 'late' ? m.ring_late({ time: duration(ring.late) }) : duration(ring.waited)
}
