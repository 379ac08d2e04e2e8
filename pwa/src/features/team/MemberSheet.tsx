import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { UsersRound, UserRoundMinus } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { Member, MemberRole } from '@/shared/api/types'
import { roleLabel } from '@/shared/leads/words'
import { inWords } from '@/shared/session/problem'
import { useSession } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { Button } from '@/shared/ui/Button'
import { Choice } from '@/shared/ui/Choice'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { RoleChoice } from './RoleChoice'

interface Props {
  member: Member
  team: Member[]
  onClose: () => void
}

export function MemberSheet({ member, team, onClose }: Props) {
  const [removing, setRemoving] = useState(false)
  if (removing) return <RemoveSheet member={member} team={team} onClose={onClose} />
  return <RoleSheet member={member} onRemove={() => setRemoving(true)} onClose={onClose} />
}

function RoleSheet({ member, onRemove, onClose }: { member: Member; onRemove: () => void; onClose: () => void }) {
  const client = useQueryClient()
  const session = useSession()
  const owns = session.role === 'owner'
  const [role, setRole] = useState(member.role)
  const change = useMutation({
    mutationFn: (next: MemberRole) => ask(api.PATCH('/api/team/{id}', { params: { path: { id: member.id } }, body: { role: next }, headers: once() })),
    onSuccess: (_, next) => {
      void client.invalidateQueries({ queryKey: ['team'] })
      if (member.id === session.user.id) void client.invalidateQueries({ queryKey: ['session'] })
      toast(m.team_role_changed({ name: member.name, role: roleLabel(next) }))
      onClose()
    },
    onError: (error) => {
      setRole(member.role)
      toast(inWords(error), { tone: 'error' })
    },
  })
  return (
    <Sheet title={member.name} hint={member.email} onClose={onClose}>
      <div className="space-y-5 pt-1">
        <div className="flex items-center gap-4">
          <Avatar name={member.name} picture={member.picture} size="l" />
          {!owns && <p className="text-17">{roleLabel(member.role)}</p>}
        </div>
        {owns && <RoleChoice value={role} roles={['agent', 'manager', 'owner']} onChange={setRole} />}
        {owns && (
          <Button kind="primary" className="w-full" disabled={role === member.role || change.isPending} onClick={() => change.mutate(role)}>
            {m.save()}
          </Button>
        )}
        {(owns || member.role === 'agent') && (
          <Button kind="danger" className="w-full" icon={<UserRoundMinus size={18} aria-hidden />} onClick={onRemove}>
            {m.team_remove()}
          </Button>
        )}
      </div>
    </Sheet>
  )
}

/** Leaving cannot be undone by a tap, so it is asked; what matters is who goes on with the leads. */
function RemoveSheet({ member, team, onClose }: Props) {
  const client = useQueryClient()
  const [heir, setHeir] = useState<string | null>(null)
  const remove = useMutation({
    mutationFn: () =>
      ask(api.DELETE('/api/team/{id}', { params: { path: { id: member.id }, query: heir ? { heir } : {} }, headers: once() })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['team'] })
      toast(m.team_removed({ name: member.name }))
      onClose()
    },
    onError: (error) => toast(inWords(error), { tone: 'error' }),
  })
  const heirs = team.filter(({ id }) => id !== member.id)
  return (
    <Sheet
      title={m.team_remove_title({ name: member.name })}
      hint={m.team_remove_hint({ name: member.name })}
      onClose={onClose}
      footer={
        <div className="flex gap-3">
          <Button className="flex-1" onClick={onClose}>
            {m.cancel()}
          </Button>
          <Button kind="danger" className="flex-1" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {m.team_remove_action()}
          </Button>
        </div>
      }
    >
      <h3 className="text-15 font-semibold text-ink-3">{m.team_heir()}</h3>
      <Choice
        icon={
          <span className="grid size-9 place-items-center rounded-full bg-sunken">
            <UsersRound size={18} aria-hidden />
          </span>
        }
        label={m.team_heir_nobody()}
        chosen={heir === null}
        onClick={() => setHeir(null)}
      />
      {heirs.map((one) => (
        <Choice
          key={one.id}
          icon={<Avatar name={one.name} picture={one.picture} />}
          label={one.name}
          hint={roleLabel(one.role)}
          chosen={heir === one.id}
          onClick={() => setHeir(one.id)}
        />
      ))}
    </Sheet>
  )
}
