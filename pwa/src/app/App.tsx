import { useEffect, useState } from 'react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { ApiError } from '@/shared/api/problem'
import { onSessionLost } from '@/shared/api/client'
import { forgetSession } from '@/shared/session/forget'
import { sessionOptions } from '@/shared/session/queries'
import { Toaster } from '@/shared/ui/Toaster'
import { createAppRouter, type AppRouter } from './router'
import { UpdatePrompt } from './UpdatePrompt'

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
    void router.navigate({ to: '/login', search: { to: href }, replace: true }).then(() => forgetSession(client))
  })
}

export function App({ client }: { client: QueryClient }) {
  const [router] = useState(() => createAppRouter(client))
  useEffect(() => watchSession(client, router), [client, router])
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
      <Toaster />
      <UpdatePrompt />
    </QueryClientProvider>
  )
}
