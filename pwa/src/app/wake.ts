import type { QueryClient } from '@tanstack/react-query'
import { wakeUp } from '@/shared/offline/cache'
import type { Keeper } from '@/shared/offline/seal'
import { sessionOptions } from '@/shared/session/queries'
import { early } from './early'

/** A database that does not answer must not keep anybody from their leads. */
const PATIENCE = 1500

/** Whose copies the phone has opened at the start. */
export let woken: Keeper | null = null

/** Whether there was a session among it, which nobody has confirmed yet. */
let unconfirmed = false

/** Brings back what the phone has kept. */
export async function wake(client: QueryClient): Promise<void> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE))
  woken = await Promise.race([wakeUp(client, early).catch(() => null), late])
  unconfirmed = client.getQueryData(sessionOptions.queryKey) !== undefined
}

/** Asks the server whether the session that was brought back still lives, once somebody listens: a 401 leads to the login. */
export function confirm(client: QueryClient): void {
  if (unconfirmed) void client.fetchQuery({ ...sessionOptions, staleTime: 0 }).catch(() => {})
}
