import { useEffect, useState, type FormEvent } from 'react'
import { useMutation } from '@tanstack/react-query'
import { Copy } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import type { Factors } from '@/shared/api/types'
import { Unproven, withProof } from '@/shared/factor/proof'
import { Button, IconButton } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'

interface Props {
  onAdded: (factors: Factors, codes: string[] | null) => void
  onClose: () => void
}

/** Scan or type the secret, then show by a code that it arrived. */
export function TotpSheet({ onAdded, onClose }: Props) {
  const { mutate, data, error } = useMutation({
    mutationFn: () => withProof(() => ask(api.POST('/api/me/factors/totp'))),
    onError: (failed) => failed instanceof Unproven && onClose(),
  })
  useEffect(() => mutate(), [mutate])
  const confirm = useMutation({
    mutationFn: (code: string) => withProof(() => ask(api.PUT('/api/me/factors/totp', { body: { code } }))),
    onSuccess: (added) => onAdded(added.factors, added.recovery_codes),
  })
  const [code, setCode] = useState('')
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (code.trim() && !confirm.isPending) confirm.mutate(code)
  }
  const copy = async () => {
    await navigator.clipboard.writeText(data?.secret.replaceAll(' ', '') ?? '')
    toast(m.security_copied())
  }
  // Waits behind the proof, if one is asked for.
  if (!data && !error) return null
  return (
    <Sheet title={m.security_totp_title()} hint={m.security_totp_scan()} onClose={onClose}>
      {error && <p className="text-15 text-late-text">{inWords(error)}</p>}
      {data && (
        <form noValidate onSubmit={send} className="space-y-5">
          <img
            src={`data:image/svg+xml;utf8,${encodeURIComponent(data.qr)}`}
            alt={m.security_totp_qr()}
            width={208}
            height={208}
            // White at night too: a camera reads dark on light.
            className="mx-auto size-52 rounded-card bg-white p-1"
          />
          <div className="flex items-center gap-2 rounded-control bg-sunken py-1 pr-1 pl-4">
            <p className="min-w-0 flex-1 py-2">
              <span className="block text-13 text-ink-3">{m.security_totp_secret()}</span>
              <code className="block font-mono text-15 break-words">{data.secret}</code>
            </p>
            <IconButton label={m.security_copy()} onClick={() => void copy()}>
              <Copy size={18} aria-hidden />
            </IconButton>
          </div>
          <p className="-mt-2 text-15 lg:hidden">
            <a href={data.uri} className="inline-flex min-h-12 items-center font-medium text-accent-text">
              {m.security_totp_open()}
            </a>
          </p>
          <Field
            label={m.security_code()}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={7}
            value={code}
            onChange={(event) => setCode(event.target.value)}
            error={confirm.error && !(confirm.error instanceof Unproven) ? inWords(confirm.error) : undefined}
          />
          <Button kind="primary" type="submit" className="w-full" disabled={confirm.isPending || !code.trim()}>
            {m.security_totp_confirm()}
          </Button>
        </form>
      )}
    </Sheet>
  )
}
