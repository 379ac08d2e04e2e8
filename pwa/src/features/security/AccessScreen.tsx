import { useState, type FormEvent } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { AccessRules, Requirement } from '@/shared/api/types'
import { Unproven, withProof } from '@/shared/factor/proof'
import { sessionOptions } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Failed, Line, List, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { tell } from './parts'
import { People } from './People'
import { rulesOptions } from './queries'

/** For owners: who needs a second factor, and from where admins may act. */
export function AccessScreen() {
  const client = useQueryClient()
  const { data, error, refetch } = useQuery(rulesOptions)
  const save = useMutation({
    mutationFn: (next: Pick<AccessRules, 'second_factor' | 'allowed_networks'>) =>
      withProof(() =>
        ask(
          api.PUT('/api/access', {
            params: { header: { 'If-Match': `"${data?.version ?? 0}"` } },
            body: { second_factor: next.second_factor, allowed_networks: next.allowed_networks },
          }),
        ),
      ),
    onSuccess: (rules) => {
      client.setQueryData(rulesOptions.queryKey, rules)
      void client.invalidateQueries({ queryKey: sessionOptions.queryKey })
      toast(m.security_saved())
    },
    onError: (failed) => {
      if (isStatus(failed, 412)) void refetch()
      if (!isStatus(failed, 422)) tell(failed)
    },
  })
  return (
    <Page title={m.security_access()} hint={m.security_access_hint()}>
      {error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : data ? (
        <>
          <Group title={m.security_required()} hint={m.security_required_hint()}>
            <Required value={data.second_factor} pending={save.isPending} onChange={(second_factor) => save.mutate({ ...data, second_factor })} />
          </Group>
          <Group title={m.security_networks()} hint={m.security_networks_hint()}>
            <Networks rules={data} pending={save.isPending} error={isStatus(save.error, 422) ? save.error : null} onChange={(allowed_networks) => save.mutateAsync({ ...data, allowed_networks })} />
          </Group>
        </>
      ) : (
        <Waiting lines={4} />
      )}
      <Group title={m.security_people()} hint={m.security_people_hint()}>
        <People />
      </Group>
    </Page>
  )
}

const requirements = (): { value: Requirement; label: string }[] => [
  { value: 'nobody', label: m.security_required_nobody() },
  { value: 'owners', label: m.security_required_owners() },
  { value: 'managers', label: m.security_required_managers() },
  { value: 'everybody', label: m.security_required_everybody() },
]

function Required({ value, pending, onChange }: { value: Requirement; pending: boolean; onChange: (value: Requirement) => void }) {
  return (
    <fieldset disabled={pending} className="overflow-hidden rounded-card border border-hairline bg-surface">
      <legend className="sr-only">{m.security_required()}</legend>
      {requirements().map((one) => (
        <label
          key={one.value}
          className="flex min-h-14 cursor-pointer items-center gap-4 border-b border-hairline px-4 py-2 text-17 transition-colors last:border-b-0 has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent-text lg:hover:bg-sunken"
        >
          <input type="radio" name="required" value={one.value} checked={one.value === value} onChange={() => onChange(one.value)} className="size-5 shrink-0 accent-accent outline-none" />
          <span className="min-w-0">{one.label}</span>
        </label>
      ))}
    </fieldset>
  )
}

interface NetworksProps {
  rules: AccessRules
  pending: boolean
  error: Error | null
  onChange: (networks: string[]) => Promise<unknown>
}

function Networks({ rules, pending, error, onChange }: NetworksProps) {
  const [text, setText] = useState('')
  const [refused, setRefused] = useState<Error | null>(null)
  const change = (networks: string[], done?: () => void) => {
    setRefused(null)
    onChange(networks).then(done, (failed: unknown) => failed instanceof Error && !(failed instanceof Unproven) && setRefused(failed))
  }
  const add = (network: string) => change([...rules.allowed_networks, network], () => setText(''))
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() && !pending) add(text.trim())
  }
  const here = rules.your_address
  return (
    <div className="space-y-4">
      <List>
        {rules.allowed_networks.length === 0 && <Line title={<span className="text-15 font-normal text-ink-3">{m.security_networks_none()}</span>} />}
        {rules.allowed_networks.map((network) => (
          <Line
            key={network}
            title={<code className="font-mono text-15">{network}</code>}
            action={
              <IconButton label={m.security_remove_named({ name: network })} disabled={pending} onClick={() => change(rules.allowed_networks.filter((one) => one !== network))}>
                <X size={18} aria-hidden />
              </IconButton>
            }
          />
        ))}
      </List>
      <form noValidate onSubmit={send} className="flex items-end gap-2">
        <Field
          className="min-w-0 flex-1"
          label={m.security_network()}
          placeholder="203.0.113.0/24"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button kind="soft" type="submit" icon={<Plus size={18} aria-hidden />} disabled={pending || !text.trim()}>
          {m.security_network_add()}
        </Button>
      </form>
      <div role="alert">{refused && error && <p className="rounded-control bg-late-soft px-4 py-3 text-15 text-late-text">{inWords(refused)}</p>}</div>
      {here && (
        <p className="flex flex-wrap items-center gap-x-3 text-15 text-ink-3">
          {m.security_network_here({ address: here })}
          {!rules.allowed_networks.some((network) => network.startsWith(`${here}/`)) && (
            <Button kind="plain" className="-mx-4" disabled={pending} onClick={() => add(here)}>
              {m.security_network_add_here()}
            </Button>
          )}
        </p>
      )}
    </div>
  )
}
