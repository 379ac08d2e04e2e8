import { useId } from 'react'
import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { DistributionWay, Member } from '@/shared/api/types'
import { Button, IconButton } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Chip } from '@/shared/ui/Filters'
import { begin, moved, named, type WayKind } from './draft'
import { wayNames } from './words'

interface Props {
  way: DistributionWay
  kinds: WayKind[]
  team: Member[]
  onChange: (way: DistributionWay) => void
}

/** How a lead finds somebody: a way, and who is meant by it. */
export function WayEditor({ way, kinds, team, onChange }: Props) {
  const id = useId()
  return (
    <div className="space-y-5">
      <fieldset className="overflow-hidden rounded-card border border-hairline bg-surface">
        <legend className="sr-only">{m.give_way()}</legend>
        {kinds.map((kind) => (
          <label
            key={kind}
            className="relative flex min-h-15 cursor-pointer items-center gap-4 border-b border-hairline px-4 py-2.5 transition-colors last:border-b-0 has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent-text active:bg-pressed"
          >
            <input
              type="radio"
              name={id}
              aria-label={wayNames[kind].label()}
              aria-describedby={`${id}-${kind}`}
              checked={way.kind === kind}
              onChange={() => onChange(begin(kind, way))}
              className="size-5 shrink-0 accent-accent"
            />
            <span className="min-w-0 flex-1" aria-hidden>
              <span className="block text-17 font-medium">{wayNames[kind].label()}</span>
              <span id={`${id}-${kind}`} className="block text-13 text-pretty text-ink-3">
                {wayNames[kind].hint()}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      {way.kind === 'person' && <People label={m.give_whom()} team={team} chosen={named(way)} onToggle={(user) => onChange({ ...way, user })} />}
      {way.kind === 'people' && <People label={m.give_whom()} team={team} chosen={way.people} onToggle={(user) => onChange({ ...way, people: toggled(way.people, user) })} />}
      {way.kind === 'round_robin' && (
        <People
          label={m.give_whom()}
          all={m.give_all_who_take()}
          onAll={() => onChange({ ...way, people: [] })}
          team={team}
          chosen={way.people}
          onToggle={(user) => onChange({ ...way, people: toggled(way.people, user) })}
        />
      )}
      {way.kind === 'roll_out' && <Steps steps={way.steps} team={team} onChange={(steps) => onChange({ ...way, steps })} />}
    </div>
  )
}

const toggled = (people: string[], user: string) => (people.includes(user) ? people.filter((one) => one !== user) : [...people, user])

interface PeopleProps {
  label: string
  team: Member[]
  chosen: string[]
  /** Where nobody need be named: what that means. */
  all?: string
  onAll?: () => void
  onToggle: (user: string) => void
}

function People({ label, team, chosen, all, onAll, onToggle }: PeopleProps) {
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-2">
      {all && <Chip on={chosen.length === 0} onClick={() => onAll?.()} label={all} />}
      {team.map(({ id, name }) => (
        <Chip key={id} on={chosen.includes(id)} onClick={() => onToggle(id)} label={name} />
      ))}
    </div>
  )
}

type Step = Extract<DistributionWay, { kind: 'roll_out' }>['steps'][number]

function Steps({ steps, team, onChange }: { steps: Step[]; team: Member[]; onChange: (steps: Step[]) => void }) {
  const change = (index: number, part: Partial<Step>) => onChange(steps.map((step, at) => (at === index ? { ...step, ...part } : step)))
  return (
    <div className="space-y-3">
      <ol className="space-y-3">
        {steps.map((step, index) => (
          <li key={index} className="space-y-3 rounded-card border border-hairline bg-surface p-4">
            <div className="flex items-center gap-1">
              <h3 className="min-w-0 flex-1 text-15 font-semibold text-ink-2">{m.give_group({ n: index + 1 })}</h3>
              <Mover index={index} last={steps.length - 1} name={m.give_group({ n: index + 1 })} onMove={(by) => onChange(moved(steps, index, by))} />
              <IconButton label={m.give_group_remove({ n: index + 1 })} disabled={steps.length === 1} className="disabled:opacity-30" onClick={() => onChange(steps.filter((_, at) => at !== index))}>
                <X size={18} aria-hidden />
              </IconButton>
            </div>
            <People label={m.give_group({ n: index + 1 })} team={team} chosen={step.people} onToggle={(user) => change(index, { people: toggled(step.people, user) })} />
            <Field
              label={m.give_minutes()}
              type="number"
              inputMode="numeric"
              min={1}
              max={1440}
              value={Number.isNaN(step.minutes) ? '' : step.minutes}
              onChange={(event) => change(index, { minutes: event.target.valueAsNumber })}
              className="max-w-56"
            />
          </li>
        ))}
      </ol>
      <p className="text-15 text-ink-3">{m.give_then_everybody()}</p>
      {steps.length < 10 && (
        <Button kind="soft" icon={<Plus size={18} aria-hidden />} onClick={() => onChange([...steps, { people: [], minutes: 5 }])}>
          {m.give_group_add()}
        </Button>
      )}
    </div>
  )
}

/** Up and down, for a thumb and for the keyboard alike. */
export function Mover({ index, last, name, onMove }: { index: number; last: number; name: string; onMove: (by: number) => void }) {
  const className = 'disabled:opacity-30'
  return (
    <>
      <IconButton label={m.give_up({ name })} disabled={index === 0} className={className} onClick={() => onMove(-1)}>
        <ArrowUp size={18} aria-hidden />
      </IconButton>
      <IconButton label={m.give_down({ name })} disabled={index === last} className={className} onClick={() => onMove(1)}>
        <ArrowDown size={18} aria-hidden />
      </IconButton>
    </>
  )
}
