import type { QueryClient } from '@tanstack/react-query'
import { contact } from '@/shared/contact/contact'
import { leadDetailOptions } from '@/shared/leads/queries'
import { sessionOptions } from '@/shared/session/queries'
import { followIntents } from './follow'
import { renew } from './subscribe'

/** Keeps this browser's subscription alive and goes where notifications lead; answers how to end that. */
export function attend(client: QueryClient, go: (path: string) => void): () => void {
  // Without a network, or a push service, the next start tries again.
  void renew().then(() => client.invalidateQueries({ queryKey: ['devices'] }), () => {})
  return followIntents(({ path, call }) => {
    go(path)
    if (call) void begin(client, call)
  })
}

/** As a tap on "Call" does. */
async function begin(client: QueryClient, id: string): Promise<void> {
  const session = client.getQueryData(sessionOptions.queryKey)
  // Where the lead cannot be had, its screen says so.
  const lead = await client.ensureQueryData(leadDetailOptions(id)).catch(() => null)
  if (session && lead) await contact(client, lead, 'call', session)
}
