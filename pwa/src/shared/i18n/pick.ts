import { baseLocale, isLocale, type locales } from '@/paraglide/runtime'

export type Locale = (typeof locales)[number]

/** `no` and `nn` read bokmål; what we do not speak falls through to the next wish. */
export function pickLocale(wishes: readonly (string | null | undefined)[]): Locale {
  for (const wish of wishes) {
    const language = wish?.toLowerCase().split('-')[0]
    const ours = language === 'no' || language === 'nn' ? 'nb' : language
    if (isLocale(ours)) return ours
  }
  return baseLocale
}
