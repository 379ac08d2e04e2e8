import type { QueryClient } from '@tanstack/react-query'
import { forgetEarly } from '@/shared/api/early'
import { forgetRecent } from '@/shared/leads/recent'
import { lock } from '@/shared/offline/seal'
import { sessionOptions } from './queries'

/**
 * Everything read with a session goes. The session itself stays until something else is on the screen: what is mounted
 * would ask for it again. What the login shows was read without one.
 */
export function forget(client: QueryClient): void {
  forgetEarly()
  forgetRecent()
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' && queryKey[0] !== 'demo' })
}

/** Once the login is on the screen: nothing is left to read, here or on the disk. What waits to be sent stays there, closed. */
export async function forgetSession(client: QueryClient): Promise<void> {
  forget(client)
  client.removeQueries({ queryKey: sessionOptions.queryKey })
  await lock().catch(() => {})
  await import('@/shared/offline/engine').then((engine) => engine.end()).catch(() => {})
}
