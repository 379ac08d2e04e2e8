import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { ApiError } from '@/shared/api/problem'
import type { Session } from '@/shared/api/types'
import { ravi, sessionOf } from '@/test/world'
import { Prove, type Ways } from './Prove'

function show(ways: Partial<Ways>, password = false) {
  const onDone = vi.fn<(session: Session) => void>()
  const all: Ways = { code: () => Promise.reject(new Error('not asked')), passkey: () => Promise.reject(new Error('not asked')), ...ways }
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Prove methods={{ totp: true, passkey: false, recovery_code: true }} password={password} ways={all} onDone={onDone} />
    </QueryClientProvider>,
  )
  return onDone
}

test('six digits are sent as they stand, and a wrong code is told', async () => {
  const code = vi.fn<(text: string) => Promise<Session>>().mockRejectedValueOnce(new ApiError(422, { reason: 'factor_code_wrong' })).mockResolvedValueOnce(sessionOf(ravi))
  const onDone = show({ code })
  const field = screen.getByLabelText('Six-digit code')
  expect(field).toHaveFocus()
  await userEvent.type(field, '12345')
  expect(code).not.toHaveBeenCalled()
  await userEvent.type(field, '6')
  expect(code).toHaveBeenCalledExactlyOnceWith('123456')
  expect(await screen.findByText('That code is not right, or was used already.')).toBeVisible()
  // It is selected: the next code is typed over it.
  await userEvent.keyboard('654321')
  await expect.poll(() => onDone.mock.calls.length).toBe(1)
  expect(code).toHaveBeenLastCalledWith('654321')
})

test('the other ways are a tap away', async () => {
  const password = vi.fn<(text: string) => Promise<Session>>().mockResolvedValue(sessionOf(ravi))
  const onDone = show({ password }, true)
  await userEvent.click(screen.getByRole('button', { name: 'Use the password' }))
  await userEvent.type(screen.getByLabelText('Password'), 'correct horse{Enter}')
  await expect.poll(() => onDone.mock.calls.length).toBe(1)
  expect(password).toHaveBeenCalledExactlyOnceWith('correct horse')
  await userEvent.click(screen.getByRole('button', { name: 'Use a recovery code' }))
  expect(screen.getByLabelText('Recovery code')).toHaveFocus()
})
