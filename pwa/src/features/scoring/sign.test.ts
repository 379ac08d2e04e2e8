import { expect, test } from 'vitest'
import { pointsInWords, signInWords } from '@/shared/leads/scoreWords'
import { begin, isWhole, listed } from './sign'

const names = { locale: 'en', form: () => 'Roof check', campaign: () => 'Spring' }

test('each sign is said as a person says it', () => {
  expect(signInWords({ kind: 'contains', field: 'message', value: 'roof' }, names)).toBe('Message contains “roof”')
  expect(signInWords({ kind: 'has', field: 'how_old' }, names)).toBe('how old is given')
  expect(signInWords({ kind: 'postcode_in', areas: ['50*', '0150-0299'] }, names)).toBe('Postcode 50* or 0150-0299')
  expect([pointsInWords(10), pointsInWords(-5)]).toEqual(['+10', '−5'])
})

test('another kind begins with what fits, and is whole when nothing is missing', () => {
  expect(begin('contains', { kind: 'has', field: 'city' })).toEqual({ kind: 'contains', field: 'city', value: '' })
  expect(isWhole(begin('contains', { kind: 'has', field: 'city' }))).toBe(false)
  expect(isWhole(begin('asked_again', { kind: 'reached' }))).toBe(true)
  expect(isWhole(begin('email_domain', { kind: 'reached' }))).toBe(false)
  expect(listed(' gmail.com, , hotmail.com ')).toEqual(['gmail.com', 'hotmail.com'])
})
