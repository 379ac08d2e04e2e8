import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { parseInboxSearch } from '@/features/inbox/search'
import { isStatus } from '@/shared/api/problem'
import type { Session } from '@/shared/api/types'
import { sessionOptions } from '@/shared/session/queries'
import { Broken, Lost, Starting } from './Fallbacks'
import { Desk } from './Desk'
import { Shell } from './Shell'

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: Lost,
  errorComponent: Broken,
})

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (raw: Record<string, unknown>): { to?: string } => (typeof raw.to === 'string' ? { to: raw.to } : {}),
  component: lazyRouteComponent(() => import('@/features/login/LoginScreen'), 'LoginScreen'),
})

/** Everything behind it has a session. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const session = await sessionOf(context.client, location.href)
    if (!session.organization && location.pathname === '/') throw redirect({ to: '/operator', replace: true })
  },
  component: Shell,
  pendingComponent: Starting,
  errorComponent: Broken,
})

async function sessionOf(client: QueryClient, href: string): Promise<Session> {
  try {
    return await client.ensureQueryData(sessionOptions)
  } catch (error) {
    if (isStatus(error, 401)) throw redirect({ to: '/login', search: href === '/' ? {} : { to: href }, replace: true })
    throw error
  }
}

const desk = createRoute({
  getParentRoute: () => signedIn,
  id: 'desk',
  validateSearch: parseInboxSearch,
  component: Desk,
})

const inbox = createRoute({ getParentRoute: () => desk, path: '/', component: () => null })

const lead = createRoute({
  getParentRoute: () => desk,
  path: '/leads/$leadId',
  component: lazyRouteComponent(() => import('@/features/lead/LeadScreen'), 'LeadScreen'),
})

const search = createRoute({
  getParentRoute: () => signedIn,
  path: '/search',
  component: lazyRouteComponent(() => import('@/features/search/SearchScreen'), 'SearchScreen'),
})

const profile = createRoute({
  getParentRoute: () => signedIn,
  path: '/profile',
  component: lazyRouteComponent(() => import('@/features/profile/ProfileScreen'), 'ProfileScreen'),
})

const operator = createRoute({
  getParentRoute: () => signedIn,
  path: '/operator',
  beforeLoad: async ({ context, location }) => {
    const session = await sessionOf(context.client, location.href)
    if (session.role !== 'operator_admin') throw redirect({ to: '/', replace: true })
  },
  component: lazyRouteComponent(() => import('@/features/operator/OperatorScreen'), 'OperatorScreen'),
})

const tree = root.addChildren([login, signedIn.addChildren([desk.addChildren([inbox, lead]), search, profile, operator])])

export function createAppRouter(client: QueryClient) {
  return createRouter({ routeTree: tree, context: { client }, defaultPreload: false, defaultPendingMs: 150, defaultPendingMinMs: 200 })
}

export type AppRouter = ReturnType<typeof createAppRouter>

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter
  }
}
