import { useState } from 'react'
import { Coffee, Hand } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { Dot } from '@/shared/rota/Dot'
import { useOwnShift, usePause } from '@/shared/rota/queries'
import { standing } from '@/shared/rota/words'
import { Button } from '@/shared/ui/Button'
import { Choice } from '@/shared/ui/Choice'
import { Group } from '@/shared/ui/Page'
import { Sheet } from '@/shared/ui/Sheet'

/** Half an hour at a tap; anything else behind it. */
const USUAL = 30
const OTHERS = [15, 60, 120]

/** Whether one is there, and going away for a while. */
export function Presence() {
  const shift = useOwnShift()
  const place = usePlace()
  const now = new Date(useNow())
  const pause = usePause()
  const [choosing, setChoosing] = useState(false)
  if (!shift) return null
  const away = (minutes: number | null) => {
    pause.mutate(minutes)
    setChoosing(false)
  }
  return (
    <Group title={m.rota_presence()}>
      <div className="space-y-3 rounded-card border border-hairline bg-surface p-4">
        <p className="flex items-center gap-2.5 text-17 font-medium" aria-live="polite">
          <Dot shift={shift} />
          {standing(shift, now, place)}
        </p>
        {shift.pause ? (
          <Button kind="primary" className="w-full" icon={<Hand size={18} aria-hidden />} disabled={pause.isPending} onClick={() => pause.mutate('back')}>
            {m.rota_i_am_back()}
          </Button>
        ) : (
          <div className="flex gap-3">
            <Button kind="soft" className="flex-1" icon={<Coffee size={18} aria-hidden />} disabled={pause.isPending} onClick={() => away(USUAL)}>
              {m.rota_pause({ n: USUAL })}
            </Button>
            <Button disabled={pause.isPending} onClick={() => setChoosing(true)}>
              {m.rota_pause_other()}
            </Button>
          </div>
        )}
      </div>
      {choosing && (
        <Sheet title={m.rota_pause_title()} hint={m.rota_pause_hint()} onClose={() => setChoosing(false)}>
          {OTHERS.map((minutes) => (
            <Choice key={minutes} label={m.unit_minutes({ n: minutes })} onClick={() => away(minutes)} />
          ))}
          <Choice label={m.rota_until_back()} onClick={() => away(null)} />
        </Sheet>
      )}
    </Group>
  )
}
