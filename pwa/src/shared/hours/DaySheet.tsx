import { useState } from 'react'
import { Plus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { Button, IconButton } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { inField, isWhole, next, read, write, type Interval } from './hours'

interface Props {
  title: string
  hours: string[]
  /** What a day without hours is. */
  closed: string
  /** Of a day of one's own: which one it is. */
  date?: { value: string; min: string; taken: string[] }
  /** Of a weekday: whether the others may take the same. */
  canSpread?: boolean
  onSave: (hours: string[], extra: { date: string; spread: boolean }) => void
  onClose: () => void
}

/** The hours of one day. */
export function DaySheet({ title, hours, closed, date, canSpread = false, onSave, onClose }: Props) {
  const [intervals, setIntervals] = useState<Interval[]>(() => hours.map(read))
  const [day, setDay] = useState(date?.value ?? '')
  const [spread, setSpread] = useState(false)
  const change = (index: number, part: Partial<Interval>) => setIntervals((before) => before.map((one, at) => (at === index ? { ...one, ...part } : one)))
  const isTaken = date?.taken.includes(day) ?? false
  const isReady = isWhole(intervals) && (!date || (day !== '' && !isTaken))
  return (
    <Sheet
      title={title}
      onClose={onClose}
      footer={
        <Button kind="primary" className="w-full" disabled={!isReady} onClick={() => onSave(intervals.map(write), { date: day, spread })}>
          {m.save()}
        </Button>
      }
    >
      <div className="space-y-5">
        {date && (
          <Field label={m.hours_day()} type="date" required min={date.min} value={day} error={isTaken ? m.hours_day_twice() : undefined} onChange={(event) => setDay(event.target.value)} />
        )}
        {intervals.length === 0 && <p className="text-17 text-ink-3">{closed}</p>}
        <ul className="space-y-4">
          {intervals.map((interval, index) => (
            <li key={index} className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto] items-end gap-2">
              <Field label={m.hours_from()} type="time" required value={interval.from} onChange={(event) => change(index, { from: event.target.value })} />
              <Field label={m.hours_to()} type="time" required value={inField(interval.to)} onChange={(event) => change(index, { to: event.target.value })} />
              <IconButton label={m.hours_interval_remove({ hours: `${interval.from}–${interval.to}` })} onClick={() => setIntervals((before) => before.filter((_, at) => at !== index))}>
                <X size={18} aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
        <div role="status">{!isWhole(intervals) && intervals.every(({ from, to }) => from && to) && <p className="text-15 text-late-text">{m.hours_backwards()}</p>}</div>
        {intervals.length < 8 && (
          <Button kind="soft" icon={<Plus size={18} aria-hidden />} onClick={() => setIntervals((before) => [...before, next(before)])}>
            {m.hours_interval_add()}
          </Button>
        )}
        {canSpread && (
          <label className="flex min-h-12 cursor-pointer items-center gap-3 text-17">
            <input type="checkbox" checked={spread} onChange={(event) => setSpread(event.target.checked)} className="size-5 shrink-0 accent-accent" />
            {m.hours_same()}
          </label>
        )}
      </div>
    </Sheet>
  )
}
