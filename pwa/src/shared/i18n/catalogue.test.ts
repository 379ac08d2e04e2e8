import { describe, expect, test } from 'vitest'
import de from '../../../messages/de.json'
import en from '../../../messages/en.json'
import nb from '../../../messages/nb.json'
import nl from '../../../messages/nl.json'
import * as compiled from '@/paraglide/messages/_index'
import { m } from '@/paraglide/messages'

const catalogues: Record<string, Record<string, unknown>> = { nb, de, nl, en }
const keys = (catalogue: Record<string, unknown>) => Object.keys(catalogue).filter((key) => key !== '$schema').sort()
const inputs = (message: unknown) => [...new Set(JSON.stringify(message).match(/\{\w+\}/g) ?? [])].sort()

describe('the four catalogues', () => {
  test.each(['de', 'nl', 'en'])('%s has the keys of nb, and the same inputs in each', (locale) => {
    const catalogue = catalogues[locale] ?? {}
    expect(keys(catalogue)).toEqual(keys(nb))
    for (const key of keys(nb)) expect(inputs(catalogue[key]), `${locale}: ${key}`).toEqual(inputs((nb as Record<string, unknown>)[key]))
  })

  test('no text is empty', () => {
    for (const [locale, catalogue] of Object.entries(catalogues)) {
      for (const key of keys(catalogue)) expect(JSON.stringify(catalogue[key]).trim(), `${locale}: ${key}`).not.toBe('""')
    }
  })

  // The compiler once compiled nothing, without an error, because its plugin could not be fetched.
  test('every message is truly compiled', () => {
    expect(Object.keys(compiled).sort()).toEqual(keys(nb))
  })

  test('each language speaks for itself', () => {
    expect(m.undo({}, { locale: 'nb' })).toBe('Angre')
    expect(m.undo({}, { locale: 'de' })).toBe('Rückgängig')
    expect(m.undo({}, { locale: 'nl' })).toBe('Ongedaan maken')
    expect(m.inbox_new({ count: 1 }, { locale: 'nb' })).toBe('1 ny')
    expect(m.inbox_new({ count: 2 }, { locale: 'nb' })).toBe('2 nye')
  })
})
