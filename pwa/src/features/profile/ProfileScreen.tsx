import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Check, LogOut } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import { ping } from '@/shared/device/ping'
import { setPrefs, usePrefs, type Prefs } from '@/shared/device/prefs'
import { applyLocale, LOCALE_NAMES, locales, useLocale, type Locale } from '@/shared/i18n/locale'
import { roleLabel } from '@/shared/leads/words'
import { discard } from '@/shared/offline/engine'
import { outbox } from '@/shared/offline/waiting'
import { leave, switchOrganization } from '@/shared/session/enter'
import { forgetSession } from '@/shared/session/forget'
import { sessionOptions, useSession } from '@/shared/session/queries'
import { useStore } from '@/shared/store'
import { Avatar } from '@/shared/ui/Avatar'
import { Button } from '@/shared/ui/Button'
import { Group } from '@/shared/ui/Page'
import { Scroller } from '@/shared/ui/Scroller'
import { Segments } from '@/shared/ui/Segments'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { Toggle } from '@/shared/ui/Toggle'
import { InstallHint } from './InstallHint'
import { OwnProfile } from './OwnProfile'
import { Presence } from './Presence'
import { Settings } from './Settings'

export function ProfileScreen() {
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const signOut = useMutation({
    mutationFn: leave,
    onSuccess: async () => {
      await navigate({ to: '/login' })
      await forgetSession(client)
    },
    onError: (error) => toast(inWords(error), { tone: 'error' }),
  })
  const [asking, setAsking] = useState(false)
  return (
    <Scroller label={m.nav_profile()}>
      <div className="mx-auto max-w-xl space-y-9 px-safe pt-6 pb-10">
        <header className="flex items-center gap-4">
          <Avatar name={session.user.name} picture={session.user.picture} size="l" />
          <div className="min-w-0 flex-1">
            <h1 className="text-28 font-bold tracking-tight break-words">{session.user.name}</h1>
            <p className="truncate text-15 text-ink-3">{session.user.email}</p>
            <p className="text-15 text-ink-3">{roleLabel(session.role)}</p>
          </div>
          <OwnProfile />
        </header>
        <Presence />
        <Organizations />
        <Settings />
        <Language />
        <Appearance />
        <Alerts />
        <InstallHint />
        <footer className="space-y-4">
          <Button kind="quiet" className="w-full" icon={<LogOut size={18} aria-hidden />} disabled={signOut.isPending} onClick={() => (outbox.get().length > 0 ? setAsking(true) : signOut.mutate())}>
            {m.sign_out()}
          </Button>
          <p className="text-center text-13 text-ink-3">NextMove {__APP_VERSION__}</p>
        </footer>
      </div>
      {asking && (
        <Unsent
          onClose={() => setAsking(false)}
          onLeave={() => {
            setAsking(false)
            signOut.mutate()
          }}
        />
      )}
    </Scroller>
  )
}

/** What has not been sent stays with the person; it is theirs to say so, or to throw it away. */
function Unsent({ onClose, onLeave }: { onClose: () => void; onLeave: () => void }) {
  const rows = useStore(outbox)
  const discardAll = async () => {
    for (const row of outbox.get()) await discard(row.key)
    onLeave()
  }
  return (
    <Sheet title={m.offline_leave_title()} hint={m.offline_leave_hint({ n: rows.length })} onClose={onClose}>
      <div className="flex flex-col gap-3 pt-3">
        <Button kind="primary" onClick={onClose}>
          {m.offline_leave_stay()}
        </Button>
        <Button onClick={onLeave}>{m.offline_leave_go()}</Button>
        <Button kind="danger" onClick={() => void discardAll()}>
          {m.offline_leave_discard()}
        </Button>
      </div>
    </Sheet>
  )
}

function Organizations() {
  const session = useSession()
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (id: string) => switchOrganization(client, id),
    onError: (error) => toast(inWords(error), { tone: 'error' }),
  })
  if (session.memberships.length === 0 && !session.organization) return null
  const current = session.organization?.id
  return (
    <Group title={m.organization()}>
      {session.memberships.length < 2 ? (
        <p className="text-17">{session.organization?.name ?? session.memberships[0]?.organization_name}</p>
      ) : (
        <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
          {session.memberships.map((one) => (
            <li key={one.organization_id} className="border-b border-hairline last:border-b-0">
              <button
                type="button"
                aria-pressed={one.organization_id === current}
                disabled={change.isPending}
                onClick={() => one.organization_id !== current && change.mutate(one.organization_id)}
                className="flex min-h-14 w-full items-center gap-3 px-4 py-2 text-left transition-colors active:bg-pressed"
              >
                <span className="min-w-0 flex-1">
                  <span className="block truncate text-17 font-medium">{one.organization_name}</span>
                  <span className="block text-13 text-ink-3">{roleLabel(one.role)}</span>
                </span>
                {one.organization_id === current && <Check size={20} className="text-accent-text" aria-hidden />}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Group>
  )
}

const LANGUAGE = ['language']

function Language() {
  const client = useQueryClient()
  const current = useLocale()
  const save = useMutation({
    mutationKey: LANGUAGE,
    // One after the other: of two choices the server must hear the last one last.
    scope: { id: 'language' },
    mutationFn: (locale: Locale) => ask(api.PATCH('/api/me', { body: { locale }, headers: once() })),
    onMutate: (locale) => client.setQueryData(sessionOptions.queryKey, (session) => session && { ...session, user: { ...session.user, locale } }),
    onSuccess: (session) => {
      // The answer to an earlier choice must not undo a later one.
      if (client.isMutating({ mutationKey: LANGUAGE }) === 1) client.setQueryData(sessionOptions.queryKey, session)
    },
    onError: (error) => {
      toast(inWords(error), { tone: 'error' })
      void client.invalidateQueries(sessionOptions)
    },
  })
  return (
    <Group title={m.language()}>
      <Segments<Locale>
        label={m.language()}
        value={current}
        segments={locales.map((locale) => ({ value: locale, label: LOCALE_NAMES[locale] }))}
        onChange={(locale) => {
          setPrefs({ locale })
          applyLocale(locale)
          save.mutate(locale)
        }}
      />
    </Group>
  )
}

function Appearance() {
  const { theme } = usePrefs()
  return (
    <Group title={m.theme()}>
      <Segments<Prefs['theme']>
        label={m.theme()}
        value={theme}
        segments={[
          { value: 'system', label: m.theme_system() },
          { value: 'light', label: m.theme_light() },
          { value: 'dark', label: m.theme_dark() },
        ]}
        onChange={(value) => setPrefs({ theme: value })}
      />
    </Group>
  )
}

function Alerts() {
  const { sound, vibration } = usePrefs()
  const [vibrates] = useState(() => 'vibrate' in navigator)
  return (
    <Group title={m.alerts()}>
      <Toggle
        label={m.alert_sound()}
        on={sound}
        onChange={(on) => {
          setPrefs({ sound: on })
          if (on) ping()
        }}
      />
      {vibrates && (
        <Toggle
          label={m.alert_vibration()}
          on={vibration}
          onChange={(on) => {
            setPrefs({ vibration: on })
            if (on) navigator.vibrate(60)
          }}
        />
      )}
    </Group>
  )
}
