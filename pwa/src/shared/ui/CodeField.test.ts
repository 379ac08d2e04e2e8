import { expect, test } from 'vitest'
import { groups } from './CodeField'

test('a code is in two groups, however it was typed or pasted', () => {
  expect(groups('abcd')).toBe('ABCD')
  expect(groups('abcd2')).toBe('ABCD-2')
  expect(groups('  abcd - 2345\n')).toBe('ABCD-2345')
  expect(groups('ABCD–2345 and more')).toBe('ABCD-2345')
  expect(groups('ABCD-')).toBe('ABCD')
})
