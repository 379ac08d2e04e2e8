import { useEffect } from 'react'
import { m } from '@/paraglide/messages'
import { useStore } from '@/shared/store'
import { cx } from './classes'
import { dismiss, toasts, type Toast } from './toasts'

/** Sits above the thumb bar; errors interrupt a screen reader, the rest waits its turn. */
export function Toaster() {
  const shown = useStore(toasts)
  return (
    <div className="pointer-events-none fixed inset-x-0 bottom-[calc(env(safe-area-inset-bottom)+6rem)] z-40 flex flex-col items-center gap-2 px-4 lg:bottom-8">
      <div role="status" className="flex w-full flex-col items-center gap-2">
        {shown.filter((one) => one.tone === 'plain').map((one) => <Card key={one.id} toast={one} />)}
      </div>
      <div role="alert" className="flex w-full flex-col items-center gap-2">
        {shown.filter((one) => one.tone === 'error').map((one) => <Card key={one.id} toast={one} />)}
      </div>
    </div>
  )
}

function Card({ toast }: { toast: Toast }) {
  const { id, stays } = toast
  useEffect(() => {
    const timer = setTimeout(() => dismiss(id), stays)
    return () => clearTimeout(timer)
  }, [id, stays])

  const button = toast.undo
    ? { label: m.undo(), run: toast.undo }
    : toast.action
  return (
    <div
      className={cx(
        'rise pointer-events-auto flex min-h-12 w-full max-w-md items-center gap-2 rounded-card pl-5 text-15 shadow-lift',
        toast.tone === 'error' ? 'bg-late-soft text-late-text' : 'bg-ink text-paper',
        button ? 'pr-1' : 'pr-5',
      )}
    >
      <span className="min-w-0 flex-1 py-3 break-words">{toast.text}</span>
      {button && (
        <button
          type="button"
          className="min-h-12 shrink-0 rounded-control px-4 font-semibold underline-offset-4 hover:underline focus-visible:outline-current"
          onClick={() => {
            dismiss(id)
            button.run()
          }}
        >
          {button.label}
        </button>
      )}
    </div>
  )
}
