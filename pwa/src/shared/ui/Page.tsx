import type { ReactNode } from 'react'
import { Link, type LinkProps } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { cx } from './classes'
import { Scroller } from './Scroller'

interface PageProps {
  title: string
  hint?: string
  /** Beside the title: the one thing that is done here most. */
  action?: ReactNode
  /** The page above it; the profile unless another is said. */
  back?: { to: LinkProps['to']; label: () => string }
  /** Wide pages hold tables; the others a column that the eye can follow. */
  wide?: boolean
  children: ReactNode
}

/** A page of the settings, one step below the profile. */
export function Page({ title, hint, action, back, wide = false, children }: PageProps) {
  return (
    <Scroller label={title}>
      <div className={`mx-auto space-y-9 px-safe pt-3 pb-12 ${wide ? 'max-w-5xl' : 'max-w-xl'}`}>
        <header>
          <Link to={back?.to ?? '/profile'} className="-ml-2 inline-flex min-h-12 items-center gap-1 pr-3 text-15 font-medium text-accent-text">
            <ChevronLeft size={20} aria-hidden />
            {back ? back.label() : m.nav_profile()}
          </Link>
          <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
            <div className={cx('min-w-0 flex-1 space-y-1', hint ? 'basis-64' : 'basis-auto')}>
              <h1 className="text-28 font-bold tracking-tight break-words">{title}</h1>
              {hint && <p className="text-15 text-pretty text-ink-3">{hint}</p>}
            </div>
            {action}
          </div>
        </header>
        {children}
      </div>
    </Scroller>
  )
}

/** A part of a page under a quiet heading. */
export function Group({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-2 text-15 font-semibold text-ink-3">{title}</h2>
      {hint && <p className="-mt-1 mb-3 text-15 text-pretty text-ink-3">{hint}</p>}
      {children}
    </section>
  )
}
