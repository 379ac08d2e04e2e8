import { useState } from 'react'
import { Plus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Away, ChangeShift, Shift } from '@/shared/api/types'
import { Hours } from '@/shared/hours/Hours'
import { dayName, OFFICE } from '@/shared/hours/hours'
import { usePlace } from '@/shared/i18n/place'
import { toInput } from '@/shared/i18n/zone'
import { Button, IconButton } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Chip } from '@/shared/ui/Filters'
import { Line, List } from '@/shared/ui/List'
import { Group } from '@/shared/ui/Page'
import { Sheet } from '@/shared/ui/Sheet'

interface Props {
  shift: Shift
  /** Of one's own there are other words than of a colleague's. */
  own: boolean
  pending: boolean
  onChange: (change: Partial<ChangeShift>) => void
}

/** When a person works. Each change is saved as it is made. */
export function ShiftEditor({ shift, own, pending, onChange }: Props) {
  const { schedule, away } = shift
  const { locale, timeZone } = usePlace()
  const [adding, setAdding] = useState(false)
  const days = ({ from, to }: Away) => (from === to ? dayName(from, locale) : `${dayName(from, locale)} – ${dayName(to, locale)}`)
  return (
    <>
      <Group title={m.rota_when()} hint={own ? m.rota_when_hint() : undefined}>
        <div role="group" aria-label={m.rota_when()} className="flex flex-wrap gap-2">
          <Chip on={schedule === null} onClick={() => schedule && onChange({ schedule: null })} label={m.rota_as_business()} />
          <Chip on={schedule !== null} onClick={() => schedule ?? onChange({ schedule: OFFICE })} label={m.rota_own_hours()} />
        </div>
      </Group>
      {schedule && <Hours schedule={schedule} closed={m.rota_day_off()} pending={pending} onChange={(change) => onChange({ schedule: { ...schedule, ...change } })} />}
      <Group title={m.rota_away()} hint={m.rota_away_hint()}>
        <div className="space-y-4">
          <List>
            {away.length === 0 && <Line title={<span className="text-15 font-normal text-ink-3">{m.rota_away_none()}</span>} />}
            {away.map((one, index) => (
              <Line
                key={`${one.from}/${one.to}`}
                title={days(one)}
                action={
                  <IconButton label={m.hours_day_remove({ day: days(one) })} disabled={pending} onClick={() => onChange({ away: away.filter((_, at) => at !== index) })}>
                    <X size={18} aria-hidden />
                  </IconButton>
                }
              />
            ))}
          </List>
          <Button kind="soft" icon={<Plus size={18} aria-hidden />} disabled={pending} onClick={() => setAdding(true)}>
            {m.rota_away_add()}
          </Button>
        </div>
      </Group>
      {adding && (
        <AwaySheet
          today={toInput(new Date(), timeZone).slice(0, 10)}
          onSave={(one) => {
            onChange({ away: [...away, one] })
            setAdding(false)
          }}
          onClose={() => setAdding(false)}
        />
      )}
    </>
  )
}

function AwaySheet({ today, onSave, onClose }: { today: string; onSave: (away: Away) => void; onClose: () => void }) {
  const [from, setFrom] = useState(today)
  const [to, setTo] = useState(today)
  const isBackwards = from !== '' && to !== '' && to < from
  return (
    <Sheet
      title={m.rota_away_add()}
      onClose={onClose}
      footer={
        <Button kind="primary" className="w-full" disabled={!from || !to || isBackwards} onClick={() => onSave({ from, to })}>
          {m.save()}
        </Button>
      }
    >
      <div className="grid grid-cols-2 gap-3">
        <Field
          label={m.rota_away_from()}
          type="date"
          required
          min={today}
          value={from}
          onChange={({ target }) => {
            setFrom(target.value)
            if (to < target.value) setTo(target.value)
          }}
        />
        <Field label={m.rota_away_to()} type="date" required min={from} value={to} error={isBackwards ? m.rota_away_backwards() : undefined} onChange={(event) => setTo(event.target.value)} />
      </div>
    </Sheet>
  )
}
