import de from '../../messages/de.json' with { type: 'json' }
import en from '../../messages/en.json' with { type: 'json' }
import nb from '../../messages/nb.json' with { type: 'json' }
import nl from '../../messages/nl.json' with { type: 'json' }

const catalogues = { nb, de, nl, en }

export type Locale = keyof typeof catalogues
type Key = Exclude<keyof typeof en, '$schema' | 'inbox_new'>
export type Words = (key: Key, values?: Record<string, string | number>) => string

/** What the app says, from its own catalogue. */
export function words(locale: Locale): Words {
  return (key, values = {}) => catalogues[locale][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
