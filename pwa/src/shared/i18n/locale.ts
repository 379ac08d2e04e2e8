import { baseLocale, getLocale, isLocale, locales, setLocale } from '@/paraglide/runtime'
import { createStore, useStore } from '@/shared/store'

export type Locale = (typeof locales)[number]
export { locales }

/** Every language in its own words: whoever looks for theirs reads that. */
export const LOCALE_NAMES: Record<Locale, string> = { nb: 'Norsk', de: 'Deutsch', nl: 'Nederlands', en: 'English' }

const current = createStore<Locale>(baseLocale)

export function useLocale(): Locale {
  return useStore(current)
}

/** `no` and `nn` read bokmål; what we do not speak falls through to the next wish. */
export function pickLocale(wishes: readonly (string | null | undefined)[]): Locale {
  for (const wish of wishes) {
    const language = wish?.toLowerCase().split('-')[0]
    const ours = language === 'no' || language === 'nn' ? 'nb' : language
    if (isLocale(ours)) return ours
  }
  return baseLocale
}

export function applyLocale(locale: Locale): void {
  if (locale !== getLocale()) void setLocale(locale, { reload: false })
  document.documentElement.lang = locale
  current.set(locale)
}
