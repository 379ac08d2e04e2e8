import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { expect, test, vi } from 'vitest'
import { renderScreen } from '@/test/render'
import { server } from '@/test/server'
import { leadOf, ravi, sessionOf } from '@/test/world'
import { EntrySheet } from './EntrySheet'

function show(here: ReturnType<typeof leadOf> | null = null) {
  const sent: Record<string, unknown>[] = []
  server.use(
    http.post('*/api/leads/matches', () => HttpResponse.json({ lead: here })),
    http.post('*/api/leads', async ({ request }) => {
      sent.push((await request.json()) as Record<string, unknown>)
      return HttpResponse.json({ joined: here !== null, lead: here ?? leadOf({ full_name: 'Kari Moen' }) }, { status: 201 })
    }),
    http.get('*/api/leads/:id', () => new HttpResponse(null, { status: 404 })),
  )
  const onClose = vi.fn()
  const session = sessionOf(ravi)
  renderScreen({ session, inbox: () => <EntrySheet session={session} onClose={onClose} /> })
  return { sent, onClose }
}

test('a person is taken down with what they agreed to, in the words that were read', async () => {
  const { sent, onClose } = show()
  await userEvent.type(await screen.findByLabelText('Phone'), '912 34 567')
  await userEvent.type(screen.getByLabelText('Name'), 'Kari Moen')
  await userEvent.click(screen.getByRole('radio', { name: 'Referral' }))
  await userEvent.click(screen.getByRole('checkbox', { name: /They said/ }))
  await userEvent.click(screen.getByRole('button', { name: 'Save lead' }))
  await expect.poll(() => onClose.mock.calls.length).toBe(1)
  expect(sent[0]).toMatchObject({
    full_name: 'Kari Moen',
    phone: '912 34 567',
    email: null,
    source: 'referral',
    called: false,
    consents: [{ key: 'contact', text: 'They said that we may call and write to them.', given: true }],
  })
  expect(String(sent[0]?.id)).toMatch(/^[0-9a-f-]{14}7/)
})

test('without a number or an address nothing is sent', async () => {
  const { sent } = show()
  await userEvent.type(await screen.findByLabelText('Name'), 'Kari Moen')
  await userEvent.click(screen.getByRole('button', { name: 'Save lead' }))
  expect(await screen.findByText('Enter a phone number or an e-mail address.')).toBeInTheDocument()
  expect(sent).toEqual([])
})

test('somebody who is here is shown before they are taken down twice', async () => {
  const { onClose } = show(leadOf({ full_name: 'Kari Moen' }))
  await userEvent.type(await screen.findByLabelText('Phone'), '912 34 567')
  expect(await screen.findByText('Kari Moen is already here.')).toBeInTheDocument()
  await userEvent.click(screen.getByRole('button', { name: 'Add as one more enquiry' }))
  await expect.poll(() => onClose.mock.calls.length).toBe(1)
  expect(await screen.findByText('One more enquiry from Kari Moen.')).toBeInTheDocument()
})
