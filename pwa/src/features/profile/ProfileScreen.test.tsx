import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { sessionOptions } from '@/shared/session/queries'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { ravi, sessionOf } from '@/test/world'
import { ProfileScreen } from './ProfileScreen'

test('of two languages chosen quickly the last one holds', async () => {
  const heard: string[] = []
  const answers: (() => void)[] = []
  const session = sessionOf(ravi)
  server.use(
    http.patch('*/api/me', async ({ request }) => {
      const { locale } = (await request.json()) as { locale: 'nb' | 'en' }
      heard.push(locale)
      await new Promise<void>((resolve) => answers.push(resolve))
      return HttpResponse.json({ ...session, user: { ...session.user, locale } })
    }),
  )
  const { client } = renderScreen({ session, inbox: ProfileScreen })
  const locale = () => client.getQueryData(sessionOptions.queryKey)?.user.locale
  await userEvent.click(await screen.findByRole('radio', { name: 'Norsk' }))
  await userEvent.click(screen.getByRole('radio', { name: 'English' }))
  await expect.poll(() => heard).toEqual(['nb'])
  expect(locale()).toBe('en')

  answers[0]?.()
  await expect.poll(() => heard).toEqual(['nb', 'en'])
  expect(locale()).toBe('en')
  expect(screen.getByRole('radio', { name: 'English' })).toBeChecked()

  answers[1]?.()
  await expect.poll(() => client.isMutating()).toBe(0)
  expect(locale()).toBe('en')
})
