import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { ChevronRight, MailWarning, UserPlus } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Invitation, Invited, Member } from '@/shared/api/types'
import { roleLabel } from '@/shared/leads/words'
import { teamOptions, useSession } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { Button } from '@/shared/ui/Button'
import { Group, Page } from '@/shared/ui/Page'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { CodeSheet } from './CodeSheet'
import { InvitationSheet } from './InvitationSheet'
import { InviteSheet } from './InviteSheet'
import { MemberSheet } from './MemberSheet'
import { invitationsOptions } from './queries'
import { State } from './State'

type Open = { kind: 'invite' } | { kind: 'member'; id: string } | { kind: 'invitation'; id: string } | { kind: 'code'; invited: Invited }

export function TeamScreen() {
  const session = useSession()
  const team = useQuery(teamOptions)
  const invitations = useQuery(invitationsOptions)
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const shown = (invited: Invited) => setOpen(invited.code ? { kind: 'code', invited } : null)
  const member = open?.kind === 'member' ? team.data?.find(({ id }) => id === open.id) : undefined
  const invitation = open?.kind === 'invitation' ? invitations.data?.items.find(({ id }) => id === open.id) : undefined
  const mail = invitations.data?.mail ?? true
  return (
    <Page
      title={m.settings_team()}
      action={
        <Button kind="primary" icon={<UserPlus size={18} aria-hidden />} onClick={() => setOpen({ kind: 'invite' })}>
          {m.team_invite()}
        </Button>
      }
    >
      <Group title={m.team_members()}>
        {team.data ? (
          <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
            {team.data.map((one) => (
              <MemberRow key={one.id} member={one} me={one.id === session.user.id} onOpen={() => setOpen({ kind: 'member', id: one.id })} />
            ))}
          </ul>
        ) : (
          <RowsSkeleton rows={3} />
        )}
      </Group>
      {invitations.data && invitations.data.items.length > 0 && (
        <Group title={m.team_invited()}>
          <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
            {invitations.data.items.map((one) => (
              <InvitationRow key={one.id} invitation={one} onOpen={() => setOpen({ kind: 'invitation', id: one.id })} />
            ))}
          </ul>
        </Group>
      )}
      {open?.kind === 'invite' && <InviteSheet mail={mail} onInvited={shown} onClose={close} />}
      {member && <MemberSheet member={member} team={team.data ?? []} onClose={close} />}
      {invitation && <InvitationSheet invitation={invitation} mail={mail} onShown={shown} onClose={close} />}
      {open?.kind === 'code' && <CodeSheet invited={open.invited} onClose={close} />}
    </Page>
  )
}

const ROW = 'flex min-h-16 w-full items-center gap-3 px-4 py-2 text-left transition-colors active:bg-pressed lg:hover:bg-sunken'

function MemberRow({ member, me, onOpen }: { member: Member; me: boolean; onOpen: () => void }) {
  return (
    <li className="border-b border-hairline last:border-b-0">
      <button type="button" onClick={onOpen} className={ROW}>
        <Avatar name={member.name} picture={member.picture} />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-17 font-medium">{me ? m.me_named({ name: member.name }) : member.name}</span>
          <span className="block truncate text-13 text-ink-3">{member.email}</span>
        </span>
        <span className="shrink-0 text-15 text-ink-2">{roleLabel(member.role)}</span>
        <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
      </button>
    </li>
  )
}

function InvitationRow({ invitation, onOpen }: { invitation: Invitation; onOpen: () => void }) {
  return (
    <li className="border-b border-hairline last:border-b-0">
      <button type="button" onClick={onOpen} className={ROW}>
        <span className="grid size-9 shrink-0 place-items-center rounded-full border border-dashed border-edge text-ink-3" aria-hidden>
          {invitation.state === 'failed' ? <MailWarning size={17} /> : <UserPlus size={17} />}
        </span>
        <span className="min-w-0 flex-1">
          <span className="block truncate text-17 font-medium">{invitation.name}</span>
          <State invitation={invitation} />
        </span>
        <span className="shrink-0 text-15 text-ink-2">{roleLabel(invitation.role)}</span>
        <ChevronRight size={18} className="shrink-0 text-ink-3" aria-hidden />
      </button>
    </li>
  )
}
