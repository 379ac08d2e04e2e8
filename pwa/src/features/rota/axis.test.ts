import { expect, test } from 'vitest'
import type { DayOfRota } from '@/shared/api/types'
import { axisOf, moved, placed, within } from './axis'

const span = (from: string, to: string) => ({ from: `2026-03-${from}:00Z`, to: `2026-03-${to}:00Z` })

/** Monday in Oslo, from eight to four, and somebody from seven to half past three. */
const monday: DayOfRota = {
  date: '2026-03-02',
  day: span('01T23:00', '02T23:00'),
  open: [span('02T07:00', '02T15:00')],
  people: [{ user_id: 'ravi', spans: [span('02T06:00', '02T14:30')] }],
  gaps: [span('02T14:30', '02T15:00')],
}

test('the axis holds everything, to whole hours', () => {
  expect(axisOf([monday])).toEqual({ from: 7 / 24, to: 16 / 24 })
  expect(axisOf([{ ...monday, open: [], people: [] }])).toEqual({ from: 0, to: 1 })
})

test('a span stands where its hours are', () => {
  const axis = axisOf([monday])
  const { left, width } = placed(within(monday.gaps[0]!, monday.day), axis)
  expect([Number.parseFloat(left), Number.parseFloat(width)].map((one) => one.toFixed(2))).toEqual([(8.5 / 9 * 100).toFixed(2), (0.5 / 9 * 100).toFixed(2)])
})

test('a day of 23 hours is a whole day', () => {
  const day = { from: '2026-03-28T23:00:00Z', to: '2026-03-29T22:00:00Z' }
  expect(within(day, day)).toEqual({ from: 0, to: 1 })
})

test('a week later is seven days later, whatever the clocks do', () => {
  expect(moved('2026-03-23', 7)).toBe('2026-03-30')
  expect(moved('2026-01-01', -7)).toBe('2025-12-25')
})
