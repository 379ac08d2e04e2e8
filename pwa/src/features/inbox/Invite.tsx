import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BellRing, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { setPrefs, usePrefs } from '@/shared/device/prefs'
import { usePermission } from '@/shared/push/permission'
import { devicesOptions } from '@/shared/push/queries'
import { IconButton } from '@/shared/ui/Button'

/** Once, to whoever has no browser that is told: below the list, where nothing is pushed away under the finger. */
export function Invite() {
  const { invited } = usePrefs()
  const permission = usePermission()
  const mayAsk = !invited && (permission === 'default' || permission === 'install')
  const devices = useQuery({ ...devicesOptions, enabled: mayAsk }).data
  if (!mayAsk || !devices || devices.items.length > 0) return null
  const done = () => setPrefs({ invited: true })
  return (
    <aside aria-label={m.reach_invite()} className="rise flex items-center gap-3 border-t border-hairline bg-accent-soft py-1 pr-1 pl-5 text-accent-text">
      <BellRing size={20} className="shrink-0" aria-hidden />
      <Link to="/settings/alerts" onClick={done} className="flex min-h-14 min-w-0 flex-1 items-center text-15 font-medium text-pretty underline decoration-1 underline-offset-4">
        {m.reach_invite()}
      </Link>
      <IconButton label={m.reach_invite_no()} onClick={done} className="text-accent-text">
        <X size={18} aria-hidden />
      </IconButton>
    </aside>
  )
}
