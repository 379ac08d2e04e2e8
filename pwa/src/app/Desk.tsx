import { Outlet, useParams } from '@tanstack/react-router'
import { MousePointerClick } from 'lucide-react'
import { InboxScreen } from '@/features/inbox/InboxScreen'
import { m } from '@/paraglide/messages'
import { useDesk } from '@/shared/device/media'
import { Empty } from '@/shared/ui/Empty'

/** List and lead: one after the other on a phone, side by side on a desktop. */
export function Desk() {
  const desk = useDesk()
  const { leadId } = useParams({ strict: false })
  if (!desk) return leadId ? <Outlet /> : <InboxScreen />
  return (
    <div className="grid h-full min-h-0 grid-cols-[minmax(360px,430px)_minmax(0,1fr)]">
      <div className="min-h-0 border-r border-hairline">
        <InboxScreen />
      </div>
      <div className="min-h-0">
        {leadId ? (
          <Outlet />
        ) : (
          <div className="grid h-full place-items-center">
            <Empty icon={<MousePointerClick size={26} />} title={m.desk_empty()}>
              <p>{m.desk_empty_hint()}</p>
            </Empty>
          </div>
        )}
      </div>
    </div>
  )
}
