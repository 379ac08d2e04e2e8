import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleAlert, TriangleAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Member, Role, Session, Trouble } from '@/shared/api/types'
import { troublesOptions } from '@/shared/connect/queries'
import { mendWords } from '@/shared/connect/words'
import { usePlace } from '@/shared/i18n/place'
import { fullTime, when } from '@/shared/i18n/time'
import { useNow } from '@/shared/i18n/now'
import { leads, teamOptions } from '@/shared/session/queries'
import { cx } from '@/shared/ui/classes'

/** What is missing is everybody's business; what is only late, or to come, is theirs who can do something. */
const concerns = (trouble: Trouble, role: Role | null) => trouble.kind === 'missing' || (role !== null && leads(role))

/** While a connection is in trouble, everybody knows that leads may be missing: the owner what to do, the others who has been told. */
export function Told({ session }: { session: Session }) {
  const troubles = useQuery(troublesOptions).data?.filter((one) => concerns(one, session.role)) ?? []
  if (troubles.length === 0) return null
  return (
    <section aria-label={m.trouble_region()} className="border-b border-hairline">
      {troubles.map((one) => (
        <Line key={one.page_id} trouble={one} isOwner={session.role === 'owner'} />
      ))}
    </section>
  )
}

function Line({ trouble, isOwner }: { trouble: Trouble; isOwner: boolean }) {
  const place = usePlace()
  const now = new Date(useNow())
  const owner = useQuery({ ...teamOptions, select: ownerOf }).data
  const at = new Date(trouble.since ?? trouble.token_ends_at ?? now)
  const isMissing = trouble.kind === 'missing'
  const Icon = isMissing ? CircleAlert : TriangleAlert
  const values = { page: trouble.page_name, when: when(at, now, place) }
  const said = isMissing ? m.trouble_missing(values) : trouble.kind === 'late' ? m.trouble_late(values) : m.trouble_ends(values)
  return (
    <div role="status" className={cx('flex gap-3 px-safe py-3', isMissing ? 'bg-late-soft text-late-text' : 'bg-waning-soft text-waning-text')}>
      <Icon size={20} className="mt-0.5 shrink-0" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="text-15 font-semibold text-pretty" title={fullTime(at, place)}>
          {said}
        </p>
        {isOwner ? (
          <>
            {trouble.mend && <p className="mt-0.5 text-13 text-pretty">{mendWords(trouble.mend)}</p>}
            <Link to="/settings/meta" className="-ml-3 inline-flex min-h-12 items-center rounded-control px-3 text-15 font-semibold underline underline-offset-4">
              {m.trouble_mend()}
            </Link>
          </>
        ) : (
          owner && trouble.told_at && <p className="mt-0.5 text-13 text-pretty">{m.trouble_told({ name: owner.name })}</p>
        )}
      </div>
    </div>
  )
}

const ownerOf = (team: Member[]) => team.find((member) => member.role === 'owner')
