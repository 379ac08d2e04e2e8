import { Check, LoaderCircle, Minus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { ConnectionTest, TestStep } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { cx } from '@/shared/ui/classes'
import { mendWords, STEPS, stepLabel } from './words'

const marks = {
  ok: { icon: Check, tone: 'bg-fresh-soft text-fresh-text', label: () => m.connect_state_ok() },
  failed: { icon: X, tone: 'bg-late-soft text-late-text', label: () => m.connect_state_failed() },
  skipped: { icon: Minus, tone: 'bg-sunken text-ink-3', label: () => m.connect_state_skipped() },
  pending: { icon: LoaderCircle, tone: 'bg-sunken text-ink-3', label: () => m.connect_state_pending() },
}

/** From our address to a real lead; a step that failed unfolds to what mends it. */
export function Checklist({ test, testing }: { test: ConnectionTest | null; testing: boolean }) {
  const place = usePlace()
  const now = new Date(useNow())
  return (
    <div className="border-t border-hairline pt-3">
      <ol aria-label={m.connect_checklist()} className="space-y-1">
        {STEPS.map((name) => (
          <Step key={name} name={name} step={testing ? undefined : test?.steps.find((step) => step.step === name)} testing={testing} />
        ))}
      </ol>
      {!testing && test && (
        <p className="mt-2 text-13 text-ink-3">
          <time dateTime={test.finished_at} title={fullTime(new Date(test.finished_at), place)}>
            {m.connect_tested({ when: when(new Date(test.finished_at), now, place) })}
          </time>
        </p>
      )}
    </div>
  )
}

function Step({ name, step, testing }: { name: TestStep['step']; step: TestStep | undefined; testing: boolean }) {
  const mark = marks[step?.state ?? (testing ? 'pending' : 'skipped')]
  const Icon = mark.icon
  const failed = step?.state === 'failed'
  return (
    <li className="flex gap-3 py-1.5">
      <span className={cx('mt-px grid size-6 shrink-0 place-items-center rounded-full', mark.tone)}>
        <Icon size={15} strokeWidth={2.5} aria-hidden className={testing ? 'animate-spin motion-reduce:animate-none' : undefined} />
      </span>
      <div className="min-w-0 flex-1">
        <p className={cx('text-15', failed ? 'font-semibold' : step?.state === 'skipped' && 'text-ink-3')}>
          {stepLabel(name)}
          <span className="sr-only">: {mark.label()}</span>
        </p>
        {step?.mend && (
          <p className={cx('mt-1 text-15 text-pretty', failed ? 'rounded-control bg-late-soft px-3 py-2 text-late-text' : 'text-ink-3')}>{mendWords(step.mend)}</p>
        )}
        {failed && step.seen && <p className="mt-1 text-13 break-words text-ink-3">{m.connect_seen({ what: step.seen })}</p>}
      </div>
    </li>
  )
}
