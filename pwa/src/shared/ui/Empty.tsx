import type { ReactNode } from 'react'

interface Props {
  icon: ReactNode
  title: string
  children?: ReactNode
  /** Where it is all there is on the screen, it is the screen's own heading. */
  alone?: boolean
}

/** Says what to do next rather than that there is nothing. */
export function Empty({ icon, title, children, alone = false }: Props) {
  const Heading = alone ? 'h1' : 'h2'
  return (
    <div className="rise mx-auto flex max-w-sm flex-col items-center gap-3 px-8 py-16 text-center">
      <span className="mb-2 grid size-16 place-items-center rounded-full bg-sunken text-ink-3" aria-hidden>
        {icon}
      </span>
      <Heading className="text-20 font-semibold tracking-tight text-balance">{title}</Heading>
      {children && <div className="flex flex-col items-center gap-4 text-15 text-pretty text-ink-3">{children}</div>}
    </div>
  )
}
