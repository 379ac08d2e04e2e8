import { m } from '@/paraglide/messages'

const WIDTHS = ['w-40', 'w-32', 'w-48', 'w-36', 'w-44', 'w-28', 'w-40', 'w-36']

/** The shape of the list that is coming, so that nothing moves when it is there. */
export function RowsSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div role="status" aria-label={m.loading()} className="shimmer">
      {WIDTHS.slice(0, rows).map((width, index) => (
        <div key={index} className="flex h-[84px] items-center gap-3 border-b border-hairline px-5">
          <div className="flex-1 space-y-2.5">
            <div className={`h-4 rounded-full bg-pressed ${width}`} />
            <div className="h-3 w-3/5 rounded-full bg-sunken" />
          </div>
          <div className="size-12 rounded-full bg-sunken" />
        </div>
      ))}
    </div>
  )
}

export function Bar({ className }: { className: string }) {
  return <div className={`rounded-full bg-pressed ${className}`} />
}
