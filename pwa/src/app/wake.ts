import type { QueryClient } from '@tanstack/react-query'
import { wakeUp } from '@/shared/offline/cache'
import type { Keeper } from '@/shared/offline/seal'
import { sessionOptions } from '@/shared/session/queries'
import { early } from './early'

/** A database that does not answer must not keep anybody from their leads. */
const PATIENCE = 1500

/** Whose copies the phone has opened at the start. */
export let woken: Keeper | null = null

/** Brings back what the phone has kept, and asks the server meanwhile whether the session still lives: a 401 leads to the login. */
export async function wake(client: QueryClient): Promise<void> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE))
  woken = await Promise.race([wakeUp(client, early).catch(() => null), late])
  if (client.getQueryData(sessionOptions.queryKey)) void client.fetchQuery({ ...sessionOptions, staleTime: 0 }).catch(() => {})
}
