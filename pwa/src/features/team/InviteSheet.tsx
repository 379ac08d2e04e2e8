import { useState } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import type { Invited, MemberRole } from '@/shared/api/types'
import { inWords } from '@/shared/session/problem'
import { useSession } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { Notice } from '@/shared/ui/Door'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { RoleChoice } from './RoleChoice'

const schema = v.object({
  name: v.pipe(v.string(), v.trim(), v.nonEmpty(() => m.error_name_missing()), v.maxLength(100)),
  email: v.pipe(v.string(), v.trim(), v.regex(/^[^\s@]+@[^\s@]+$/, () => m.error_email_invalid())),
})

export function InviteSheet({ mail, onInvited, onClose }: { mail: boolean; onInvited: (invited: Invited) => void; onClose: () => void }) {
  const client = useQueryClient()
  const { role: own } = useSession()
  const [role, setRole] = useState<MemberRole>('agent')
  const form = useForm({ resolver: valibotResolver(schema), defaultValues: { name: '', email: '' } })
  const { errors } = form.formState
  const invite = useMutation({
    mutationFn: (person: { name: string; email: string }) => ask(api.POST('/api/invitations', { body: { ...person, role }, headers: once() })),
    onSuccess: (invited) => {
      void client.invalidateQueries({ queryKey: ['team'] })
      if (!invited.code) toast(m.team_letter_sent({ name: invited.invitation.name }))
      onInvited(invited)
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field === 'email') form.setError('email', { message: inWords(error) }, { shouldFocus: true })
    },
  })
  const elsewhere = invite.isError && !errors.email
  return (
    <Sheet title={m.team_invite_title()} hint={mail ? m.team_invite_hint() : m.team_invite_hint_no_mail()} onClose={onClose}>
      <form noValidate onSubmit={form.handleSubmit((person) => invite.mutate(person))} className="space-y-4 pt-1">
        <Field label={m.field_name()} autoComplete="off" error={errors.name?.message} {...form.register('name')} />
        <Field label={m.field_email()} type="email" inputMode="email" autoComplete="off" error={errors.email?.message} {...form.register('email')} />
        {own === 'owner' && <RoleChoice value={role} roles={['agent', 'manager', 'owner']} onChange={setRole} />}
        <div role="alert">{elsewhere && <Notice>{inWords(invite.error)}</Notice>}</div>
        <Button kind="primary" type="submit" className="w-full" disabled={invite.isPending}>
          {m.team_invite()}
        </Button>
      </form>
    </Sheet>
  )
}
