import type { ReactNode } from 'react'
import { Logo } from './Logo'

/** A screen in front of everything: nobody is signed in yet. */
export function Door({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <main className="scrollable flex h-full flex-col bg-paper px-safe pt-safe">
      {/* From above, not in the middle: what comes later (a refusal, the demo’s people) must not push the field out from under the finger. */}
      <div className="mx-auto mt-[8dvh] mb-auto w-full max-w-sm py-10">
        <Logo className="size-14" />
        <h1 className="mt-6 text-28 font-bold tracking-tight text-balance">{title}</h1>
        {hint && <p className="mt-1 text-17 text-pretty text-ink-3">{hint}</p>}
        {children}
      </div>
    </main>
  )
}

export function Notice({ children }: { children: ReactNode }) {
  return <p className="rounded-control bg-late-soft px-4 py-3 text-15 text-late-text">{children}</p>
}
