import { createElement, useState, type FormEvent } from 'react'
import { useQuery } from '@tanstack/react-query'
import { CloudUpload, Send } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import type { Lead, Member } from '@/shared/api/types'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { note } from '@/shared/leads/commands'
import { overlayTimeline, useRowsOf, type ShownItem } from '@/shared/leads/overlay'
import { timelineOptions } from '@/shared/leads/queries'
import { submit } from '@/shared/offline/engine'
import { offlineSheet } from '@/shared/offline/waiting'
import { useSession, useTeam } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { toast } from '@/shared/ui/toasts'
import { Bar } from '@/shared/ui/Skeleton'
import { iconOf, reasonOf, sentenceOf } from './timelineWords'

/** Who did what and when, newest first, and a line to add to it. */
export function Timeline({ lead }: { lead: Lead }) {
  const timeline = useQuery(timelineOptions(lead.id))
  const team = useTeam()
  const rows = useRowsOf(lead.id)
  const items = overlayTimeline(timeline.data ?? [], rows)
  return (
    <section aria-labelledby="timeline-heading">
      <h2 id="timeline-heading" className="mb-3 text-20 font-semibold tracking-tight">
        {m.timeline()}
      </h2>
      <NoteForm lead={lead} />
      {timeline.isPending && (
        <div role="status" aria-label={m.loading()} className="shimmer mt-5 space-y-5">
          {[1, 2, 3].map((row) => (
            <div key={row} className="flex items-center gap-3">
              <Bar className="size-9" />
              <Bar className="h-4 w-2/3" />
            </div>
          ))}
        </div>
      )}
      {timeline.isError && !timeline.data && <p className="mt-4 text-15 text-late-text">{inWords(timeline.error)}</p>}
      <ol className="mt-4">
        {items.map((item) => (
          <Item key={item.id} item={item} team={team} />
        ))}
      </ol>
    </section>
  )
}

function Item({ item, team }: { item: ShownItem; team: Map<string, Member> }) {
  const place = usePlace()
  const now = useNow()
  const session = useSession()
  const who = item.user_id === session.user.id ? session.user.name : item.user_id ? (team.get(item.user_id)?.name ?? m.someone()) : null
  const face = item.user_id === session.user.id ? session.user.picture : item.user_id ? team.get(item.user_id)?.picture : null
  const at = new Date(item.at)
  const name = (id: string | null) => (id ? (id === session.user.id ? session.user.name : (team.get(id)?.name ?? m.someone())) : m.nobody())
  return (
    <li className="flex gap-3 py-3">
      <span className="relative shrink-0 self-start">
        {who ? <Avatar name={who} picture={face} /> : <span className="block size-9 rounded-full bg-sunken" />}
        <span className={who ? 'absolute -right-1 -bottom-1 grid size-5 place-items-center rounded-full bg-paper text-ink-2' : 'absolute inset-0 grid place-items-center text-ink-3'}>
          {createElement(iconOf(item), { size: who ? 13 : 17, 'aria-hidden': true })}
        </span>
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline justify-between gap-x-3">
          <p className="text-15 text-ink-2">
            {who && <span className="font-semibold text-ink">{who}</span>} <span>{sentenceOf(item, name, (time) => when(time, new Date(now), place))}</span>
          </p>
          <time dateTime={item.at} title={fullTime(at, place)} className="text-13 text-ink-3">
            {when(at, new Date(now), place)}
          </time>
        </div>
        {item.placement && <p className="text-13 text-ink-3 first-letter:uppercase">{reasonOf(item)}</p>}
        {item.message?.subject && <p className="mt-1 text-17 font-medium break-words">{item.message.subject}</p>}
        {item.message && <p className="mt-1 text-17 break-words whitespace-pre-line">{item.message.text}</p>}
        {item.text && <p className="mt-1 text-17 break-words whitespace-pre-line">{item.text}</p>}
        {item.attempt?.note && <p className="mt-1 text-15 break-words whitespace-pre-line text-ink-2">{item.attempt.note}</p>}
        {item.stored_at && <p className="mt-0.5 text-13 text-ink-3">{m.offline_told({ when: when(new Date(item.stored_at), new Date(now), place) })}</p>}
        {item.waiting && (
          <button
            type="button"
            onClick={() => offlineSheet.set({ kind: 'waiting' })}
            className={`-mb-3 -ml-2 flex min-h-12 items-center gap-1.5 rounded-control px-2 text-13 font-medium ${item.waiting === 'waiting' ? 'text-ink-3' : 'text-late-text'}`}
          >
            <CloudUpload size={15} aria-hidden />
            {item.waiting === 'waiting' ? m.offline_mark() : m.offline_mark_person()}
          </button>
        )}
      </div>
    </li>
  )
}

function NoteForm({ lead }: { lead: Lead }) {
  const [text, setText] = useState('')
  const save = (event: FormEvent) => {
    event.preventDefault()
    const written = text.trim()
    if (!written) return
    setText('')
    // It is on the phone from here on; only a server that refuses it gives it back.
    void submit(note(lead, written)).done.then((verdict) => {
      if (verdict.state !== 'rejected') return
      setText((now) => now || written)
      toast(inWords(verdict.error), { tone: 'error' })
    })
  }
  return (
    <form onSubmit={save} className="flex items-end gap-2">
      <textarea
        aria-label={m.note_label()}
        placeholder={m.note_placeholder()}
        value={text}
        rows={1}
        maxLength={4000}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) save(event)
        }}
        className="field-sizing-content max-h-60 min-h-12 flex-1 resize-none rounded-card border border-edge bg-surface px-4 py-2.5 text-17"
      />
      <button
        type="submit"
        aria-label={m.note_save()}
        disabled={!text.trim()}
        className="grid size-12 shrink-0 place-items-center rounded-full bg-accent text-on-accent transition-opacity disabled:bg-sunken disabled:text-ink-3"
      >
        <Send size={19} aria-hidden />
      </button>
    </form>
  )
}
