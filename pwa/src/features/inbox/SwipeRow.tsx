import { useRef, useState, type PointerEvent, type ReactNode } from 'react'
import { Clock3, Phone } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { cx } from '@/shared/ui/classes'

/** So far a thumb has to go before it is meant. */
const MEANT = 84
/** Before that a finger may only be scrolling. */
const SLOP = 12

interface Props {
  children: ReactNode
  onCall: (() => void) | null
  onSnooze: (() => void) | null
}

/** Swipe right = call, swipe left = snooze. The same two are buttons in the row: this is only the shortcut. */
export function SwipeRow({ children, onCall, onSnooze }: Props) {
  const start = useRef<{ x: number; y: number; swiping: boolean } | null>(null)
  const [offset, setOffset] = useState(0)
  const [held, setHeld] = useState(false)

  const down = (event: PointerEvent) => {
    if (event.pointerType !== 'mouse') start.current = { x: event.clientX, y: event.clientY, swiping: false }
  }
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const from = start.current
    if (!from) return
    const x = event.clientX - from.x
    if (!from.swiping) {
      if (Math.abs(event.clientY - from.y) > SLOP) start.current = null
      if (Math.abs(x) < SLOP || !start.current) return
      from.swiping = true
      setHeld(true)
      event.currentTarget.setPointerCapture(event.pointerId)
    }
    const allowed = x > 0 ? onCall : onSnooze
    // Past the mark it resists: it is far enough.
    const pull = Math.abs(x) > MEANT ? MEANT + (Math.abs(x) - MEANT) * 0.35 : Math.abs(x)
    setOffset(allowed ? Math.sign(x) * pull : Math.sign(x) * Math.min(16, pull * 0.15))
  }
  const up = () => {
    const swiped = start.current?.swiping
    start.current = null
    if (!swiped) return
    setHeld(false)
    setOffset(0)
    if (offset >= MEANT) onCall?.()
    if (offset <= -MEANT) onSnooze?.()
  }

  return (
    <div className="relative touch-pan-y overflow-hidden" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onClickCapture={(event) => { if (held) event.stopPropagation() }}>
      {offset !== 0 && (
        <div
          aria-hidden
          className={cx(
            'absolute inset-0 flex items-center gap-2 px-6 text-15 font-semibold',
            offset > 0 ? 'justify-start bg-fresh-soft text-fresh-text' : 'justify-end bg-waning-soft text-waning-text',
          )}
        >
          {offset > 0 ? <Phone size={20} /> : null}
          <span className={cx('transition-opacity', Math.abs(offset) >= MEANT ? 'opacity-100' : 'opacity-60')}>
            {offset > 0 ? m.channel_call() : m.action_snooze()}
          </span>
          {offset < 0 ? <Clock3 size={20} /> : null}
        </div>
      )}
      <div
        className="relative bg-paper"
        style={{
          transform: offset === 0 ? undefined : `translateX(${offset}px)`,
          transition: held ? 'none' : 'transform 220ms var(--ease-spring)',
        }}
      >
        {children}
      </div>
    </div>
  )
}
