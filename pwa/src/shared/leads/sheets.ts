import type { Lead } from '@/shared/api/types'
import { createStore } from '@/shared/store'

/** The sheets any screen may ask for; the app shows them, so that no feature needs another. */
export type LeadSheet = { kind: 'snooze' | 'lost' | 'next' | 'assign'; lead: Lead }

export const leadSheet = createStore<LeadSheet | null>(null)
