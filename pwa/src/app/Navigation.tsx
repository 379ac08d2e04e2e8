import { Link, useLocation } from '@tanstack/react-router'
import { Bell, Command, Inbox, Keyboard, Search, UserRound, Wrench, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Session } from '@/shared/api/types'
import { useUnseen } from '@/shared/notices/unseen'
import { cx } from '@/shared/ui/classes'
import { Logo } from '@/shared/ui/Logo'

interface Place {
  to: '/' | '/search' | '/notifications' | '/profile' | '/operator'
  icon: LucideIcon
  label: string
  /** What waits there. */
  count?: number
}

interface Props {
  session: Session
  /** On a phone an open lead takes the whole screen: its thumb bar is what the thumb needs. */
  hidden: boolean
  /** The first screen stands: what is told beside it may be asked for. */
  stands: boolean
  onHelp: () => void
  onPalette: () => void
}

export function Navigation({ session, hidden, stands, onHelp, onPalette }: Props) {
  const isStaff = session.organization !== null
  const unseen = useUnseen(stands && isStaff)
  const leads: Place[] = [
    { to: '/', icon: Inbox, label: m.nav_inbox() },
    { to: '/search', icon: Search, label: m.nav_search() },
    { to: '/notifications', icon: Bell, label: m.notice_title(), count: unseen },
  ]
  const places: Place[] = [
    ...(isStaff ? leads : []),
    ...(session.role === 'operator_admin' ? [{ to: '/operator' as const, icon: Wrench, label: m.nav_operator() }] : []),
    { to: '/profile', icon: UserRound, label: m.nav_profile() },
  ]
  const path = useLocation({ select: (location) => location.pathname })
  // An open lead belongs to the inbox, whatever its address.
  const isCurrent = (to: string) => (to === '/' ? path === '/' || path.startsWith('/leads/') : path.startsWith(to))
  return (
    <nav
      aria-label={m.navigation()}
      className={cx(
        'shrink-0 border-hairline bg-surface max-lg:border-t max-lg:pb-[env(safe-area-inset-bottom)] lg:flex lg:w-[104px] lg:flex-col lg:items-center lg:border-r lg:py-4',
        hidden && 'max-lg:hidden',
      )}
    >
      <Logo className="mb-6 hidden size-10 lg:block" />
      <ul className="flex w-full lg:flex-col lg:gap-1 lg:px-2">
        {places.map(({ to, icon: Icon, label, count = 0 }) => (
          <li key={to} className="min-w-0 flex-1">
            <Link
              to={to}
              activeProps={{}}
              aria-current={isCurrent(to) ? 'page' : undefined}
              className={cx(
                'flex min-h-15 flex-col items-center justify-center gap-1 rounded-card px-1 text-13 font-medium transition-colors lg:min-h-16 lg:hover:bg-sunken',
                isCurrent(to) ? 'text-accent-text' : 'text-ink-3',
              )}
            >
              <span className="relative">
                <Icon size={22} strokeWidth={2} aria-hidden />
                {count > 0 && (
                  <span aria-hidden className="absolute -top-1.5 left-3 min-w-5 rounded-full bg-accent px-1 text-center text-13/5 font-semibold text-on-accent tabular-nums">
                    {count > 99 ? '99+' : count}
                  </span>
                )}
              </span>
              <span className="max-w-full truncate">{label}</span>
              {count > 0 && <span className="sr-only">({m.notice_unseen({ n: count })})</span>}
            </Link>
          </li>
        ))}
      </ul>
      <div className="mt-auto hidden flex-col gap-1 lg:flex">
        <RailButton icon={Command} label={m.palette()} onClick={onPalette} />
        <RailButton icon={Keyboard} label={m.help()} onClick={onHelp} />
      </div>
    </nav>
  )
}

function RailButton({ icon: Icon, label, onClick }: { icon: LucideIcon; label: string; onClick: () => void }) {
  return (
    <button type="button" aria-label={label} title={label} onClick={onClick} className="grid size-12 place-items-center rounded-card text-ink-3 hover:bg-sunken">
      <Icon size={19} aria-hidden />
    </button>
  )
}
