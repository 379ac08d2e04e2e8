import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Monitor, Smartphone, Tablet } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import type { OpenSession } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { Button } from '@/shared/ui/Button'
import { Failed, Line, List, Waiting } from '@/shared/ui/List'
import { toast } from '@/shared/ui/toasts'
import { tell } from './parts'
import { sessionsOptions } from './queries'

/** Where one is signed in. Ending another session acts at once; its screen is covered or gone within a moment. */
export function Sessions() {
  const client = useQueryClient()
  const { data, error, refetch } = useQuery(sessionsOptions)
  const end = useMutation({
    mutationFn: (id: string) => ask(api.DELETE('/api/me/sessions/{id}', { params: { path: { id } } })),
    onSuccess: () => toast(m.security_session_ended()),
    onError: tell,
    onSettled: () => client.invalidateQueries({ queryKey: sessionsOptions.queryKey }),
  })
  const endOthers = useMutation({
    mutationFn: () => ask(api.DELETE('/api/me/sessions')),
    onSuccess: ({ ended }) => toast(m.security_sessions_ended({ n: ended })),
    onError: tell,
    onSettled: () => client.invalidateQueries({ queryKey: sessionsOptions.queryKey }),
  })
  if (error) return <Failed error={error} again={() => void refetch()} />
  if (!data) return <Waiting />
  return (
    <>
      <List>
        {data.map((session) => (
          <Line
            key={session.id}
            icon={<DeviceIcon kind={session.device.kind} />}
            title={deviceName(session)}
            hint={<Facts session={session} />}
            action={
              !session.is_current && (
                <Button kind="plain" disabled={end.isPending} onClick={() => end.mutate(session.id)} aria-label={m.security_session_end_named({ device: deviceName(session) })}>
                  {m.security_session_end()}
                </Button>
              )
            }
          />
        ))}
      </List>
      {data.length > 1 && (
        <Button kind="danger" className="mt-3 w-full" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {m.security_sessions_end_others()}
        </Button>
      )}
    </>
  )
}

function DeviceIcon({ kind }: { kind: OpenSession['device']['kind'] }) {
  const Icon = kind === 'phone' ? Smartphone : kind === 'tablet' ? Tablet : Monitor
  return <Icon size={20} aria-hidden />
}

function deviceName({ device: { browser, system } }: OpenSession): string {
  if (browser && system) return m.security_device({ browser, system })
  return browser ?? system ?? m.security_device_unknown()
}

function Facts({ session }: { session: OpenSession }) {
  const now = new Date(useNow())
  const place = usePlace()
  const seen = session.is_current ? m.security_session_this() : session.is_locked ? m.security_session_locked() : m.security_session_seen({ when: when(new Date(session.last_seen_at), now, place) })
  return (
    <>
      {session.is_current ? <span className="font-medium text-fresh-text">{seen}</span> : seen}
      {' · '}
      {[m.security_session_since({ when: when(new Date(session.created_at), now, place) }), session.address, session.organization_name].filter(Boolean).join(' · ')}
    </>
  )
}
