import { lazy, Suspense, useEffect, useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate, useParams, useRouter } from '@tanstack/react-router'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { open, watchReturn } from '@/shared/contact/waiting'
import { armPing } from '@/shared/device/ping'
import { afterPaint } from '@/shared/device/paint'
import { useKeys } from '@/shared/device/keys'
import { prefs } from '@/shared/device/prefs'
import { applyLocale, pickLocale, useLocale } from '@/shared/i18n/locale'
import { locked, unlocks } from '@/shared/factor/lock'
import { leadSheet } from '@/shared/leads/sheets'
import { watchHealth } from '@/shared/offline/health'
import { offlineSheet } from '@/shared/offline/waiting'
import { sessionOptions, useSession } from '@/shared/session/queries'
import { useStore } from '@/shared/store'
import { applyBrand } from '@/shared/theme/brand'
import { ConnectionNote } from './ConnectionNote'
import { Navigation } from './Navigation'
import { woken } from './wake'

const LeadSheets = lazy(() => import('@/features/lead/LeadSheets').then((loaded) => ({ default: loaded.LeadSheets })))
const Palette = lazy(() => import('./Palette').then((loaded) => ({ default: loaded.Palette })))
const OfflineSheets = lazy(() => import('@/features/waiting/OfflineSheets').then((loaded) => ({ default: loaded.OfflineSheets })))
const HelpSheet = lazy(() => import('./HelpSheet').then((loaded) => ({ default: loaded.HelpSheet })))

type Overlay = 'palette' | 'help' | null

export function Shell() {
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const router = useRouter()
  const { leadId } = useParams({ strict: false })
  const locale = useLocale()
  const [overlay, setOverlay] = useState<Overlay>(null)
  const sheet = useStore(leadSheet)
  const outcome = useStore(open)
  const waiting = useStore(offlineSheet)
  const organization = session.organization?.id
  const user = session.user.id
  const unlocked = useStore(unlocks)
  const admitted = !session.needs_second_factor || session.has_second_factor

  // Once for each person, and again when the server has told the key of what the phone keeps.
  const hasKey = session.offline_key !== null
  useEffect(() => {
    if (!organization) return
    let stop: (() => void) | null = null
    let over = false
    const known = client.getQueryData(sessionOptions.queryKey)
    const wait = afterPaint(async () => {
      const { attach } = await import('@/shared/offline/attach')
      if (!over && known) stop = attach(client, known, woken)
    })
    return () => {
      over = true
      wait()
      stop?.()
    }
  }, [client, organization, user, hasKey])
  useEffect(watchHealth, [])
  useEffect(() => applyBrand(session.organization?.brand_color ?? null), [session.organization?.brand_color])
  useEffect(() => {
    applyLocale(pickLocale([session.user.locale, prefs.get().locale, ...navigator.languages, session.organization?.locale]))
  }, [session.user.locale, session.organization?.locale])

  useEffect(() => {
    if (!organization || !admitted) return
    let stop: (() => void) | null = null
    let over = false
    // Asked rather than assumed: the answer to a dead session is a 401, and that leads to the login everywhere.
    const onEnded = () => {
      void ask(api.GET('/api/session', { headers: { 'X-Background': '1' } }))
        .then((alive) => client.setQueryData(sessionOptions.queryKey, alive))
        .catch(() => {})
    }
    const wait = afterPaint(async () => {
      const { connectLive } = await import('@/shared/live/connect')
      if (!over) stop = connectLive(client, onEnded)
    })
    return () => {
      over = true
      wait()
      stop?.()
    }
  }, [client, organization, user, unlocked, admitted])
  const [stands, setStands] = useState(false)
  useEffect(() => afterPaint(() => setStands(true)), [])
  useEffect(() => {
    if (!organization || !admitted) return
    let stop: (() => void) | null = null
    let over = false
    const wait = afterPaint(async () => {
      const { attend } = await import('@/shared/push/attend')
      if (!over) stop = attend(client, (path) => router.history.push(path))
    })
    return () => {
      over = true
      wait()
      stop?.()
    }
  }, [client, router, organization, user, unlocked, admitted])
  useEffect(watchReturn, [])
  useEffect(armPing, [])
  // The lead's code is small and the next tap: fetched once the inbox stands.
  useEffect(() => {
    const timer = setTimeout(() => {
      // Without a network it is fetched with the tap, which then tells what is wrong.
      void Promise.all([import('@/features/lead/LeadScreen'), import('@/features/lead/LeadSheets')]).catch(() => {})
    }, 1200)
    return () => clearTimeout(timer)
  }, [])

  useKeys({ '/': () => void navigate({ to: '/search' }), '?': () => setOverlay('help') })
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      if (!locked.get()) setOverlay((now) => (now === 'palette' ? null : 'palette'))
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])

  return (
    // A new language or organization draws everything anew: the catalogue's words are no state React knows of.
    <div key={`${locale}-${organization ?? ''}`} className="flex h-full flex-col-reverse pt-safe lg:flex-row">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-control focus:bg-accent focus:px-4 focus:py-3 focus:text-on-accent"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        {m.skip_to_content()}
      </a>
      <Navigation session={session} hidden={Boolean(leadId)} stands={stands && admitted} onHelp={() => setOverlay('help')} onPalette={() => setOverlay('palette')} />
      <main id="main" tabIndex={-1} className="relative min-h-0 min-w-0 flex-1 outline-none">
        <Suspense fallback={null}>
          <Outlet />
        </Suspense>
      </main>
      <ConnectionNote />
      <Suspense fallback={null}>
        {(sheet !== null || outcome?.asking) && <LeadSheets />}
        {waiting && <OfflineSheets sheet={waiting} />}
        {overlay === 'palette' && <Palette session={session} onClose={() => setOverlay(null)} onHelp={() => setOverlay('help')} router={router} />}
        {overlay === 'help' && <HelpSheet onClose={() => setOverlay(null)} />}
      </Suspense>
    </div>
  )
}
