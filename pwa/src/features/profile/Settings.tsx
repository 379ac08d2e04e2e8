import { Link, type LinkProps } from '@tanstack/react-router'
import { BellRing, CalendarCheck2, CalendarClock, CalendarRange, ChevronRight, DoorOpen, FileUp, Gauge, MessageSquareText, PlugZap, Scale, ScrollText, ShieldCheck, Shuffle, Siren, UsersRound, Webhook, Workflow, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Role } from '@/shared/api/types'
import { useSession } from '@/shared/session/queries'
import { Group } from '@/shared/ui/Page'

interface Place {
  to: LinkProps['to']
  icon: LucideIcon
  label: string
  hint: string
  /** Who sees it; nobody named: everybody. */
  roles?: Role[]
}

/** The routes of app/settings.ts, in the same order. Read when it is shown: words follow the language. */
const places = (): Place[] => [
  { to: '/settings/team', icon: UsersRound, label: m.settings_team(), hint: m.settings_team_hint(), roles: ['owner', 'manager'] },
  { to: '/settings/rota', icon: CalendarRange, label: m.rota_title(), hint: m.rota_row_hint(), roles: ['owner', 'manager'] },
  { to: '/settings/shift', icon: CalendarCheck2, label: m.rota_own_title(), hint: m.rota_own_hint(), roles: ['owner', 'manager', 'agent'] },
  { to: '/settings/security', icon: ShieldCheck, label: m.security_title(), hint: m.security_hint() },
  { to: '/settings/alerts', icon: BellRing, label: m.reach_title(), hint: m.reach_row_hint(), roles: ['owner', 'manager', 'agent'] },
  { to: '/settings/access', icon: DoorOpen, label: m.security_access(), hint: m.security_access_hint(), roles: ['owner'] },
  { to: '/settings/hours', icon: CalendarClock, label: m.hours_title(), hint: m.hours_row_hint(), roles: ['owner'] },
  { to: '/settings/escalation', icon: Siren, label: m.ladder_title(), hint: m.ladder_row_hint(), roles: ['owner', 'manager'] },
  { to: '/settings/distribution', icon: Shuffle, label: m.give_title(), hint: m.give_hint(), roles: ['owner'] },
  { to: '/settings/scoring', icon: Gauge, label: m.score_title(), hint: m.score_hint(), roles: ['owner'] },
  { to: '/settings/messages', icon: MessageSquareText, label: m.sending_title(), hint: m.sending_row_hint(), roles: ['owner'] },
  { to: '/settings/sequences', icon: Workflow, label: m.sequence_title(), hint: m.sequence_row_hint(), roles: ['owner'] },
  { to: '/settings/meta', icon: PlugZap, label: m.connect_title(), hint: m.connect_row_hint(), roles: ['owner'] },
  { to: '/settings/sources', icon: Webhook, label: m.source_title(), hint: m.source_row_hint(), roles: ['owner'] },
  { to: '/settings/imports', icon: FileUp, label: m.import_title(), hint: m.import_row_hint(), roles: ['owner', 'manager'] },
  { to: '/settings/count', icon: Scale, label: m.tally_title(), hint: m.tally_row_hint(), roles: ['owner', 'manager'] },
  { to: '/settings/audit', icon: ScrollText, label: m.audit_title(), hint: m.audit_settings_hint(), roles: ['owner'] },
]

export function Settings() {
  const { role } = useSession()
  const mine = places().filter((place) => !place.roles || (role && place.roles.includes(role)))
  if (mine.length === 0) return null
  return (
    <Group title={m.settings()}>
      <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
        {mine.map(({ to, icon: Icon, label, hint }) => (
          <li key={to} className="border-b border-hairline last:border-b-0">
            <Link to={to} className="flex min-h-15 items-center gap-4 px-4 py-2 transition-colors active:bg-pressed lg:hover:bg-sunken">
              <Icon size={20} className="shrink-0 text-accent-text" aria-hidden />
              <span className="min-w-0 flex-1">
                <span className="block truncate text-17 font-medium">{label}</span>
                <span className="block text-13 text-pretty text-ink-3">{hint}</span>
              </span>
              <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
    </Group>
  )
}
