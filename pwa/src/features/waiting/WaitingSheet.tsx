import { createElement } from 'react'
import { CloudCheck, RotateCw, Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { duration, when } from '@/shared/i18n/time'
import { nameOf } from '@/shared/leads/labels'
import { discard, retry } from '@/shared/offline/engine'
import { reach } from '@/shared/offline/health'
import type { Row } from '@/shared/offline/row'
import { offlineSheet, outbox } from '@/shared/offline/waiting'
import { useStore } from '@/shared/store'
import { Button, IconButton } from '@/shared/ui/Button'
import { Empty } from '@/shared/ui/Empty'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { iconOf, sayWhat, whyRefused } from './words'

/** Everything that was done and has not reached the server, in the order in which it goes. */
export function WaitingSheet({ onClose }: { onClose: () => void }) {
  const rows = useStore(outbox)
  const away = useStore(reach) === 'offline'
  return (
    <Sheet
      title={m.offline_title()}
      hint={rows.length === 0 ? undefined : away ? m.offline_hint_away() : m.offline_hint()}
      onClose={onClose}
      footer={
        rows.some((row) => row.state === 'waiting') && (
          <Button kind="primary" className="w-full" icon={<RotateCw size={18} aria-hidden />} onClick={() => void retry()}>
            {m.offline_retry_all()}
          </Button>
        )
      }
    >
      {rows.length === 0 ? (
        <Empty icon={<CloudCheck size={26} />} title={m.offline_empty()} />
      ) : (
        <ol className="-mx-1">
          {rows.map((row, at) => (
            <Line key={row.key} row={row} behind={rows.slice(0, at).some((before) => before.base.id === row.base.id && before.state === 'conflict')} />
          ))}
        </ol>
      )}
    </Sheet>
  )
}

function Line({ row, behind }: { row: Row; behind: boolean }) {
  const now = useNow()
  const place = usePlace()
  const at = new Date(row.at)
  const says = (time: Date) => when(time, new Date(now), place)
  const what = sayWhat(row, says)
  const drop = async () => {
    const undo = await discard(row.key)
    if (undo) toast(m.offline_discarded(), { undo: () => void undo() })
  }
  return (
    <li className="flex items-start gap-3 border-b border-hairline py-3 pl-1 last:border-b-0">
      <span className="mt-0.5 grid size-9 shrink-0 place-items-center rounded-full bg-sunken text-ink-2">
        {createElement(iconOf(row), { size: 18, 'aria-hidden': true })}
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline justify-between gap-3">
          <p className="truncate text-17 font-semibold">{nameOf(row.base)}</p>
          <time dateTime={at.toISOString()} className="shrink-0 text-13 text-ink-3">
            {says(at)}
          </time>
        </div>
        <p className="line-clamp-2 text-15 break-words text-ink-2">{what}</p>
        <p className={`mt-0.5 text-13 ${row.state === 'waiting' ? 'text-ink-3' : 'font-medium text-late-text'}`}>{stateOf(row, behind, now)}</p>
        {row.state === 'conflict' && (
          <Button kind="soft" className="mt-2" onClick={() => offlineSheet.set({ kind: 'conflict', key: row.key })}>
            {m.offline_decide()}
          </Button>
        )}
        {row.state === 'rejected' && (
          <Button kind="soft" className="mt-2" onClick={() => void retry(row.key)}>
            {m.try_again()}
          </Button>
        )}
      </div>
      <IconButton label={m.offline_discard({ what, name: nameOf(row.base) })} onClick={() => void drop()}>
        <Trash2 size={19} aria-hidden />
      </IconButton>
    </li>
  )
}

function stateOf(row: Row, behind: boolean, now: number): string {
  if (row.state === 'conflict') return m.offline_state_conflict()
  if (row.state === 'rejected') return m.offline_state_refused({ why: whyRefused(row) })
  if (behind) return m.offline_state_behind()
  if (row.delayed) return m.offline_state_thoughts()
  if (row.nextAt > now) return m.offline_state_again({ n: duration(row.nextAt - now) })
  return m.offline_state_waiting()
}
