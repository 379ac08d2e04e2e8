import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { parseAuditSearch } from '@/features/audit/search'
import { only, signedIn } from './frame'

const team = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/team',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/team/TeamScreen'), 'TeamScreen'),
})

const security = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/security',
  component: lazyRouteComponent(() => import('@/features/security/SecurityScreen'), 'SecurityScreen'),
})

const alerts = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/alerts',
  beforeLoad: only('owner', 'manager', 'agent'),
  component: lazyRouteComponent(() => import('@/features/reach/ReachScreen'), 'ReachScreen'),
})

const access = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/access',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/security/AccessScreen'), 'AccessScreen'),
})

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/audit',
  beforeLoad: only('owner'),
  validateSearch: parseAuditSearch,
  component: lazyRouteComponent(() => import('@/features/audit/AuditScreen'), 'AuditScreen'),
})

const hours = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/hours',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/hours/HoursScreen'), 'HoursScreen'),
})

const sending = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/messages',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/sending/SendingScreen'), 'SendingScreen'),
})

const shift = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/shift',
  beforeLoad: only('owner', 'manager', 'agent'),
  component: lazyRouteComponent(() => import('@/features/rota/ShiftScreen'), 'ShiftScreen'),
})

const rota = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/rota',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/rota/RotaScreen'), 'RotaScreen'),
})

const person = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/rota/$userId',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/rota/PersonScreen'), 'PersonScreen'),
})

const distribution = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/distribution',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/distribution/DistributionScreen'), 'DistributionScreen'),
})

const sequences = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/sequences',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/sequences/SequencesScreen'), 'SequencesScreen'),
})

const sequence = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/sequences/$sequenceId',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/sequences/EditorScreen'), 'EditorScreen'),
})

const scoring = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/scoring',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/scoring/ScoringScreen'), 'ScoringScreen'),
})

const escalation = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/escalation',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/ladder/LadderScreen'), 'LadderScreen'),
})

const meta = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/meta',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/connect/MetaScreen'), 'MetaScreen'),
})

const mapping = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/meta/forms/$formId',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/connect/MappingScreen'), 'MappingScreen'),
})

const tally = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/count',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/tally/TallyScreen'), 'TallyScreen'),
})

const sources = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/sources',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/connect/SourcesScreen'), 'SourcesScreen'),
})

const source = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/sources/$sourceId',
  beforeLoad: only('owner'),
  component: lazyRouteComponent(() => import('@/features/connect/SourceScreen'), 'SourceScreen'),
})

const imports = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/imports',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/imports/ImportsScreen'), 'ImportsScreen'),
})

const oneImport = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/imports/$importId',
  beforeLoad: only('owner', 'manager'),
  component: lazyRouteComponent(() => import('@/features/imports/ImportScreen'), 'ImportScreen'),
})

/** What is set up now and then: a route each, and a row on the profile (features/profile/Settings.tsx), in the same order. */
export const settings = [team, rota, person, shift, security, alerts, access, hours, escalation, distribution, scoring, sending, sequences, sequence, meta, mapping, sources, source, imports, oneImport, tally, audit] as const
