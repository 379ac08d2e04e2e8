import { expect, test } from 'vitest'
import { ringOf } from './ring'

const created_at = '2026-11-21T08:00:00Z'
const opens_at = created_at
const due_at = '2026-11-21T08:15:00Z'
const at = (time: string) => Date.parse(`2026-11-21T${time}Z`)

test('drains from creation to the due time', () => {
  expect(ringOf({ created_at, opens_at, due_at }, at('08:00:00'))).toEqual({ mood: 'fresh', left: 1, waited: 0, late: 0, opens: null })
  expect(ringOf({ created_at, opens_at, due_at }, at('08:05:00'))).toMatchObject({ mood: 'fresh', waited: 300_000 })
  expect(ringOf({ created_at, opens_at, due_at }, at('08:12:00'))).toMatchObject({ mood: 'waning', left: 0.2 })
})

test('is late from the due time on, and says by how much', () => {
  expect(ringOf({ created_at, opens_at, due_at }, at('08:15:00'))).toMatchObject({ mood: 'late', late: 0 })
  expect(ringOf({ created_at, opens_at, due_at }, at('08:20:00'))).toMatchObject({ mood: 'late', left: 0, late: 300_000 })
})

test('is full until the business opens, and drains from then on', () => {
  const night = { created_at: '2026-11-20T21:00:00Z', opens_at, due_at }
  expect(ringOf(night, at('07:00:00'))).toMatchObject({ mood: 'fresh', left: 1, opens: Date.parse(opens_at) })
  expect(ringOf(night, at('08:12:00'))).toMatchObject({ mood: 'waning', left: 0.2, opens: null })
})

test('is calm once somebody tried', () => {
  expect(ringOf({ created_at, opens_at: null, due_at: null }, at('09:00:00'))).toMatchObject({ mood: 'calm', late: 0 })
})

test('bears a clock that runs behind, and a due time before the creation', () => {
  expect(ringOf({ created_at, opens_at, due_at }, at('07:59:00'))).toMatchObject({ left: 1, waited: 0 })
  expect(ringOf({ created_at: due_at, opens_at: due_at, due_at: created_at }, at('07:00:00'))).toMatchObject({ left: 0, mood: 'waning' })
})
