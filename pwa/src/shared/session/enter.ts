import type { QueryClient } from '@tanstack/react-query'
import { api, ask, once } from '@/shared/api/client'
import type { Session } from '@/shared/api/types'
import { queue } from '@/shared/contact/contact'
import { forgetRecent } from '@/shared/leads/recent'
import { commitDeferred } from '@/shared/leads/moves'
import { forgetSearches } from './searches'
import { sessionOptions } from './queries'

let last: { user: string; organization: string | undefined } | null = null

/** Takes over a new session. What another person or organization left on the screen or in the queue is not carried along. */
export function enter(client: QueryClient, session: Session): void {
  const now = { user: session.user.id, organization: session.organization?.id }
  const same = last?.user === now.user && last.organization === now.organization
  last = now
  if (!same) {
    queue.clear()
    forgetSearches()
  }
  forget(client)
  client.setQueryData(sessionOptions.queryKey, session)
  if (same) queue.drain()
}

export async function switchOrganization(client: QueryClient, organizationId: string): Promise<void> {
  commitDeferred()
  enter(client, await ask(api.POST('/api/session/organization', { body: { organization_id: organizationId }, headers: once() })))
}

export async function leave(): Promise<void> {
  commitDeferred()
  await ask(api.DELETE('/api/session', { headers: once() }))
  last = null
  queue.clear()
  forgetSearches()
}

/**
 * Everything read with a session goes. The session itself stays until something else is on the screen: what is mounted
 * would ask for it again. What the login shows was read without one.
 */
export function forget(client: QueryClient): void {
  forgetRecent()
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' && queryKey[0] !== 'demo' })
}

/** Once the login is on the screen. */
export function forgetSession(client: QueryClient): void {
  forget(client)
  client.removeQueries({ queryKey: sessionOptions.queryKey })
}

/** Remembers who was here, so that signing in again after an idle end keeps what waits in the queue. */
export function remember(session: Session): void {
  last = { user: session.user.id, organization: session.organization?.id }
}
