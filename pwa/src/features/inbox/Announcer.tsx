import { m } from '@/paraglide/messages'
import { arrivals } from '@/shared/live/state'
import { useStore } from '@/shared/store'

/** Tells a screen reader of new leads, when it is done with what it is saying. */
export function Announcer() {
  const latest = useStore(arrivals).at(-1)
  return (
    <div role="log" aria-live="polite" aria-label={m.inbox_announcements()} className="sr-only">
      {latest && <p key={`${latest.id}-${latest.at}`}>{m.inbox_announce({ name: latest.name, summary: latest.summary })}</p>}
    </div>
  )
}
