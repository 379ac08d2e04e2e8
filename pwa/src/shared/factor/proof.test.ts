import { expect, test, vi } from 'vitest'
import { ApiError } from '@/shared/api/problem'
import type { Session } from '@/shared/api/types'
import { wanted } from './lock'
import { Unproven, withProof } from './proof'

const asksForProof = () => new ApiError(403, { reason: 'proof' })

test('what needs a proof is done once it is given', async () => {
  const act = vi.fn<() => Promise<string>>().mockRejectedValueOnce(asksForProof()).mockResolvedValueOnce('done')
  const done = withProof(act)
  await expect.poll(() => wanted.get()).not.toBeNull()
  expect(act).toHaveBeenCalledTimes(1)
  wanted.get()?.given({} as Session)
  expect(await done).toBe('done')
  expect(wanted.get()).toBeNull()
})

test('what is not proven does not happen', async () => {
  const act = vi.fn<() => Promise<string>>().mockRejectedValue(asksForProof())
  const done = withProof(act)
  await expect.poll(() => wanted.get()).not.toBeNull()
  wanted.get()?.refused()
  await expect(done).rejects.toBeInstanceOf(Unproven)
  expect(act).toHaveBeenCalledTimes(1)
  expect(wanted.get()).toBeNull()
})

test('another refusal is passed on, and nothing is asked', async () => {
  const refused = new ApiError(409, { reason: 'factor_required' })
  await expect(withProof(() => Promise.reject(refused))).rejects.toBe(refused)
  expect(wanted.get()).toBeNull()
})
