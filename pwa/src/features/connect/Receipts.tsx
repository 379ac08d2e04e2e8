import { useState } from 'react'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { RotateCw } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { Receipt, ReceiptFilter } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { Group } from '@/shared/ui/Page'
import { Segments } from '@/shared/ui/Segments'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { toast } from '@/shared/ui/toasts'
import { receiptsOptions } from './queries'
import { reasonWords, receiptLabel, told } from './words'

type Shown = ReceiptFilter | 'all'

/** What Meta told us, and what became of each. */
export function Receipts() {
  const [filter, setFilter] = useState<Shown>('all')
  const receipts = useInfiniteQuery(receiptsOptions(filter === 'all' ? null : filter))
  const items = receipts.data?.pages.flatMap((page) => page.items) ?? []
  const all = useReplay(() => ask(api.POST('/api/receipts/replay', { headers: once() })), ({ count: n }) => m.connect_replayed_all({ n }))
  return (
    <Group title={m.connect_receipts()} hint={m.connect_receipts_hint()}>
      <div className="-mx-1 scrollbar-none overflow-x-auto px-1 py-1">
        <Segments<Shown>
          label={m.connect_filter()}
          value={filter}
          onChange={setFilter}
          segments={[
            { value: 'all', label: m.connect_filter_all() },
            { value: 'waiting', label: m.connect_filter_waiting() },
            { value: 'failed', label: m.connect_filter_failed() },
            { value: 'quarantined', label: m.connect_filter_quarantined() },
          ]}
        />
      </div>
      {receipts.isPending ? (
        <RowsSkeleton rows={4} />
      ) : receipts.error ? (
        <div role="alert" className="flex flex-wrap items-center gap-4 py-4">
          <p className="text-15 text-late-text">{told(receipts.error)}</p>
          <Button onClick={() => void receipts.refetch()}>{m.try_again()}</Button>
        </div>
      ) : items.length === 0 ? (
        <p className="py-4 text-15 text-ink-3">{m.connect_receipts_none()}</p>
      ) : (
        <>
          {filter === 'failed' && (
            <Button className="mt-3 w-full" icon={<RotateCw size={17} aria-hidden />} disabled={all.isPending} onClick={() => all.mutate()}>
              {m.connect_replay_all()}
            </Button>
          )}
          <ul aria-label={m.connect_receipts()}>
            {items.map((receipt) => (
              <Row key={receipt.id} receipt={receipt} />
            ))}
          </ul>
          {receipts.hasNextPage && (
            <Button kind="plain" className="w-full" disabled={receipts.isFetchingNextPage} onClick={() => void receipts.fetchNextPage()}>
              {m.connect_more()}
            </Button>
          )}
        </>
      )}
    </Group>
  )
}

/** Replays, and looks again at everything that follows from it. */
function useReplay<T>(replay: () => Promise<T>, words: (done: T) => string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: replay,
    onSuccess: (done) => toast(words(done)),
    onError: (error) => toast(told(error), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['connect'] }),
  })
}

const tones: Partial<Record<Receipt['state'], string>> = {
  fetched: 'text-fresh-text',
  failed: 'text-late-text',
  retrying: 'text-waning-text',
  quarantined: 'text-waning-text',
}

function Row({ receipt }: { receipt: Receipt }) {
  const place = usePlace()
  const now = new Date(useNow())
  const name = receipt.meta_lead_id ? m.connect_receipt_no({ id: receipt.meta_lead_id }) : m.connect_receipt_part()
  const again = useReplay(
    () => ask(api.POST('/api/receipts/{id}/replay', { params: { path: { id: receipt.id } }, headers: once() })),
    () => m.connect_replayed(),
  )
  const state = receiptLabel(receipt.state, receipt.next_at ? when(new Date(receipt.next_at), now, place) : '–')
  const replays = receipt.state !== 'fetched' && receipt.state !== 'gone'
  return (
    <li className="flex items-center gap-3 border-b border-hairline py-3 last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className={cx('text-15 font-medium', tones[receipt.state])}>
          {state}
          {receipt.reason && <span className="font-normal text-ink-2"> · {reasonWords(receipt.reason)}</span>}
        </p>
        <p className="mt-0.5 text-13 break-words text-ink-3">
          {name}
          {receipt.tries > 0 && ` · ${m.connect_tries({ n: receipt.tries })}`}
          {' · '}
          <time dateTime={receipt.received_at} title={fullTime(new Date(receipt.received_at), place)}>
            {when(new Date(receipt.received_at), now, place)}
          </time>
        </p>
      </div>
      {receipt.lead_id ? (
        <Link
          to="/leads/$leadId"
          params={{ leadId: receipt.lead_id }}
          className="inline-flex min-h-12 shrink-0 items-center px-2 text-15 font-medium text-accent-text"
        >
          {m.connect_receipt_lead()}
        </Link>
      ) : (
        replays && (
          <Button aria-label={m.connect_replay_named({ what: name })} disabled={again.isPending} onClick={() => again.mutate()}>
            {m.connect_replay()}
          </Button>
        )
      )}
    </li>
  )
}
