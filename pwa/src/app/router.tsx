import type { QueryClient } from '@tanstack/react-query'
import { createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { parseInboxSearch } from '@/features/inbox/search'
import { loadDemo } from '@/features/login/demo'
import { Desk } from './Desk'
import { door } from './door'
import { only, root, signedIn } from './frame'
import { settings } from './settings'

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (raw: Record<string, unknown>): { to?: string; locked?: boolean } => ({
    ...(typeof raw.to === 'string' ? { to: raw.to } : {}),
    ...(raw.locked === true ? { locked: true } : {}),
  }),
  loader: loadDemo,
  component: lazyRouteComponent(() => import('@/features/login/LoginScreen'), 'LoginScreen'),
})

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

const notifications = createRoute({
  getParentRoute: () => signedIn,
  path: '/notifications',
  component: lazyRouteComponent(() => import('@/features/notices/NoticesScreen'), 'NoticesScreen'),
})

const profile = createRoute({
  getParentRoute: () => signedIn,
  path: '/profile',
  component: lazyRouteComponent(() => import('@/features/profile/ProfileScreen'), 'ProfileScreen'),
})

const operator = createRoute({
  getParentRoute: () => signedIn,
  path: '/operator',
  beforeLoad: only('operator_admin'),
  component: lazyRouteComponent(() => import('@/features/operator/OperatorScreen'), 'OperatorScreen'),
})

const tree = root.addChildren([login, ...door, signedIn.addChildren([desk.addChildren([inbox, lead]), search, notifications, profile, operator, ...settings])])

export function createAppRouter(client: QueryClient) {
  return createRouter({ routeTree: tree, context: { client }, defaultPreload: false, defaultPendingMs: 150, defaultPendingMinMs: 0 })
}

export type AppRouter = ReturnType<typeof createAppRouter>

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter
  }
}
