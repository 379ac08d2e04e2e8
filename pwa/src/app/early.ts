import { findReads } from '@/shared/offline/cache'

/** Imported before everything else, so that the disk is asked while the rest of the code is still being read. */
export const early = findReads().catch(() => null)
