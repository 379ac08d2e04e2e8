import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { Invitation } from '@/shared/api/types'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { asha, mats, sessionOf } from '@/test/world'
import { TeamScreen } from './TeamScreen'

const invitation: Invitation = {
  id: 'i-nora',
  name: 'Nora Ny',
  email: 'nora@acme.test',
  role: 'agent',
  invited_by: 'u-asha',
  state: 'failed',
  created_at: '2026-03-02T09:00:00Z',
  sent_at: null,
  expires_at: '2026-03-09T09:00:00Z',
}

function invitations(mail: boolean, items: Invitation[] = []) {
  server.use(http.get('*/api/invitations', () => HttpResponse.json({ items, mail })))
}

test('without mail the code is shown once, to be handed over', async () => {
  invitations(false)
  const sent: unknown[] = []
  server.use(
    http.post('*/api/invitations', async ({ request }) => {
      sent.push(await request.json())
      return HttpResponse.json({ invitation: { ...invitation, state: 'shown' }, code: 'ABCD-2345' }, { status: 201 })
    }),
  )
  renderScreen({ session: sessionOf(asha), inbox: TeamScreen })
  await userEvent.click(await screen.findByRole('button', { name: 'Invite' }))
  const sheet = within(await screen.findByRole('dialog', { name: 'Invite a colleague' }))
  await userEvent.type(sheet.getByLabelText('Name'), 'Nora Ny')
  await userEvent.type(sheet.getByLabelText('E-mail'), 'nora@acme.test')
  await userEvent.click(sheet.getByRole('button', { name: 'Invite' }))
  expect(await screen.findByText('ABCD-2345')).toBeInTheDocument()
  expect(sent).toEqual([{ name: 'Nora Ny', email: 'nora@acme.test', role: 'agent' }])
})

test('a manager gives no roles, and takes out agents only', async () => {
  invitations(true)
  renderScreen({ session: sessionOf(mats), inbox: TeamScreen })
  await userEvent.click(await screen.findByRole('button', { name: /Asha Berg/ }))
  expect(screen.queryByRole('radio')).toBeNull()
  expect(screen.queryByRole('button', { name: 'Remove from the team' })).toBeNull()
  await userEvent.click(screen.getByRole('button', { name: 'Close' }))
  await userEvent.click(screen.getByRole('button', { name: /Ravi Sandhu/ }))
  expect(screen.getByRole('button', { name: 'Remove from the team' })).toBeInTheDocument()
})

test('a letter that came back is told, and its code can be shown instead', async () => {
  invitations(true, [invitation])
  renderScreen({ session: sessionOf(asha), inbox: TeamScreen })
  await userEvent.click(await screen.findByRole('button', { name: /Nora Ny.*Not delivered/ }))
  expect(screen.getByRole('button', { name: 'Show a code' })).toBeInTheDocument()
  expect(screen.getByRole('button', { name: 'Send a new code' })).toBeInTheDocument()
})
