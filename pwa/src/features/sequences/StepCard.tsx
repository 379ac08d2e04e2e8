import { useId, useRef, type MouseEvent } from 'react'
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { SequenceStep, StepKind } from '@/shared/api/types'
import { IconButton } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Segments } from '@/shared/ui/Segments'
import { delayInWords, kindInWords, stepIcons } from './words'

const KINDS: StepKind[] = ['sms', 'email', 'task']
/** Minutes of business time. */
const DELAYS = [0, 5, 15, 30, 60, 120, 240, 480, 960, 1440, 2400, 4800]
/** The places of a text, as people read them; what is in the braces is the server's. */
const PLACES: [string, () => string][] = [
  ['first_name', () => m.sequence_place_first_name()],
  ['name', () => m.sequence_place_name()],
  ['service', () => m.sequence_place_service()],
  ['city', () => m.sequence_place_city()],
  ['organization', () => m.sequence_place_organization()],
  ['agent', () => m.sequence_place_agent()],
]

interface Props {
  step: SequenceStep
  number: number
  isLast: boolean
  refusal: (field: string) => string | undefined
  onChange: (step: SequenceStep) => void
  onMove: (by: number) => void
  onRemove?: () => void
}

/** One step: when, by what, and what it says. */
export function StepCard({ step, number, isLast, refusal, onChange, onMove, onRemove }: Props) {
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const Icon = stepIcons[step.kind]
  const delays = [...new Set([...DELAYS, step.after_minutes])].sort((a, b) => a - b)
  const insert = (place: string) => {
    const field = area.current
    const word = `{{ ${place} }}`
    const [from, to] = field ? [field.selectionStart, field.selectionEnd] : [step.text.length, step.text.length]
    onChange({ ...step, text: step.text.slice(0, from) + word + step.text.slice(to) })
    requestAnimationFrame(() => {
      field?.focus()
      field?.setSelectionRange(from + word.length, from + word.length)
    })
  }
  // A card that moves takes the focus with it; at the end of the list its arrow is dead, and the other one is next.
  const move = (by: -1 | 1, { currentTarget }: MouseEvent<HTMLButtonElement>) => {
    const other = by < 0 ? currentTarget.nextElementSibling : currentTarget.previousElementSibling
    onMove(by)
    requestAnimationFrame(() => {
      const next = currentTarget.disabled ? other : currentTarget
      if (next instanceof HTMLElement) next.focus()
    })
  }
  const wrong = refusal('text')
  return (
    <li aria-label={m.sequence_step({ n: number })} className="space-y-4 rounded-card border border-hairline bg-surface p-4">
      <div className="flex items-center gap-1">
        <h3 className="flex min-w-0 flex-1 items-center gap-2 text-17 font-semibold">
          <Icon size={20} className="shrink-0 text-accent-text" aria-hidden />
          <span className="truncate">{m.sequence_step({ n: number })}</span>
        </h3>
        <IconButton label={m.sequence_step_up({ n: number })} disabled={number === 1} onClick={(event) => move(-1, event)}>
          <ArrowUp size={18} aria-hidden />
        </IconButton>
        <IconButton label={m.sequence_step_down({ n: number })} disabled={isLast} onClick={(event) => move(1, event)}>
          <ArrowDown size={18} aria-hidden />
        </IconButton>
        {onRemove && (
          <IconButton label={m.sequence_step_remove({ n: number })} onClick={onRemove}>
            <Trash2 size={18} aria-hidden />
          </IconButton>
        )}
      </div>
      <Segments
        label={m.sequence_step_kind({ n: number })}
        value={step.kind}
        segments={KINDS.map((kind) => ({ value: kind, label: kindInWords(kind) }))}
        onChange={(kind) => onChange({ ...step, kind })}
      />
      <label className="block">
        <span className="mb-1.5 block text-15 font-medium text-ink-2">{number === 1 ? m.sequence_delay_first() : m.sequence_delay()}</span>
        <select
          value={step.after_minutes}
          onChange={(event) => onChange({ ...step, after_minutes: Number(event.target.value) })}
          className="h-12 w-full rounded-control border border-edge bg-surface px-3 text-17"
        >
          {delays.map((minutes) => (
            <option key={minutes} value={minutes}>
              {delayInWords(minutes)}
            </option>
          ))}
        </select>
      </label>
      {step.kind === 'email' && (
        <Field label={m.sequence_subject()} value={step.subject ?? ''} maxLength={150} onChange={(event) => onChange({ ...step, subject: event.target.value })} error={refusal('subject')} />
      )}
      <div>
        <label htmlFor={id} className="mb-1.5 block text-15 font-medium text-ink-2">
          {step.kind === 'task' ? m.sequence_task_text() : m.sequence_text()}
        </label>
        <textarea
          id={id}
          ref={area}
          rows={step.kind === 'email' ? 6 : 3}
          maxLength={step.kind === 'sms' ? 1000 : 4000}
          value={step.text}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={wrong ? `${id}-error` : undefined}
          onChange={(event) => onChange({ ...step, text: event.target.value })}
          className={`field-sizing-content min-h-24 w-full resize-none rounded-control border bg-surface px-4 py-3 text-17 ${wrong ? 'border-late' : 'border-edge'}`}
        />
        {wrong && (
          <p id={`${id}-error`} className="mt-1.5 text-15 text-late-text">
            {wrong}
          </p>
        )}
        <div role="group" aria-label={m.sequence_places()} className="mt-2 flex flex-wrap gap-2">
          {PLACES.map(([place, label]) => (
            <button
              key={place}
              type="button"
              onClick={() => insert(place)}
              className="min-h-12 rounded-full border border-edge px-4 text-15 text-ink-2 transition-colors active:bg-pressed lg:hover:bg-sunken"
            >
              {label()}
            </button>
          ))}
        </div>
      </div>
    </li>
  )
}
