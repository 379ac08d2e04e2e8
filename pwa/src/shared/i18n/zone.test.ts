import { expect, test } from 'vitest'
import { fromInput, instantOf, toInput, wallOf } from './zone'
import { when } from './time'

const OSLO = 'Europe/Oslo'

test('a wall-clock time is found on both sides of the clock change', () => {
  const summer = { year: 2026, month: 7, day: 1, hour: 8, minute: 0 }
  const winter = { year: 2026, month: 12, day: 1, hour: 8, minute: 0 }
  expect(instantOf(summer, OSLO).toISOString()).toBe('2026-07-01T06:00:00.000Z')
  expect(instantOf(winter, OSLO).toISOString()).toBe('2026-12-01T07:00:00.000Z')
  expect(wallOf(instantOf(summer, OSLO), OSLO)).toEqual(summer)
})

test('the morning after the clocks went back is 08:00 on the wall', () => {
  const evening = new Date('2026-10-24T18:00:00Z')
  const today = wallOf(evening, OSLO)
  expect(instantOf({ ...today, day: today.day + 1, hour: 8, minute: 0 }, OSLO).toISOString()).toBe('2026-10-25T07:00:00.000Z')
})

test('a date-time field is read and written in the zone', () => {
  expect(fromInput('2026-11-21T14:30', OSLO)?.toISOString()).toBe('2026-11-21T13:30:00.000Z')
  expect(toInput(new Date('2026-11-21T13:30:00Z'), OSLO)).toBe('2026-11-21T14:30')
  expect(fromInput('', OSLO)).toBeNull()
})

test('as much of the date as is needed', () => {
  const now = new Date('2026-11-21T12:00:00Z')
  const place = { locale: 'en-GB', timeZone: OSLO }
  expect(when(new Date('2026-11-21T13:05:00Z'), now, place)).toBe('14:05')
  expect(when(new Date('2026-11-22T07:00:00Z'), now, place)).toBe('tomorrow 08:00')
  // 23:30 in UTC is already the day itself in Oslo.
  expect(when(new Date('2026-11-20T23:30:00Z'), now, place)).toBe('00:30')
  expect(when(new Date('2025-11-03T07:00:00Z'), now, place)).toContain('2025')
})
