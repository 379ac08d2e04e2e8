import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { tallyOptions } from '@/shared/connect/queries'
import { agrees } from '@/shared/connect/words'
import { cx } from '@/shared/ui/classes'

/** "Meta 14 / us 14": today's proof that no lead is lost, where whoever answers for it looks anyway. */
export function Count() {
  const tally = useQuery(tallyOptions(7)).data
  const today = tally?.days[0]
  if (!today || !tally.forms.some((form) => form.asked_at)) return null
  const same = agrees(today)
  const Icon = same ? CircleCheck : TriangleAlert
  return (
    <Link
      to="/settings/count"
      aria-label={m.tally_chip_label({ meta: today.meta, ours: today.ours })}
      className={cx('inline-flex min-h-12 items-center gap-1.5 rounded-full px-2 text-13 font-medium tabular-nums', same ? 'text-ink-3' : 'text-waning-text')}
    >
      <Icon size={16} className={same ? 'text-fresh-text' : undefined} aria-hidden />
      {m.tally_chip({ meta: today.meta, ours: today.ours })}
    </Link>
  )
}
