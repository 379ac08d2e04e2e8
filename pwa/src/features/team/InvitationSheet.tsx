import { useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Send, Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import type { Invitation, Invited } from '@/shared/api/types'
import { inWords } from '@/shared/session/problem'
import { Choice } from '@/shared/ui/Choice'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { State } from './State'

interface Props {
  invitation: Invitation
  mail: boolean
  onShown: (invited: Invited) => void
  onClose: () => void
}

export function InvitationSheet({ invitation, mail, onShown, onClose }: Props) {
  const client = useQueryClient()
  const params = { params: { path: { id: invitation.id } } }
  const done = () => void client.invalidateQueries({ queryKey: ['team'] })
  const failed = (error: unknown) => toast(inWords(error), { tone: 'error' })
  const renew = useMutation({
    mutationFn: (way: 'letter' | 'code') => ask(api.POST(`/api/invitations/{id}/${way}`, { ...params, headers: once() })),
    onSuccess: (invited) => {
      done()
      if (!invited.code) toast(m.team_letter_sent({ name: invitation.name }))
      onShown(invited)
    },
    onError: failed,
  })
  const withdraw = useMutation({
    mutationFn: () => ask(api.DELETE('/api/invitations/{id}', { ...params, headers: once() })),
    onSuccess: () => {
      done()
      toast(m.team_withdrawn({ name: invitation.name }))
      onClose()
    },
    onError: failed,
  })
  const byHand = !mail || invitation.state === 'failed'
  return (
    <Sheet title={invitation.name} hint={invitation.email} onClose={onClose}>
      <State invitation={invitation} />
      <div className="mt-2">
        {mail && <Choice icon={<Send size={20} aria-hidden />} label={m.team_letter()} onClick={() => renew.mutate('letter')} />}
        {byHand && <Choice icon={<KeyRound size={20} aria-hidden />} label={m.team_show_code()} onClick={() => renew.mutate('code')} />}
        <Choice icon={<Trash2 size={20} aria-hidden />} tone="bad" label={m.team_withdraw()} onClick={() => withdraw.mutate()} />
      </div>
    </Sheet>
  )
}
