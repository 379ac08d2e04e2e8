/**
 * What is set up now and then: a route each, and a row on the profile (features/profile/Settings.tsx), in the same order.
 *
 *     const team = createRoute({
 *       getParentRoute: () => signedIn,
 *       path: '/settings/team',
 *       beforeLoad: only('owner', 'manager'),
 *       component: lazyRouteComponent(() => import('@/features/team/TeamScreen'), 'TeamScreen'),
 *     })
 */
export const settings = [] as const
