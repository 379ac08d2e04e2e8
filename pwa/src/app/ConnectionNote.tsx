import { useEffect, useState } from 'react'
import { CloudUpload, GitCompareArrows, LoaderCircle } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { connection } from '@/shared/live/state'
import { reach } from '@/shared/offline/health'
import { needsPerson, offlineSheet, outbox } from '@/shared/offline/waiting'
import { useStore } from '@/shared/store'

/** A blink of the network is nobody's business; only one that lasts is told, calmly. */
const PATIENCE = 1500

/** What is queued while nobody answers, and what waits for the person: one tap leads there. */
export function ConnectionNote() {
  const live = useStore(connection)
  const away = useStore(reach) === 'offline'
  const rows = useStore(outbox)
  const lost = away || live === 'reconnecting'
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(lost), lost ? PATIENCE : 0)
    return () => clearTimeout(timer)
  }, [lost])
  const undecided = rows.filter(needsPerson).length
  const queued = rows.some((row) => row.tries > 0) ? rows.filter((row) => row.state === 'waiting').length : 0
  const look = () => offlineSheet.set({ kind: 'waiting' })
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 top-[calc(env(safe-area-inset-top)+6px)] z-30 flex justify-center">
      {undecided > 0 ? (
        <Pill onClick={look} icon={<GitCompareArrows size={16} aria-hidden />}>
          {m.offline_undecided({ n: undecided })}
        </Pill>
      ) : queued > 0 ? (
        <Pill onClick={look} icon={shown ? <CloudUpload size={16} aria-hidden /> : <LoaderCircle size={15} className="spin" aria-hidden />}>
          {shown ? m.offline_queued({ n: queued }) : m.offline_sending({ n: queued })}
        </Pill>
      ) : (
        shown && (
          <span className="rise flex min-h-8 items-center gap-2 rounded-full bg-ink px-4 text-13 font-medium text-paper shadow-lift">
            <LoaderCircle size={15} className="spin" aria-hidden />
            {m.reconnecting()}
          </span>
        )
      )}
    </div>
  )
}

/** As slim as the note, as large as a thumb. */
function Pill({ icon, onClick, children }: { icon: React.ReactNode; onClick: () => void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="rise pointer-events-auto relative flex min-h-8 items-center gap-2 rounded-full bg-ink px-4 text-13 font-medium text-paper shadow-lift before:absolute before:-inset-x-2 before:-inset-y-2 before:content-['']"
    >
      {icon}
      {children}
    </button>
  )
}
