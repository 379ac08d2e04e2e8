import { useState, type ReactNode } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Fingerprint, KeyRound, Pencil, Plus, Smartphone, Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import type { Factors as Shown, Passkey } from '@/shared/api/types'
import { hasPasskeys } from '@/shared/factor/passkeys'
import { withProof } from '@/shared/factor/proof'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { sessionOptions } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Failed, Line, List, Waiting } from '@/shared/ui/List'
import { Group } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { Sure, tell } from './parts'
import { NewPasskey, RenamePasskey } from './PasskeySheets'
import { factorsOptions } from './queries'
import { RecoverySheet } from './RecoverySheet'
import { TotpSheet } from './TotpSheet'

type Open = { sheet: 'totp' | 'passkey' | 'remove-totp' } | { sheet: 'rename' | 'remove'; passkey: Passkey } | { sheet: 'codes'; codes: string[] } | null

/** Passkeys, the authenticator app, recovery codes. */
export function Factors() {
  const client = useQueryClient()
  const { data, error, refetch } = useQuery(factorsOptions)
  const [open, setOpen] = useState<Open>(null)
  const shown = (factors: Shown) => {
    client.setQueryData(factorsOptions.queryKey, factors)
    void client.invalidateQueries({ queryKey: sessionOptions.queryKey })
  }
  const added = (factors: Shown, codes: string[] | null) => {
    shown(factors)
    setOpen(codes ? { sheet: 'codes', codes } : null)
    toast(m.security_added())
  }
  const remove = useMutation({
    mutationFn: (passkey: Passkey | null) =>
      withProof(() => ask(passkey ? api.DELETE('/api/me/factors/passkeys/{id}', { params: { path: { id: passkey.id } } }) : api.DELETE('/api/me/factors/totp'))),
    onSuccess: (factors) => {
      shown(factors)
      setOpen(null)
      toast(m.security_removed())
    },
    onError: tell,
  })
  const renew = useMutation({
    mutationFn: () => withProof(() => ask(api.POST('/api/me/factors/recovery-codes'))),
    onSuccess: ({ codes }) => {
      void client.invalidateQueries({ queryKey: factorsOptions.queryKey })
      setOpen({ sheet: 'codes', codes })
    },
    onError: tell,
  })
  if (error) return <Failed error={error} again={() => void refetch()} />
  if (!data) return <Waiting lines={3} />
  const last = data.passkeys.length + (data.totp ? 1 : 0) === 1
  const close = () => setOpen(null)
  return (
    <>
      <Group title={m.security_passkeys()} hint={m.security_passkeys_hint()}>
        <List>
          {data.passkeys.map((passkey) => (
            <Line
              key={passkey.id}
              icon={<Fingerprint size={20} aria-hidden />}
              title={passkey.name}
              hint={<Used at={passkey.last_used_at} made={passkey.created_at} />}
              action={
                <span className="flex">
                  <IconButton label={m.security_rename_named({ name: passkey.name })} onClick={() => setOpen({ sheet: 'rename', passkey })}>
                    <Pencil size={18} aria-hidden />
                  </IconButton>
                  <IconButton label={m.security_remove_named({ name: passkey.name })} onClick={() => setOpen({ sheet: 'remove', passkey })}>
                    <Trash2 size={18} aria-hidden />
                  </IconButton>
                </span>
              }
            />
          ))}
          {data.passkeys_available && hasPasskeys() ? (
            <Act icon={<Plus size={20} aria-hidden />} label={m.security_add_passkey()} onClick={() => setOpen({ sheet: 'passkey' })} />
          ) : (
            <Line title={<span className="text-15 font-normal text-ink-3">{m.security_no_passkeys()}</span>} />
          )}
        </List>
      </Group>
      <Group title={m.security_totp()} hint={m.security_totp_hint()}>
        <List>
          {data.totp ? (
            <Line
              icon={<Smartphone size={20} aria-hidden />}
              title={m.security_totp_on()}
              hint={<Used at={data.totp.last_used_at} made={data.totp.created_at} />}
              action={
                <span className="flex">
                  <Button kind="plain" onClick={() => setOpen({ sheet: 'totp' })}>
                    {m.security_totp_replace()}
                  </Button>
                  <IconButton label={m.security_remove_named({ name: m.security_totp() })} onClick={() => setOpen({ sheet: 'remove-totp' })}>
                    <Trash2 size={18} aria-hidden />
                  </IconButton>
                </span>
              }
            />
          ) : (
            <Act icon={<Smartphone size={20} aria-hidden />} label={m.security_totp_add()} onClick={() => setOpen({ sheet: 'totp' })} />
          )}
        </List>
      </Group>
      {(data.totp || data.passkeys.length > 0) && (
        <Group title={m.security_recovery()} hint={m.security_recovery_hint()}>
          <List>
            <Line
              icon={<KeyRound size={20} aria-hidden />}
              title={m.security_recovery_left({ n: data.recovery_codes_left })}
              hint={data.recovery_codes_left < 3 ? m.security_recovery_few() : undefined}
              action={
                <Button kind="quiet" disabled={renew.isPending} onClick={() => renew.mutate()}>
                  {m.security_recovery_renew()}
                </Button>
              }
            />
          </List>
        </Group>
      )}
      {open?.sheet === 'totp' && <TotpSheet onAdded={added} onClose={close} />}
      {open?.sheet === 'passkey' && <NewPasskey onAdded={added} onClose={close} />}
      {open?.sheet === 'rename' && (
        <RenamePasskey
          passkey={open.passkey}
          onRenamed={(factors) => {
            shown(factors)
            close()
          }}
          onClose={close}
        />
      )}
      {open?.sheet === 'codes' && <RecoverySheet codes={open.codes} onClose={close} />}
      {(open?.sheet === 'remove' || open?.sheet === 'remove-totp') && (
        <Sure
          title={m.security_remove_title({ name: open.sheet === 'remove' ? open.passkey.name : m.security_totp() })}
          hint={last ? m.security_remove_last() : m.security_remove_hint()}
          action={m.security_remove()}
          pending={remove.isPending}
          onYes={() => remove.mutate(open.sheet === 'remove' ? open.passkey : null)}
          onClose={close}
        />
      )}
    </>
  )
}

function Act({ icon, label, onClick }: { icon: ReactNode; label: string; onClick: () => void }) {
  return (
    <li className="border-b border-hairline last:border-b-0">
      <button type="button" onClick={onClick} className="flex min-h-14 w-full items-center gap-4 px-4 py-2 text-left text-17 font-medium text-accent-text transition-colors active:bg-pressed lg:hover:bg-sunken">
        {icon}
        {label}
      </button>
    </li>
  )
}

function Used({ at, made }: { at: string | null; made: string }) {
  const now = new Date(useNow())
  const place = usePlace()
  return <>{at ? m.security_used({ when: when(new Date(at), now, place) }) : m.security_added_at({ when: when(new Date(made), now, place) })}</>
}
