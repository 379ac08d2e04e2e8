import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router'
import { isStatus } from '@/shared/api/problem'
import type { Role, Session } from '@/shared/api/types'
import { prefs } from '@/shared/device/prefs'
import { applyLocale, pickLocale } from '@/shared/i18n/locale'
import { sessionOptions } from '@/shared/session/queries'
import { applyBrand } from '@/shared/theme/brand'
import { Broken, Lost, Starting } from './Fallbacks'
import { Shell } from './Shell'

export const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: Lost,
  errorComponent: Broken,
})

/** Everything behind it has a session. */
export const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const session = await sessionOf(context.client, location.href)
    speak(session)
    // Until there is the second factor that the organization asks for, the server answers nothing else.
    if (session.needs_second_factor && !session.has_second_factor && location.pathname !== '/settings/security') throw redirect({ to: '/settings/security', replace: true })
    if (!session.organization && location.pathname === '/') throw redirect({ to: '/operator', replace: true })
  },
  component: Shell,
  pendingComponent: Starting,
  errorComponent: Broken,
})

export async function sessionOf(client: QueryClient, href: string): Promise<Session> {
  try {
    return await client.ensureQueryData(sessionOptions)
  } catch (error) {
    if (isStatus(error, 401)) {
      const locked = error.reason === 'locked' ? { locked: true } : {}
      throw redirect({ to: '/login', search: { ...(href === '/' ? {} : { to: href }), ...locked }, replace: true })
    }
    // Not let in from this network: said in words that nobody else needs.
    if (isStatus(error, 403)) await import('@/shared/factor/reasons').catch(() => {})
    throw error
  }
}

/** Before anything is drawn: a language or a colour that changes afterwards draws everything anew. */
export function speak({ user, organization }: Session): void {
  applyBrand(organization?.brand_color ?? null)
  applyLocale(pickLocale([user.locale, prefs.get().locale, ...navigator.languages, organization?.locale]))
}

/** Of a screen that only these roles see; the others land at their start. What the server tells them is the server's to decide. */
export function only(...roles: Role[]) {
  return async ({ context, location }: { context: { client: QueryClient }; location: { href: string } }) => {
    const session = await sessionOf(context.client, location.href)
    if (!session.role || !roles.includes(session.role)) throw redirect({ to: '/', replace: true })
  }
}
