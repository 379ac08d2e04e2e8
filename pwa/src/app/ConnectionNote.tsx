import { useEffect, useState } from 'react'
import { LoaderCircle } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { connection } from '@/shared/live/state'
import { useStore } from '@/shared/store'

/** A blink of the network is nobody's business; only one that lasts is told, calmly. */
const PATIENCE = 1500

export function ConnectionNote() {
  const state = useStore(connection)
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(state === 'reconnecting'), state === 'reconnecting' ? PATIENCE : 0)
    return () => clearTimeout(timer)
  }, [state])
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 top-[calc(env(safe-area-inset-top)+6px)] z-30 flex justify-center">
      {shown && (
        <span className="rise flex min-h-8 items-center gap-2 rounded-full bg-ink px-4 text-13 font-medium text-paper shadow-lift">
          <LoaderCircle size={15} className="spin" aria-hidden />
          {m.reconnecting()}
        </span>
      )}
    </div>
  )
}
