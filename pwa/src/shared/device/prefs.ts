import { createStore, useStore } from '@/shared/store'

/** What belongs to the device rather than to the person: kept on it, and never anything about a lead. */
export interface Prefs {
  theme: 'system' | 'light' | 'dark'
  sound: boolean
  vibration: boolean
  /** Whether this browser takes pushes, where it may. */
  push: boolean
  /** Whether it has been suggested here that it should. */
  invited: boolean
  locale: string | null
}

const KEY = 'nextmove.prefs'
const defaults: Prefs = { theme: 'system', sound: true, vibration: true, push: true, invited: false, locale: null }

function read(): Prefs {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return typeof kept === 'object' && kept !== null ? { ...defaults, ...kept } : defaults
  } catch {
    // Private windows may refuse storage: the defaults do.
    return defaults
  }
}

export const prefs = createStore<Prefs>(read())

export function setPrefs(change: Partial<Prefs>): void {
  prefs.set((before) => ({ ...before, ...change }))
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs.get()))
  } catch {
    // It holds until the app is closed.
  }
}

export function usePrefs(): Prefs {
  return useStore(prefs)
}
