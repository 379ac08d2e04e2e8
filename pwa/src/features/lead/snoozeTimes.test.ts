import { expect, test } from 'vitest'
import { snoozeTimes } from './snoozeTimes'

const OSLO = 'Europe/Oslo'

test('times of day are those of the business', () => {
  const times = snoozeTimes(new Date('2026-11-21T08:10:00Z'), OSLO)
  expect(times.hour.toISOString()).toBe('2026-11-21T09:10:00.000Z')
  expect(times.afternoon?.toISOString()).toBe('2026-11-21T14:00:00.000Z')
  expect(times.tomorrow.toISOString()).toBe('2026-11-22T07:00:00.000Z')
})

test('there is no "this afternoon" once it has come', () => {
  expect(snoozeTimes(new Date('2026-11-21T13:30:00Z'), OSLO).afternoon).toBeNull()
})

test('tomorrow is found over the end of a month', () => {
  expect(snoozeTimes(new Date('2026-11-30T20:00:00Z'), OSLO).tomorrow.toISOString()).toBe('2026-12-01T07:00:00.000Z')
})
