import { lazy, Suspense, useEffect, useState } from 'react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { ApiError } from '@/shared/api/problem'
import { onSessionLocked, onSessionLost } from '@/shared/api/client'
import { locked, wanted } from '@/shared/factor/lock'
import { forgetSession } from '@/shared/session/forget'
import { sessionOptions } from '@/shared/session/queries'
import { afterPaint } from '@/shared/device/paint'
import { useStore } from '@/shared/store'
import type { AppRouter } from './router'
import { confirm } from './wake'

const Attendants = lazy(() => import('./Attendants').then((loaded) => ({ default: loaded.Attendants })))
const LockCover = lazy(() => import('./LockCover').then((loaded) => ({ default: loaded.LockCover })))
const ProofSheet = lazy(() => import('@/shared/factor/ProofSheet').then((loaded) => ({ default: loaded.ProofSheet })))

export function createClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The live stream tells what changed; on reconnect it replays it (shared/live).
        refetchOnReconnect: false,
        // `navigator.onLine` is wrong too often to hold a question back for it.
        networkMode: 'always',
        retry: (failures, error) => failures < 2 && error instanceof ApiError && error.passing && error.status !== 429,
      },
      mutations: { networkMode: 'always' },
    },
  })
}

/** A 401 anywhere leads to the login, and from there back to where the person was. */
function watchSession(client: QueryClient, router: AppRouter): () => void {
  return onSessionLost(() => {
    if (!client.getQueryData(sessionOptions.queryKey)) return
    const { pathname, href } = router.state.location
    if (pathname === '/login') return
    locked.set(false) // there is nothing left to unlock
    void router.navigate({ to: '/login', search: { to: href }, replace: true }).then(() => forgetSession(client))
  })
}

/** What is on the screen stays there, covered. Where nothing is yet, the router leads to the login. */
function watchLock(client: QueryClient, router: AppRouter): () => void {
  const cover = () => {
    if (client.getQueryData(sessionOptions.queryKey) && router.state.location.pathname !== '/login') locked.set(true)
  }
  return onSessionLocked(cover)
}

/** Whether the first screen is seen. Then comes what can come later: first of all its letters (styles/app.css). */
function usePainted(): boolean {
  const [painted, setPainted] = useState(false)
  useEffect(
    () =>
      afterPaint(() => {
        document.documentElement.dataset.inter = ''
        setPainted(true)
      }),
    [],
  )
  return painted
}

export function App({ client, router }: { client: QueryClient; router: AppRouter }) {
  useEffect(() => watchSession(client, router), [client, router])
  useEffect(() => watchLock(client, router), [client, router])
  useEffect(() => confirm(client), [client])
  const painted = usePainted()
  const covered = useStore(locked)
  const proving = useStore(wanted) !== null
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
      <Suspense fallback={null}>
        {proving && <ProofSheet />}
        {covered && <LockCover router={router} />}
      </Suspense>
      <Suspense fallback={null}>
        {painted && <Attendants />}
      </Suspense>
    </QueryClientProvider>
  )
}
