import type { QueryClient } from '@tanstack/react-query'
import type { Session } from '@/shared/api/types'
import { keepReads, wakeUpLeads } from './cache'
import { begin, ownerOf, resumeWith, watch } from './engine'
import { keep, type Keeper } from './seal'

/** Joins the session on the screen with what the phone keeps for it; answers how to end that. */
export function attach(client: QueryClient, session: Session, woken: Keeper | null): () => void {
  const stops = [watch()]
  let over = false
  const work = async () => {
    let known = await begin(client, session)
    if (session.offline_key && known) {
      await keep(known)
    } else if (woken?.owner === ownerOf(session)) {
      resumeWith(client, woken)
      known = woken
    }
    if (!known || over) return
    await wakeUpLeads(client, known)
    // The stop of this visit may have come meanwhile.
    if (!over) stops.push(keepReads(client, known))
  }
  // A browser that keeps nothing still shows everything.
  void work().catch(() => {})
  return () => {
    over = true
    for (const stop of stops) stop()
  }
}
