import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import type { MemberAccess } from '@/shared/api/types'
import { withProof } from '@/shared/factor/proof'
import { roleLabel } from '@/shared/leads/words'
import { useSession, useTeam } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { Button } from '@/shared/ui/Button'
import { Failed, Line, List, Waiting } from '@/shared/ui/List'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { tell } from './parts'
import { peopleOptions } from './queries'

/** How the colleagues come in, and help for those who lost a phone. */
export function People() {
  const { data, error, refetch } = useQuery(peopleOptions)
  const team = useTeam()
  const me = useSession().user.id
  const [helped, setHelped] = useState<MemberAccess | null>(null)
  if (error) return <Failed error={error} again={() => void refetch()} />
  if (!data) return <Waiting lines={3} />
  const people = data.map((person) => ({ ...person, name: team.get(person.user_id)?.name ?? '', picture: team.get(person.user_id)?.picture })).sort((one, other) => one.name.localeCompare(other.name))
  return (
    <>
      <List>
        {people.map((person) => (
          <Line
            key={person.user_id}
            icon={<Avatar name={person.name} picture={person.picture} />}
            title={person.name}
            hint={[
              roleLabel(person.role),
              person.has_second_factor ? m.security_person_has() : m.security_person_lacks(),
              m.security_person_sessions({ n: person.sessions }),
            ].join(' · ')}
            action={
              person.user_id !== me && (
                <Button kind="plain" onClick={() => setHelped(person)} aria-label={m.security_help_named({ name: person.name })}>
                  {m.security_help()}
                </Button>
              )
            }
          />
        ))}
      </List>
      {helped && <Help person={helped} name={team.get(helped.user_id)?.name ?? ''} onClose={() => setHelped(null)} />}
    </>
  )
}

function Help({ person, name, onClose }: { person: MemberAccess; name: string; onClose: () => void }) {
  const client = useQueryClient()
  const path = { params: { path: { id: person.user_id } } }
  const done = (words: string) => {
    void client.invalidateQueries({ queryKey: peopleOptions.queryKey })
    toast(words)
    onClose()
  }
  const signOut = useMutation({
    mutationFn: () => ask(api.DELETE('/api/team/{id}/sessions', path)),
    onSuccess: () => done(m.security_help_signed_out({ name })),
    onError: tell,
  })
  const reset = useMutation({
    mutationFn: () => withProof(() => ask(api.DELETE('/api/team/{id}/factors', path))),
    onSuccess: () => done(m.security_help_reset_done({ name })),
    onError: tell,
  })
  const pending = signOut.isPending || reset.isPending
  return (
    <Sheet title={m.security_help_title({ name })} hint={m.security_help_hint()} onClose={onClose}>
      <div className="space-y-2">
        <Button kind="quiet" className="w-full" disabled={pending || person.sessions === 0} onClick={() => signOut.mutate()}>
          {m.security_help_sign_out()}
        </Button>
        <Button kind="danger" className="w-full" disabled={pending || !person.has_second_factor} onClick={() => reset.mutate()}>
          {m.security_help_reset()}
        </Button>
      </div>
      <p className="mt-4 text-15 text-pretty text-ink-3">{m.security_help_reset_hint()}</p>
    </Sheet>
  )
}
