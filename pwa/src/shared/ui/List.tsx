import type { ReactNode } from 'react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { Button } from './Button'
import { Bar } from './Skeleton'

export function List({ children }: { children: ReactNode }) {
  return <ul className="overflow-hidden rounded-card border border-hairline bg-surface">{children}</ul>
}

interface LineProps {
  icon?: ReactNode
  title: ReactNode
  hint?: ReactNode
  action?: ReactNode
}

/** One thing with what is to be known of it, and what can be done with it. */
export function Line({ icon, title, hint, action }: LineProps) {
  return (
    <li className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-1 border-b border-hairline px-4 py-2.5 last:border-b-0">
      {icon && <span className="shrink-0 text-accent-text">{icon}</span>}
      <div className="min-w-0 flex-1 basis-40">
        <p className="text-17 font-medium break-words">{title}</p>
        {hint && <p className="text-13 text-pretty text-ink-3">{hint}</p>}
      </div>
      {action}
    </li>
  )
}

export function Waiting({ lines = 2 }: { lines?: number }) {
  return (
    <div role="status" aria-label={m.loading()} className="shimmer space-y-3 rounded-card border border-hairline bg-surface p-4">
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="space-y-2 py-1.5">
          <Bar className="h-4 w-40" />
          <Bar className="h-3 w-56" />
        </div>
      ))}
    </div>
  )
}

export function Failed({ error, again }: { error: Error; again: () => void }) {
  return (
    <div className="flex flex-wrap items-center gap-4">
      <p role="alert" className="text-15 text-late-text">
        {inWords(error)}
      </p>
      <Button onClick={again}>{m.try_again()}</Button>
    </div>
  )
}
