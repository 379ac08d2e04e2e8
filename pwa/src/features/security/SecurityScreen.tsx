import { useEffect } from 'react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ShieldAlert } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { usePlace } from '@/shared/i18n/place'
import { fullTime } from '@/shared/i18n/time'
import { useSession, useTeam } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { Group, Page } from '@/shared/ui/Page'
import { Factors } from './Factors'
import { factorsOptions } from './queries'
import { Sessions } from './Sessions'

/** How one comes in, and where one is. */
export function SecurityScreen() {
  const session = useSession()
  const missing = session.needs_second_factor && !session.has_second_factor
  return (
    <Page title={m.security_title()} hint={m.security_hint()}>
      {missing && (
        <p role="status" className="flex items-start gap-3 rounded-card bg-waning-soft p-4 text-15 text-pretty text-ink">
          <ShieldAlert size={20} className="mt-0.5 shrink-0 text-waning-text" aria-hidden />
          {m.security_missing({ organization: session.organization?.name ?? '' })}
        </p>
      )}
      <WasReset />
      <Factors />
      <Group title={m.security_sessions()} hint={m.security_sessions_hint()}>
        <Sessions />
      </Group>
    </Page>
  )
}

/** Somebody else took the factors away: that is told until it was read. */
function WasReset() {
  const client = useQueryClient()
  const place = usePlace()
  const { data } = useQuery(factorsOptions)
  const session = useSession()
  const missing = session.needs_second_factor && !session.has_second_factor
  const reset = data?.reset
  useEffect(() => {
    if (reset) document.getElementById('was-reset')?.scrollIntoView({ block: 'nearest' })
  }, [reset])
  if (!reset) return null
  const read = async () => {
    await ask(api.DELETE('/api/me/factors/reset'))
    await client.invalidateQueries({ queryKey: factorsOptions.queryKey })
  }
  const at = fullTime(new Date(reset.at), place)
  return (
    <div id="was-reset" className="rounded-card bg-sunken p-4">
      <p className="text-15 text-pretty">{reset.by && !missing ? <ResetBy by={reset.by} at={at} /> : m.security_was_reset({ at })}</p>
      <Button kind="plain" className="mt-2 -ml-4" onClick={() => void read()}>
        {m.security_was_reset_read()}
      </Button>
    </div>
  )
}

function ResetBy({ by, at }: { by: string; at: string }) {
  const name = useTeam().get(by)?.name
  return <>{name ? m.security_was_reset_by({ name, at }) : m.security_was_reset({ at })}</>
}
