import { useEffect, useMemo, useRef, useState } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { History, Search, SearchX, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { LeadRow } from '@/shared/leads/LeadRow'
import { leadListOptions } from '@/shared/leads/queries'
import { rememberSearch, searches } from '@/shared/session/searches'
import { useCampaigns, useSession, useTeam } from '@/shared/session/queries'
import { useStore } from '@/shared/store'
import { Button, IconButton } from '@/shared/ui/Button'
import { Empty } from '@/shared/ui/Empty'
import { RowsSkeleton } from '@/shared/ui/Skeleton'

/** A phone number, a mail address, or the beginnings of names. */
export function SearchScreen() {
  // What was looked for last is still there on coming back from a lead.
  const recent = useStore(searches)
  const [text, setText] = useState(() => recent[0] ?? '')
  const [asked, setAsked] = useState(text)
  const input = useRef<HTMLInputElement>(null)

  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 220)
    return () => clearTimeout(timer)
  }, [text])
  useEffect(() => {
    input.current?.focus({ preventScroll: true })
    input.current?.select()
  }, [])

  return (
    <section aria-label={m.nav_search()} className="mx-auto flex h-full min-h-0 w-full max-w-3xl flex-col">
      <header className="border-b border-hairline px-safe pt-3 pb-3">
        <h1 className="mb-3 flex min-h-12 items-center text-28 font-bold tracking-tight">{m.nav_search()}</h1>
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault()
            setAsked(text.trim())
            rememberSearch(text)
            input.current?.blur()
          }}
          className="relative"
        >
          <Search size={20} className="pointer-events-none absolute top-3.5 left-4 text-ink-3" aria-hidden />
          <input
            ref={input}
            type="search"
            enterKeyHint="search"
            autoComplete="off"
            autoCorrect="off"
            spellCheck={false}
            aria-label={m.search_label()}
            placeholder={m.search_placeholder()}
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="h-12 w-full rounded-[14px] bg-sunken pr-12 pl-12 text-17 [&::-webkit-search-cancel-button]:hidden"
          />
          {text && (
            <IconButton
              label={m.search_clear()}
              className="absolute! top-0 right-0"
              onClick={() => {
                setText('')
                input.current?.focus()
              }}
            >
              <X size={18} aria-hidden />
            </IconButton>
          )}
        </form>
      </header>
      <div className="scrollable min-h-0 flex-1">{asked.length < 2 ? <Recent onPick={setText} /> : <Results q={asked} />}</div>
    </section>
  )
}

function Recent({ onPick }: { onPick: (text: string) => void }) {
  const recent = useStore(searches)
  if (recent.length === 0) {
    return (
      <Empty icon={<Search size={26} />} title={m.search_empty()}>
        <p>{m.search_empty_hint()}</p>
      </Empty>
    )
  }
  return (
    <section className="px-safe py-5" aria-labelledby="recent-heading">
      <h2 id="recent-heading" className="text-15 font-semibold text-ink-3">
        {m.search_recent()}
      </h2>
      <ul className="mt-1">
        {recent.map((search) => (
          <li key={search}>
            <button type="button" onClick={() => onPick(search)} className="flex min-h-12 w-full items-center gap-3 text-left text-17">
              <History size={18} className="text-ink-3" aria-hidden />
              <span className="truncate">{search}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Results({ q }: { q: string }) {
  const session = useSession()
  const team = useTeam()
  const campaigns = useCampaigns()
  const { id, role } = { id: session.user.id, role: session.role }
  const filters = useMemo(() => ({ view: 'all' as const, q }), [q])
  const found = useInfiniteQuery(leadListOptions(filters, { id, role }))
  const items = found.data?.pages.flatMap((page) => page.items) ?? []

  if (found.isPending) return <RowsSkeleton rows={4} />
  if (found.isError && items.length === 0) {
    return (
      <Empty icon={<SearchX size={26} />} title={inWords(found.error)}>
        <Button onClick={() => void found.refetch()}>{m.try_again()}</Button>
      </Empty>
    )
  }
  if (items.length === 0) {
    return (
      <Empty icon={<SearchX size={26} />} title={m.search_none({ q })}>
        <p>{m.search_none_hint()}</p>
      </Empty>
    )
  }
  return (
    <>
      <p role="status" className="sr-only">
        {m.search_found({ n: items.length })}
      </p>
      {/* Opening a result is what makes a search worth remembering; clicks inside bubble up to here. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions */}
      <ul onClick={() => rememberSearch(q)}>
        {items.map((lead) => (
          <li key={lead.id}>
            <LeadRow
              lead={lead}
              campaign={lead.campaign_id ? campaigns.get(lead.campaign_id) : undefined}
              assignee={lead.assignee_id ? team.get(lead.assignee_id) : undefined}
              session={session}
              selected={false}
              arriving={false}
              morph={false}
            />
          </li>
        ))}
      </ul>
      {found.hasNextPage && (
        <div className="p-4 text-center">
          <Button onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
            {m.search_more()}
          </Button>
        </div>
      )}
    </>
  )
}
