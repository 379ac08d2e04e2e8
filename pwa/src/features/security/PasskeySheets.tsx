import { useState, type FormEvent } from 'react'
import { useMutation } from '@tanstack/react-query'
import { Fingerprint } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import type { Factors, Passkey } from '@/shared/api/types'
import { Dismissed, makePasskey } from '@/shared/factor/passkeys'
import { Unproven, withProof } from '@/shared/factor/proof'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'

interface NewProps {
  onAdded: (factors: Factors, codes: string[] | null) => void
  onClose: () => void
}

/** What this device would be called by its owner. */
function proposal(): string {
  const agent = navigator.userAgent
  const names = [['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['Windows', 'Windows'], ['Mac OS X', 'Mac'], ['CrOS', 'Chromebook'], ['Linux', 'Linux']]
  return names.find(([sign]) => sign && agent.includes(sign))?.[1] ?? ''
}

export function NewPasskey({ onAdded, onClose }: NewProps) {
  const [name, setName] = useState(proposal)
  const add = useMutation({
    mutationFn: async () => {
      const challenge = await withProof(() => ask(api.POST('/api/me/factors/passkeys/challenge')))
      const made = await makePasskey(challenge)
      return ask(api.POST('/api/me/factors/passkeys', { body: { ...made, name } }))
    },
    onSuccess: (added) => onAdded(added.factors, added.recovery_codes),
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() && !add.isPending) add.mutate()
  }
  return (
    <Sheet title={m.security_passkey_title()} hint={m.security_passkey_hint()} onClose={onClose}>
      <form noValidate onSubmit={send} className="space-y-5">
        <Field label={m.security_passkey_name()} value={name} maxLength={60} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        <div role="alert">
          {add.error && !(add.error instanceof Unproven) && (
            <p className="text-15 text-late-text">{add.error instanceof Dismissed ? m.security_passkey_dismissed() : inWords(add.error)}</p>
          )}
        </div>
        <Button kind="primary" type="submit" className="w-full" icon={<Fingerprint size={20} aria-hidden />} disabled={add.isPending || !name.trim()}>
          {m.security_passkey_make()}
        </Button>
      </form>
    </Sheet>
  )
}

interface RenameProps {
  passkey: Passkey
  onRenamed: (factors: Factors) => void
  onClose: () => void
}

export function RenamePasskey({ passkey, onRenamed, onClose }: RenameProps) {
  const [name, setName] = useState(passkey.name)
  const rename = useMutation({
    mutationFn: () => ask(api.PUT('/api/me/factors/passkeys/{id}', { params: { path: { id: passkey.id } }, body: { name } })),
    onSuccess: onRenamed,
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() && !rename.isPending) rename.mutate()
  }
  return (
    <Sheet title={m.security_rename_title()} onClose={onClose}>
      <form noValidate onSubmit={send} className="space-y-5">
        <Field
          label={m.security_passkey_name()}
          value={name}
          maxLength={60}
          autoComplete="off"
          error={rename.error ? inWords(rename.error) : undefined}
          onChange={(event) => setName(event.target.value)}
        />
        <Button kind="primary" type="submit" className="w-full" disabled={rename.isPending || !name.trim()}>
          {m.save()}
        </Button>
      </form>
    </Sheet>
  )
}
