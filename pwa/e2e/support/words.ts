import en from '../../messages/en.json' with { type: 'json' }
import nb from '../../messages/nb.json' with { type: 'json' }

export type Locale = 'nb' | 'en'
type Key = Exclude<keyof typeof en, '$schema' | 'inbox_new'>
export type Words = (key: Key, values?: Record<string, string | number>) => string

const catalogues = { nb, en }

/** What the app says, from its own catalogue. */
export function words(locale: Locale): Words {
  return (key, values = {}) => catalogues[locale][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
