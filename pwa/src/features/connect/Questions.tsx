import { useId } from 'react'
import { TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { FormQuestion, MappingWarning, Target } from '@/shared/api/types'
import { cx } from '@/shared/ui/classes'
import { TARGETS, targetLabel, warningWords } from './words'

/** A question with the place that its answers go to. */
export function Question({ question, target, onChoose }: { question: FormQuestion; target: Target; onChoose: (target: Target) => void }) {
  const id = useId()
  return (
    <li className="border-b border-hairline py-4 last:border-b-0">
      <p className="text-17 font-medium text-pretty">{question.label || question.key}</p>
      {question.options.length > 0 && <p className="mt-0.5 text-13 text-pretty text-ink-3">{m.connect_map_choices({ choices: question.options.join(', ') })}</p>}
      <select
        id={id}
        aria-label={m.connect_map_goes({ question: question.label || question.key })}
        value={target}
        onChange={(event) => onChoose(event.target.value as Target)}
        className={cx('mt-2 h-12 w-full rounded-control border bg-surface px-3 text-17 text-ink', target === question.guess ? 'border-edge' : 'border-accent')}
      >
        {TARGETS.map((one) => (
          <option key={one} value={one}>
            {targetLabel(one)}
          </option>
        ))}
      </select>
      {target !== question.guess && <p className="mt-1.5 text-13 text-ink-3">{m.connect_map_auto({ target: targetLabel(question.guess) })}</p>}
    </li>
  )
}

/** What is odd about a mapping. */
export function Warnings({ warnings }: { warnings: MappingWarning[] }) {
  return (
    <div role="status" className="space-y-2">
      {warnings.map((warning) => (
        <p key={warning} className="flex gap-3 rounded-control bg-waning-soft px-4 py-3 text-15 text-pretty text-waning-text">
          <TriangleAlert size={18} className="mt-0.5 shrink-0" aria-hidden />
          {warningWords(warning)}
        </p>
      ))}
    </div>
  )
}
