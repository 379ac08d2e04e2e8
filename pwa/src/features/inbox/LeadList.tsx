import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { elementScroll, measureElement, useVirtualizer, type Rect, type Virtualizer } from '@tanstack/react-virtual'
import { ArrowUp } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Lead, Session } from '@/shared/api/types'
import { canContact, contact } from '@/shared/contact/contact'
import { useDesk } from '@/shared/device/media'
import { afterPaint } from '@/shared/device/paint'
import { isOpen } from '@/shared/leads/filters'
import { LeadRow } from '@/shared/leads/LeadRow'
import { leadSheet } from '@/shared/leads/sheets'
import { arrivals } from '@/shared/live/state'
import { useCampaigns, useTeam } from '@/shared/session/queries'
import { useStore } from '@/shared/store'
import { SwipeRow } from './SwipeRow'

const ROW = 85
/** Closer to the top than this the list just moves; further down a pill tells what came. */
const NEAR_TOP = 60

/** Asked while nothing is drawn yet: later the browser would lay everything out for the answer. */
const SCREEN = { width: window.innerWidth, height: window.innerHeight }

/** Where each list was left, so that coming back from a lead finds the same row under the thumb. */
const offsets = new Map<string, number>()

interface Props {
  name: string
  items: Lead[]
  session: Session
  selectedId: string | undefined
  hasMore: boolean
  loadMore: () => void
}

export function LeadList({ name, items, session, selectedId, hasMore, loadMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const client = useQueryClient()
  const desk = useDesk()
  const team = useTeam()
  const campaigns = useCampaigns()
  const arrived = useStore(arrivals)
  const [stands, setStands] = useState(false)
  useEffect(() => afterPaint(() => setStands(true)), [])
  // eslint-disable-next-line react-hooks/incompatible-library -- the list alone re-renders with its virtualizer
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    // What lies below the screen comes once the screen stands.
    overscan: stands ? 8 : 0,
    getItemKey: (index) => items[index]?.id ?? index,
    // Before it is measured the list is as tall as the screen: the first drawing has rows in it.
    initialRect: SCREEN,
    // Both are told by the browser once it has laid them out: to ask would have it do so at once.
    observeElementRect: watchSize,
    scrollToFn: (offset, options, list) => {
      // A new list stands at its top.
      if (offset || options.adjustments || list.scrollOffset) elementScroll(offset, options, list)
    },
    measureElement: (row, told, list) => (told ? measureElement(row, told, list) : (list.measurementsCache[list.indexFromElement(row)]?.size ?? ROW)),
    // What it measures while React draws is drawn with it.
    useFlushSync: stands,
    initialOffset: () => offsets.get(name) ?? 0,
  })
  const rows = virtual.getVirtualItems()
  const last = rows[rows.length - 1]?.index ?? 0

  useEffect(() => {
    if (hasMore && last >= items.length - 30) loadMore()
  }, [hasMore, last, items.length, loadMore])

  const unseen = useUnseen(items, scroller)
  useKeepPlace(items, scroller, () => offsets.get(name) ?? 0)

  useEffect(() => {
    const at = items.findIndex((lead) => lead.id === selectedId)
    if (desk && at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
    // Only a new selection scrolls: the list moving under it must not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selectedId, desk])

  return (
    <div className="relative min-h-0 flex-1">
      {unseen > 0 && (
        <button
          type="button"
          onClick={() => scroller.current?.scrollTo({ top: 0, behavior: 'smooth' })}
          className="rise absolute top-2 left-1/2 z-20 flex min-h-12 -translate-x-1/2 items-center gap-2 rounded-full bg-accent px-5 text-15 font-semibold text-on-accent shadow-lift"
        >
          <ArrowUp size={18} aria-hidden />
          {m.inbox_new({ count: unseen })}
        </button>
      )}
      {/* A scrolling region without a focusable row at hand must itself be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={scroller} tabIndex={0} role="region" aria-label={m.inbox_list()} className="scrollable h-full focus-visible:-outline-offset-2" onScroll={(event) => offsets.set(name, event.currentTarget.scrollTop)}>
        <div role="list" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {rows.map((row) => {
            const lead = items[row.index]
            if (!lead) return null
            return (
              <div
                key={row.key}
                data-index={row.index}
                ref={virtual.measureElement}
                role="listitem"
                aria-setsize={hasMore ? -1 : items.length}
                aria-posinset={row.index + 1}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <SwipeRow
                  onCall={canContact(lead, 'call') ? () => void contact(client, lead, 'call', session) : null}
                  onSnooze={isOpen(lead) ? () => leadSheet.set({ kind: 'snooze', lead }) : null}
                >
                  <LeadRow
                    lead={lead}
                    campaign={lead.campaign_id ? campaigns.get(lead.campaign_id) : undefined}
                    assignee={lead.assignee_id ? team.get(lead.assignee_id) : undefined}
                    session={session}
                    selected={lead.id === selectedId}
                    arriving={arrived.some((one) => one.id === lead.id)}
                    morph={!desk}
                  />
                </SwipeRow>
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

function watchSize({ scrollElement }: Virtualizer<HTMLDivElement, HTMLDivElement>, tell: (size: Rect) => void): () => void {
  const observer = new ResizeObserver(([told]) => told && tell({ width: told.contentRect.width, height: told.contentRect.height }))
  if (scrollElement) observer.observe(scrollElement)
  return () => observer.disconnect()
}

/** How many came in while the person was reading further down; only those that this list shows. */
function useUnseen(items: Lead[], scroller: React.RefObject<HTMLDivElement | null>): number {
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set())

  useEffect(() => {
    const element = scroller.current
    const scrolled = () => element !== null && element.scrollTop >= NEAR_TOP
    const came = () => {
      const latest = arrivals.get().at(-1)
      if (latest && scrolled()) setUnseen((before) => new Set([...before, latest.id]))
    }
    const seen = () => {
      if (!scrolled()) setUnseen((before) => (before.size ? new Set() : before))
    }
    const stop = arrivals.subscribe(came)
    element?.addEventListener('scroll', seen, { passive: true })
    return () => {
      stop()
      element?.removeEventListener('scroll', seen)
    }
  }, [scroller])

  return unseen.size === 0 ? 0 : items.filter((lead) => unseen.has(lead.id)).length
}

/** Rows that come in above must not push the row being read: scroll along with it. */
function useKeepPlace(items: Lead[], scroller: React.RefObject<HTMLDivElement | null>, offset: () => number): void {
  const before = useRef<{ first: string; items: Lead[] } | null>(null)
  useLayoutEffect(() => {
    const element = scroller.current
    const was = before.current
    const first = items[0]?.id
    before.current = first ? { first, items } : null
    if (!element || !was || !first || was.items === items) return
    // Not asked of the list, which would be laid out for it.
    const top = offset()
    if (top < NEAR_TOP) return
    const anchorAt = Math.floor(top / ROW)
    const anchor = was.items[anchorAt]
    if (!anchor) return
    const now = items.findIndex((lead) => lead.id === anchor.id)
    if (now > anchorAt) element.scrollBy({ top: (now - anchorAt) * ROW, behavior: 'instant' })
  })
}
