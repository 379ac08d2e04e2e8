import { useQuery, useQueryClient } from '@tanstack/react-query'
import { UserRoundX } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Lead, Session } from '@/shared/api/types'
import { nameOf } from '@/shared/leads/labels'
import { roleLabel } from '@/shared/leads/words'
import { assign } from '@/shared/leads/moves'
import { teamOptions } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { Choice } from '@/shared/ui/Choice'
import { Sheet } from '@/shared/ui/Sheet'

export function AssignSheet({ lead, session, onClose }: { lead: Lead; session: Session; onClose: () => void }) {
  const client = useQueryClient()
  const team = useQuery(teamOptions).data ?? []
  const to = (id: string | null, name: string) => {
    if (id !== lead.assignee_id) void assign(client, lead, id, name)
    onClose()
  }
  return (
    <Sheet title={m.assign_title({ name: nameOf(lead) })} onClose={onClose}>
      {team.map((member) => (
        <Choice
          key={member.id}
          icon={<Avatar name={member.name} picture={member.picture} />}
          label={member.id === session.user.id ? m.me_named({ name: member.name }) : member.name}
          hint={roleLabel(member.role)}
          chosen={member.id === lead.assignee_id}
          onClick={() => to(member.id, member.name)}
        />
      ))}
      <Choice
        icon={
          <span className="grid size-9 place-items-center rounded-full bg-sunken">
            <UserRoundX size={18} aria-hidden />
          </span>
        }
        label={m.nobody()}
        chosen={lead.assignee_id === null}
        onClick={() => to(null, m.nobody())}
      />
    </Sheet>
  )
}
