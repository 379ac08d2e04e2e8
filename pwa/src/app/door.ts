import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from './frame'

/** Where those come in who have a code from a letter. Opening these does nothing: mail scanners open them too. */
export const door = [
  createRoute({
    getParentRoute: () => root,
    path: '/join',
    validateSearch: (raw: Record<string, unknown>): { i?: string } => (typeof raw.i === 'string' ? { i: raw.i } : {}),
    component: lazyRouteComponent(() => import('@/features/door/JoinScreen'), 'JoinScreen'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/forgot',
    component: lazyRouteComponent(() => import('@/features/door/ForgotScreen'), 'ForgotScreen'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/reset',
    component: lazyRouteComponent(() => import('@/features/door/ResetScreen'), 'ResetScreen'),
  }),
] as const
