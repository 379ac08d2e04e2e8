import { createElement } from 'react'
import { ChevronRight, Phone, Plus, TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { EscalationStep } from '@/shared/api/types'
import { useSession } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { audienceLabel, channelIcon, channelLabel, timeLabel } from './words'

interface Props {
  steps: EscalationStep[]
  busy: boolean
  /** None: only to be read. */
  onOpen: ((index: number) => void) | null
  onAdd: (() => void) | null
}

/** The ladder from the lead's coming down: each rung louder than the one before. */
export function Steps({ steps, busy, onOpen, onAdd }: Props) {
  const { organization } = useSession()
  return (
    <div>
      <ol className="relative">
        <Rung first>
          <p className="text-15 text-ink-3">{m.ladder_comes()}</p>
          <p className="flex items-center gap-2 text-17 font-medium">
            <Phone size={17} className="shrink-0 text-accent-text" aria-hidden />
            {m.ladder_within({ minutes: organization?.sla_minutes ?? 15 })}
          </p>
        </Rung>
        {steps.map((step, index) => (
          <Rung key={`${step.after_minutes}-${index}`} height={(index + 1) / steps.length} last={index === steps.length - 1}>
            {onOpen ? (
              <button
                type="button"
                disabled={busy}
                onClick={() => onOpen(index)}
                className="-mx-3 -my-2 flex min-h-18 w-[calc(100%+1.5rem)] items-center gap-3 rounded-control px-3 py-2 text-left transition-colors active:bg-pressed lg:hover:bg-sunken"
              >
                <Told step={step} />
                <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
              </button>
            ) : (
              <Told step={step} />
            )}
          </Rung>
        ))}
      </ol>
      {steps.length === 0 && (
        <p className="mt-3 flex items-start gap-3 rounded-card bg-waning-soft px-4 py-3 text-15 text-waning-text">
          <TriangleAlert size={19} className="mt-px shrink-0" aria-hidden />
          {m.ladder_empty()}
        </p>
      )}
      {onAdd && (
        <Button kind="soft" className="mt-4" icon={<Plus size={18} aria-hidden />} disabled={busy} onClick={onAdd}>
          {m.ladder_add()}
        </Button>
      )}
    </div>
  )
}

interface RungProps {
  first?: boolean
  last?: boolean
  /** How far down the ladder it stands, up to 1. */
  height?: number
  children: React.ReactNode
}

/** One rung with its piece of the line, which reddens as the lead gets old. */
function Rung({ first = false, last = false, height = 0, children }: RungProps) {
  return (
    <li className="relative flex gap-5 pb-7 last:pb-0">
      {!last && <span aria-hidden className="absolute top-6 bottom-[-0.25rem] left-[0.6875rem] w-0.5 bg-edge opacity-50" />}
      <span
        aria-hidden
        className={cx('mt-1 size-6 shrink-0 rounded-full border-4 border-paper', first ? 'bg-fresh' : height <= 0.5 ? 'bg-waning' : 'bg-late')}
      />
      <div className="min-w-0 flex-1">{children}</div>
    </li>
  )
}

function Told({ step }: { step: EscalationStep }) {
  return (
    <span className="block min-w-0 flex-1">
      <span className="block text-15 text-ink-3">{timeLabel(step.after_minutes)}</span>
      <span className="block text-17 font-medium">{audienceLabel(step.audience)}</span>
      <span className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
        {step.channels.map((channel) => (
          <span key={channel} className="inline-flex items-center gap-1.5 text-15 text-ink-2">
            {createElement(channelIcon(channel), { size: 15, 'aria-hidden': true, className: 'text-ink-3' })}
            {channelLabel(channel)}
          </span>
        ))}
      </span>
    </span>
  )
}
