import { expect, test } from 'vitest'
import type { EscalationStep } from '@/shared/api/types'
import { nextStep, timeLabel, withStep } from './words'

const step = (after_minutes: number, audience: EscalationStep['audience'] = 'owners'): EscalationStep => ({ after_minutes, audience, channels: ['push'] })

test('a step stands where its time puts it, and its place is told', () => {
  const ladder = [step(0), step(5), step(30)]
  const added = withStep(ladder, null, step(15))
  expect(added.steps.map((one) => one.after_minutes)).toEqual([0, 5, 15, 30])
  expect(added.at).toBe(2)
  const moved = withStep(ladder, 0, step(60))
  expect(moved.steps.map((one) => one.after_minutes)).toEqual([5, 30, 60])
  expect(moved.at).toBe(2)
})

test('the next step is later, and told to whoever stands above', () => {
  expect(nextStep([])).toMatchObject({ after_minutes: 0, audience: 'assignee' })
  expect(nextStep([step(0, 'assignee')])).toMatchObject({ after_minutes: 5, audience: 'on_shift' })
  expect(nextStep([step(30, 'owners')])).toMatchObject({ after_minutes: 45, audience: 'owners' })
  expect(nextStep([step(10_080)]).after_minutes).toBe(10_080)
})

test('times are read as people say them', () => {
  expect(timeLabel(0)).toBe('When time is up')
  expect(timeLabel(5)).toBe('5 min overdue')
  expect(timeLabel(90)).toBe('1 h 30 min overdue')
  expect(timeLabel(120)).toBe('2 h overdue')
})
