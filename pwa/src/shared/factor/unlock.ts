import type { QueryClient } from '@tanstack/react-query'
import { refetchQuietly } from '@/shared/api/quiet'
import type { Session } from '@/shared/api/types'
import { drain } from '@/shared/offline/engine'
import { sessionOptions } from '@/shared/session/queries'
import { locked, unlocks } from './lock'

/** Takes the cover away. What waited for a session goes, and what is shown is asked for anew. */
export function unlock(client: QueryClient, session: Session): void {
  client.setQueryData(sessionOptions.queryKey, session)
  locked.set(false)
  unlocks.set((before) => before + 1)
  void drain()
  void refetchQuietly(client, { type: 'active' })
}
