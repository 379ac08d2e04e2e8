import { useEffect, useRef, useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCw, Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { GivenUp } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { Button, IconButton } from '@/shared/ui/Button'
import { Group } from '@/shared/ui/Page'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { toast } from '@/shared/ui/toasts'
import { graveyardOptions } from './queries'
import { jobLabel, reasonWords, told } from './words'

/** As long as a toast with an undo stays. */
const SECOND_THOUGHTS = 6000

/** What was given up. Nothing is lost; it waits here for a replay. */
export function Graveyard() {
  const client = useQueryClient()
  const graves = useQuery(graveyardOptions)
  const [leaving, setLeaving] = useState<ReadonlySet<number>>(new Set())
  const timers = useRef(new Map<number, () => void>())
  const settle = () => client.invalidateQueries({ queryKey: ['connect'] })

  // Whoever leaves the page has no second thoughts any more.
  useEffect(() => {
    const open = timers.current
    return () => [...open.values()].forEach((send) => send())
  }, [])

  const stay = (id: number) => setLeaving((before) => new Set([...before].filter((one) => one !== id)))
  const discard = (grave: GivenUp) => {
    const what = jobLabel(grave.kind)
    setLeaving((before) => new Set(before).add(grave.id))
    const send = () => {
      clearTimeout(timer)
      timers.current.delete(grave.id)
      ask(api.DELETE('/api/graveyard/{id}', { params: { path: { id: grave.id } }, headers: once() }))
        .catch((error: unknown) => {
          stay(grave.id)
          toast(told(error), { tone: 'error' })
        })
        .finally(() => void settle())
    }
    const timer = setTimeout(send, SECOND_THOUGHTS)
    timers.current.set(grave.id, send)
    toast(m.connect_discarded({ what }), {
      undo: () => {
        clearTimeout(timer)
        timers.current.delete(grave.id)
        stay(grave.id)
      },
    })
  }
  const shown = graves.data?.filter((grave) => !leaving.has(grave.id)) ?? []
  return (
    <Group title={m.connect_graveyard()} hint={m.connect_graveyard_hint()}>
      {graves.isPending ? (
        <RowsSkeleton rows={2} />
      ) : graves.error ? (
        <p role="alert" className="text-15 text-late-text">
          {told(graves.error)}
        </p>
      ) : shown.length === 0 ? (
        <p className="text-15 text-ink-3">{m.connect_graveyard_none()}</p>
      ) : (
        <ul aria-label={m.connect_graveyard()}>
          {shown.map((grave) => (
            <Row key={grave.id} grave={grave} onReplayed={settle} onDiscard={() => discard(grave)} />
          ))}
        </ul>
      )}
    </Group>
  )
}

function Row({ grave, onReplayed, onDiscard }: { grave: GivenUp; onReplayed: () => Promise<void>; onDiscard: () => void }) {
  const place = usePlace()
  const now = new Date(useNow())
  const what = jobLabel(grave.kind)
  const again = useMutation({
    mutationFn: () => ask(api.POST('/api/graveyard/{id}/replay', { params: { path: { id: grave.id } }, headers: once() })),
    onSuccess: () => toast(m.operator_replayed({ what })),
    onError: (error) => toast(told(error), { tone: 'error' }),
    onSettled: onReplayed,
  })
  return (
    <li className="flex items-center gap-2 border-b border-hairline py-3 last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className="text-15 font-medium">{what}</p>
        <p className="text-15 text-pretty text-ink-2">{reasonWords(grave.reason)}</p>
        <p className="mt-0.5 text-13 text-ink-3">
          {m.connect_tries({ n: grave.tries })}
          {grave.at && (
            <>
              {' · '}
              <time dateTime={grave.at} title={fullTime(new Date(grave.at), place)}>
                {when(new Date(grave.at), now, place)}
              </time>
            </>
          )}
        </p>
      </div>
      <IconButton label={m.connect_discard_named({ what })} onClick={onDiscard}>
        <Trash2 size={19} aria-hidden />
      </IconButton>
      <Button icon={<RotateCw size={17} aria-hidden />} aria-label={m.connect_replay_named({ what })} disabled={again.isPending} onClick={() => again.mutate()}>
        {m.connect_replay()}
      </Button>
    </li>
  )
}
