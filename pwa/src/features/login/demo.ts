import { queryOptions, type QueryClient } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { isStatus } from '@/shared/api/problem'
import type { DemoLogin } from '@/shared/api/types'

/** Who can be tried out. Outside the demo there is no such thing, and nothing to say about it. */
export const demoOptions = queryOptions({
  queryKey: ['demo'],
  queryFn: ({ signal }) =>
    ask(api.GET('/api/demo', { signal })).catch((error: unknown) => {
      if (isStatus(error, 404)) return { logins: [] as DemoLogin[] }
      throw error
    }),
  retry: 1,
  staleTime: Infinity,
})

/** What comes later pushes down what is there: the screen waits for it, but not long. */
const PATIENCE = 500

export async function loadDemo({ context: { client } }: { context: { client: QueryClient } }): Promise<void> {
  await Promise.race([client.prefetchQuery(demoOptions), new Promise((resolve) => setTimeout(resolve, PATIENCE))])
}
