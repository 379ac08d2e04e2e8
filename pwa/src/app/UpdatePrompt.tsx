import { m } from '@/paraglide/messages'
import { useStore } from '@/shared/store'
import { activate, waiting } from './update'

export function UpdatePrompt() {
  const worker = useStore(waiting)
  if (!worker) return null
  return (
    <div role="status" className="rise fixed inset-x-4 top-[calc(env(safe-area-inset-top)+12px)] z-40 mx-auto flex max-w-md items-center gap-2 rounded-card bg-ink py-1 pr-1 pl-5 text-15 text-paper shadow-lift">
      <span className="flex-1 py-2">{m.update_ready()}</span>
      <button type="button" className="min-h-12 rounded-control px-4 font-semibold focus-visible:outline-current" onClick={() => activate(worker)}>
        {m.update_reload()}
      </button>
    </div>
  )
}
