import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Minus, Plus } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { ChangeShift, Shift } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { Dot } from '@/shared/rota/Dot'
import { rotaOptions, usePause, useSaveShift } from '@/shared/rota/queries'
import { ShiftEditor } from '@/shared/rota/ShiftEditor'
import { standing } from '@/shared/rota/words'
import { useTeam } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Chip } from '@/shared/ui/Filters'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'

/** What may be chosen at a tap; any other number came from elsewhere and is shown beside them. */
const CAPACITIES = [3, 5, 10, 20]

/** For managers: when a colleague works, and how many leads they take. */
export function PersonScreen() {
  const { userId } = useParams({ from: '/signed-in/settings/rota/$userId' })
  const name = useTeam().get(userId)?.name ?? m.someone()
  const { data, error, refetch } = useQuery(rotaOptions)
  const shift = data?.find(({ user_id }) => user_id === userId)
  const save = useSaveShift(userId, false)
  const change = (part: Partial<ChangeShift>) => shift && save.mutate({ ...shift, ...part })
  return (
    <Page title={name} back={{ to: '/settings/rota', label: () => m.rota_title() }}>
      {shift ? (
        <>
          <Presence shift={shift} />
          <Part shift={shift} pending={save.isPending} onChange={change} />
          <ShiftEditor shift={shift} own={false} pending={save.isPending} onChange={change} />
        </>
      ) : error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : data ? (
        <p className="text-17 text-ink-3">{m.error_not_found()}</p>
      ) : (
        <Waiting lines={5} />
      )}
    </Page>
  )
}

function Presence({ shift }: { shift: Shift }) {
  const place = usePlace()
  const now = new Date(useNow())
  const pause = usePause(shift.user_id)
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p className="flex items-center gap-2.5 text-17" aria-live="polite">
        <Dot shift={shift} />
        {standing(shift, now, place)}
      </p>
      <Button disabled={pause.isPending} onClick={() => pause.mutate(shift.pause ? 'back' : null)}>
        {shift.pause ? m.rota_they_are_back() : m.rota_they_are_away()}
      </Button>
    </div>
  )
}

interface PartProps {
  shift: Shift
  pending: boolean
  onChange: (part: Partial<ChangeShift>) => void
}

/** What is given to them, beside the others. */
function Part({ shift, pending, onChange }: PartProps) {
  const { takes_leads, weight, capacity } = shift
  const capacities = [...new Set([...CAPACITIES, ...(capacity ? [capacity] : [])])].sort((a, b) => a - b)
  return (
    <>
      <label className="flex min-h-12 cursor-pointer items-center gap-3 text-17">
        <input type="checkbox" disabled={pending} checked={takes_leads} onChange={(event) => onChange({ takes_leads: event.target.checked })} className="size-5 shrink-0 accent-accent" />
        {m.rota_takes_leads()}
      </label>
      {takes_leads && (
        <>
          <Group title={m.rota_weight()} hint={m.rota_weight_hint()}>
            <div className="flex items-center gap-2">
              <IconButton label={m.rota_weight_less()} disabled={pending || weight <= 1} className="border border-edge disabled:opacity-55" onClick={() => onChange({ weight: weight - 1 })}>
                <Minus size={18} aria-hidden />
              </IconButton>
              <output aria-label={m.rota_weight()} className="w-12 text-center text-20 font-semibold tabular-nums">
                {weight}
              </output>
              <IconButton label={m.rota_weight_more()} disabled={pending || weight >= 10} className="border border-edge disabled:opacity-55" onClick={() => onChange({ weight: weight + 1 })}>
                <Plus size={18} aria-hidden />
              </IconButton>
            </div>
          </Group>
          <Group title={m.rota_capacity()} hint={m.rota_capacity_hint()}>
            <div role="group" aria-label={m.rota_capacity()} className="flex flex-wrap gap-2">
              <Chip on={capacity === null} onClick={() => capacity !== null && onChange({ capacity: null })} label={m.rota_capacity_none()} />
              {capacities.map((one) => (
                <Chip key={one} on={capacity === one} onClick={() => capacity !== one && onChange({ capacity: one })} label={String(one)} />
              ))}
            </div>
          </Group>
        </>
      )}
    </>
  )
}
