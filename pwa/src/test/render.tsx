import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRoute, createRouter, Outlet, RouterProvider, type RouteComponent } from '@tanstack/react-router'
import { render } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { Suspense, type ReactNode } from 'react'
import type { Session } from '@/shared/api/types'
import { OfflineSheets } from '@/features/waiting/OfflineSheets'
import { begin } from '@/shared/offline/engine'
import { offlineSheet } from '@/shared/offline/waiting'
import { sessionOptions } from '@/shared/session/queries'
import { useStore } from '@/shared/store'
import { Toaster } from '@/shared/ui/Toaster'
import { server } from './server'
import { asha, mats, ravi } from './world'

interface Screen {
  session: Session
  inbox?: RouteComponent
  lead?: RouteComponent
  at?: string
  beside?: ReactNode
}

function Waiting() {
  const sheet = useStore(offlineSheet)
  return sheet && <OfflineSheets sheet={sheet} />
}

/** A screen with the router, the caches and the people it expects. */
export function renderScreen({ session, inbox, lead, at = '/', beside }: Screen) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  client.setQueryData(sessionOptions.queryKey, session)
  void begin(client, session)
  server.use(
    http.get('*/api/team', () => HttpResponse.json({ items: [asha, mats, ravi] })),
    http.get('*/api/campaigns', () => HttpResponse.json({ items: [] })),
    http.get('*/api/forms', () => HttpResponse.json({ items: [] })),
  )
  const root = createRootRoute({
    component: () => (
      <Suspense fallback={null}>
        <Outlet />
        {beside}
        <Waiting />
      </Suspense>
    ),
  })
  const none = () => null
  const routes = [
    createRoute({ getParentRoute: () => root, path: '/', component: inbox ?? none }),
    createRoute({ getParentRoute: () => root, path: '/leads/$leadId', component: lead ?? none }),
  ]
  const router = createRouter({ routeTree: root.addChildren(routes), history: createMemoryHistory({ initialEntries: [at] }) })
  render(
    <QueryClientProvider client={client}>
      {/* The test's small router stands in for the app's. */}
      <RouterProvider router={router as never} />
      <Toaster />
    </QueryClientProvider>,
  )
  return { client, router }
}
