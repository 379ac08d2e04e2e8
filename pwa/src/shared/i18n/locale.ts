import { baseLocale, getLocale, locales, setLocale } from '@/paraglide/runtime'
import { createStore, useStore } from '@/shared/store'
import type { Locale } from './pick'

export { pickLocale, type Locale } from './pick'
export { locales }

/** Every language in its own words: whoever looks for theirs reads that. */
export const LOCALE_NAMES: Record<Locale, string> = { nb: 'Norsk', de: 'Deutsch', nl: 'Nederlands', en: 'English' }

const current = createStore<Locale>(baseLocale)

export function useLocale(): Locale {
  return useStore(current)
}

export function applyLocale(locale: Locale): void {
  if (locale !== getLocale()) void setLocale(locale, { reload: false })
  document.documentElement.lang = locale
  current.set(locale)
}
