import { createStore } from '@/shared/store'

const KEPT = 6

/** Names and numbers of people: kept in memory only, and gone with the session. */
export const searches = createStore<string[]>([])

export function rememberSearch(text: string): void {
  const search = text.trim()
  if (search.length < 2) return
  searches.set((before) => [search, ...before.filter((one) => one !== search)].slice(0, KEPT))
}

export function forgetSearches(): void {
  searches.set([])
}
