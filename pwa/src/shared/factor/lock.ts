import type { Session } from '@/shared/api/types'
import { createStore } from '@/shared/store'

/** The session was idle for too long: what is on the screen is covered, not lost, until its person shows who they are. */
export const locked = createStore(false)

/** How often it was unlocked: the live stream begins anew with each. */
export const unlocks = createStore(0)

/** What waits for a proof of who is there; null: nothing does. */
export const wanted = createStore<{ given: (session: Session) => void; refused: () => void } | null>(null)
