import type { QueryClient } from '@tanstack/react-query'
import { api, ask, once } from '@/shared/api/client'
import type { Session } from '@/shared/api/types'
import { begin, end, ownerOf, release } from '@/shared/offline/engine'
import { forget } from './forget'
import { sessionOptions } from './queries'
import { forgetSearches } from './searches'

let last: string | null = null

/** Takes over a new session. What another person or organization left on the screen is not carried along; what they left to be sent stays closed. */
export function enter(client: QueryClient, session: Session): void {
  const now = ownerOf(session)
  if (last !== now) {
    end()
    forgetSearches()
  }
  last = now
  forget(client)
  client.setQueryData(sessionOptions.queryKey, session)
  void begin(client, session)
}

export async function switchOrganization(client: QueryClient, organizationId: string): Promise<void> {
  await release()
  enter(client, await ask(api.POST('/api/session/organization', { body: { organization_id: organizationId }, headers: once() })))
}

export async function leave(): Promise<void> {
  await release()
  await ask(api.DELETE('/api/session', { headers: once() }))
  last = null
  forgetSearches()
  // Nobody is here any more: what comes in is for nobody's eyes on this screen.
  await import('@/shared/push/subscribe').then(({ drop }) => drop()).catch(() => {})
}
