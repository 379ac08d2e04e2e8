import { useEffect, useRef, type ReactNode } from 'react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { Button } from './Button'

interface Props {
  busy: boolean
  error: Error | null
  onMore: () => void
  /** The shape of what is coming. */
  children: ReactNode
}

/** The end of a list that goes on: fetches what comes next as soon as it is near; after an error a person asks. */
export function More({ busy, error, onMore, children }: Props) {
  const ref = useRef<HTMLDivElement>(null)
  const more = useRef(onMore)
  useEffect(() => {
    more.current = onMore
  })
  useEffect(() => {
    const end = ref.current
    if (!end || error) return
    const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && more.current(), { rootMargin: '600px' })
    seen.observe(end)
    return () => seen.disconnect()
  }, [error])
  return (
    <div ref={ref} className="min-h-12">
      {error && !busy ? (
        <div className="flex flex-wrap items-center gap-4">
          <p className="text-15 text-late-text">{inWords(error)}</p>
          <Button onClick={onMore}>{m.try_again()}</Button>
        </div>
      ) : (
        children
      )}
    </div>
  )
}
