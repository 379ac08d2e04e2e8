import { useEffect, useRef, type ReactNode } from 'react'

/** Nothing moves, and no ring shows what nobody asked for (not in TypeScript's DOM yet). */
const QUIETLY: FocusOptions & { focusVisible: boolean } = { preventScroll: true, focusVisible: false }

interface Props {
  label: string
  /** Often nothing in it can be focused: then Tab has to stop at it, or nobody scrolls by keyboard. */
  stop?: boolean
  children: ReactNode
}

/** What scrolls on a screen. Where the link that led here is gone, it takes the focus: Page Down works at once, and a screen reader says where one is. */
export function Scroller({ label, stop = false, children }: Props) {
  const ref = useRef<HTMLElement>(null)
  useEffect(() => {
    if (document.activeElement === document.body) ref.current?.focus(QUIETLY)
  }, [])
  return (
    // Whatever scrolls has to be reached by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section ref={ref} tabIndex={stop ? 0 : -1} aria-label={label} className={`scrollable h-full ${stop ? 'focus-visible:-outline-offset-2' : 'outline-none'}`}>
      {children}
    </section>
  )
}
