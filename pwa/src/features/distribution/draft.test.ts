import { expect, test } from 'vitest'
import { begin, isArea, isWhole, moved, readAreas } from './draft'

test('areas are read as people write them', () => {
  expect(readAreas('0150, 50*; 1000 – 1299\n1012 AB,')).toEqual(['0150', '50*', '1000-1299', '1012 AB'])
  expect(['0150', '50*', '1000-1299', '1012 AB'].every(isArea)).toBe(true)
  expect(['*', '1299-1000', '10-100', '1-2-3', 'æ'].some(isArea)).toBe(false)
})

test('what is named stays named when another way is chosen', () => {
  const group = { kind: 'people' as const, people: ['ravi', 'rosa'] }
  expect(begin('round_robin', group)).toEqual({ kind: 'round_robin', people: ['ravi', 'rosa'] })
  expect(begin('person', group)).toEqual({ kind: 'person', user: 'ravi' })
  expect(begin('roll_out', group)).toEqual({ kind: 'roll_out', steps: [{ people: ['ravi', 'rosa'], minutes: 5 }] })
  expect(isWhole(begin('person', { kind: 'everybody' }))).toBe(false)
})

test('rules are moved one place, and not past an end', () => {
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c'])
})
