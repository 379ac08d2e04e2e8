import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { only, signedIn } from './frame'

const team = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/team',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/team/TeamScreen'), 'TeamScreen'),
})

/** What is set up now and then: a route each, and a row on the profile (features/profile/Settings.tsx), in the same order. */
export const settings = [team] as const
