import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { Session, Trouble } from '@/shared/api/types'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { asha, mats, ravi, sessionOf } from '@/test/world'
import { Told } from './Told'

const trouble: Trouble = {
  page_id: '1',
  page_name: 'Fjordvarme',
  kind: 'missing',
  since: new Date().toISOString(),
  step: 'token',
  mend: 'token_password',
  told_at: new Date().toISOString(),
  token_ends_at: null,
}

function show(session: Session, told: Trouble) {
  server.use(http.get('*/api/connections/trouble', () => HttpResponse.json({ items: [told] })))
  renderScreen({ session, inbox: () => <Told session={session} /> })
}

test('an agent is told that leads may be missing and who knows of it, the owner what to do', async () => {
  show(sessionOf(ravi), trouble)
  expect(await screen.findByText(/leads from Fjordvarme may be missing/)).toBeInTheDocument()
  expect(await screen.findByText(/Asha Berg has been told/)).toBeInTheDocument()
  expect(screen.queryByRole('link')).toBeNull()
})

test('the owner is told what mends it, with the way there', async () => {
  show(sessionOf(asha), trouble)
  expect(await screen.findByText(/changed their password/)).toBeInTheDocument()
  expect(screen.getByRole('link', { name: 'Fix it' })).toHaveAttribute('href', '/settings/meta')
})

test('what is only late is told to those who answer for it', async () => {
  show(sessionOf(mats), { ...trouble, kind: 'late', mend: 'not_subscribed' })
  expect(await screen.findByText(/come some minutes late/)).toBeInTheDocument()
})

test('an agent is not bothered with what is only late', async () => {
  let asked = false
  server.use(
    http.get('*/api/connections/trouble', () => {
      asked = true
      return HttpResponse.json({ items: [{ ...trouble, kind: 'late' }] })
    }),
  )
  const session = sessionOf(ravi)
  const { client } = renderScreen({ session, inbox: () => <Told session={session} /> })
  await expect.poll(() => asked && client.isFetching()).toBe(0)
  expect(screen.queryByText(/late/)).toBeNull()
})
