import { render, screen, waitFor, within } from '@testing-library/react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { describe, expect, it } from 'vitest'
import type { FormMapping, PreviewedLead, ReadLead, Target } from '@/shared/api/types'
import { Toaster } from '@/shared/ui/Toaster'
import { server } from '@/test/server'
import { decisionsOf, differs, linesOf } from './draft'
import { MappingScreen } from './MappingScreen'

function formOf(change: Partial<FormMapping> = {}): FormMapping {
  const question = (key: string, label: string, guess: Target, target: Target = guess) => ({ key, label, options: [], guess, target, decided: guess !== target })
  return {
    id: 'form-1',
    external_id: '99',
    name: 'Free survey',
    locale: 'en_GB',
    status: 'ACTIVE',
    page_id: '1',
    page_name: 'Acme',
    version: 3,
    mapped_at: null,
    leads: 12,
    questions: [question('who', 'Who are you?', 'answer', 'full_name'), question('roof', 'How old is the roof?', 'answer'), question('phone_number', 'Phone number', 'phone')],
    warnings: [],
    ...change,
  }
}

const nobody: ReadLead = { full_name: null, phone: null, phone_is_valid: false, email: null, postal_code: null, city: null, service: null, message: null, answers: [], consents: [] }

const previewed = (message: string | null): PreviewedLead => ({
  lead_id: 'lead-1',
  created_at: new Date().toISOString(),
  before: { ...nobody, full_name: 'Kari Nordmann', phone: '+4740012345', phone_is_valid: true, answers: [{ key: 'roof', label: 'How old is the roof?', values: ['30 years'] }] },
  after: { ...nobody, full_name: 'Kari Nordmann', phone: '+4740012345', phone_is_valid: true, message, answers: message ? [] : [{ key: 'roof', label: 'How old is the roof?', values: ['30 years'] }] },
})

/** Answers previews by what is asked, and remembers every request. */
function answer(form: FormMapping) {
  const asked: unknown[] = []
  const saved: { ifMatch: string | null; body: unknown }[] = []
  server.use(
    http.get('*/api/forms/form-1/mapping', () => HttpResponse.json(form)),
    http.get('*/api/forms/mappings', () => HttpResponse.json({ items: [form] })),
    http.post('*/api/forms/form-1/preview', async ({ request }) => {
      const body = (await request.json()) as { targets: Record<string, Target> }
      asked.push(body)
      const lost = body.targets.phone_number === 'ignore'
      return HttpResponse.json({ leads: [previewed(body.targets.roof === 'message' ? '30 years' : null)], warnings: lost ? ['no_contact'] : [] })
    }),
    http.put('*/api/forms/form-1/mapping', async ({ request }) => {
      saved.push({ ifMatch: request.headers.get('if-match'), body: await request.json() })
      return HttpResponse.json({ ...form, version: form.version + 1, questions: form.questions.map((one) => (one.key === 'roof' ? { ...one, target: 'message', decided: true } : one)) })
    }),
  )
  return { asked, saved }
}

function show() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const root = createRootRoute()
  const routes = ['/profile', '/settings/meta'].map((path) => createRoute({ getParentRoute: () => root, path, component: () => null }))
  const editor = createRoute({ getParentRoute: () => root, path: '/settings/meta/forms/$formId', component: MappingScreen })
  const router = createRouter({ routeTree: root.addChildren([...routes, editor]), history: createMemoryHistory({ initialEntries: ['/settings/meta/forms/form-1'] }) })
  render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router as never} />
      <Toaster />
    </QueryClientProvider>,
  )
}

const destination = (question: string) => screen.findByRole('combobox', { name: `${question} goes to` })

describe('the mapping editor', () => {
  it('shows on real leads what a choice would do, and saves it under its version', async () => {
    const { asked, saved } = answer(formOf())
    const user = userEvent.setup()
    show()
    expect(await destination('Who are you?')).toHaveValue('full_name')
    const preview = screen.getByRole('region', { name: 'On real leads' })
    expect(await within(preview).findByText('30 years')).toBeInTheDocument()
    expect(asked[0], 'what is decided already goes along').toEqual({ targets: { who: 'full_name' } })
    expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled()

    await user.selectOptions(await destination('How old is the roof?'), 'message')
    const moved = await within(preview).findAllByText('empty')
    expect(moved, 'the message was empty, and the answer becomes it').toHaveLength(2)
    expect(screen.getAllByText('By itself: Answer only'), 'of the two that are decided').toHaveLength(2)
    expect(asked.at(-1)).toEqual({ targets: { who: 'full_name', roof: 'message' } })

    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('Saved. It counts from the next lead.')).toBeInTheDocument()
    expect(saved).toEqual([{ ifMatch: '"3"', body: { targets: { who: 'full_name', roof: 'message' } } }])
    await waitFor(() => expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled())
    expect(screen.getByRole('button', { name: 'Apply to the last 30 days' })).toBeEnabled()
  })

  it('warns when nobody could be reached, and forgets it when the choice is taken back', async () => {
    answer(formOf())
    const user = userEvent.setup()
    show()
    await user.selectOptions(await destination('Phone number'), 'ignore')
    expect(await screen.findByText(/Nobody can be reached/)).toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Discard changes' }))
    await waitFor(() => expect(screen.queryByText(/Nobody can be reached/)).not.toBeInTheDocument())
    expect(await destination('Phone number')).toHaveValue('phone')
  })

  it('says that somebody else was faster, and shows what they chose', async () => {
    answer(formOf())
    const user = userEvent.setup()
    show()
    await user.selectOptions(await destination('How old is the roof?'), 'message')
    server.use(
      http.put('*/api/forms/form-1/mapping', () => HttpResponse.json({ status: 412, reason: 'version', current_version: 4 }, { status: 412 })),
      http.get('*/api/forms/form-1/mapping', () =>
        HttpResponse.json(formOf({ version: 4, questions: formOf().questions.map((one) => (one.key === 'roof' ? { ...one, target: 'service', decided: true } : one)) })),
      ),
    )
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText(/Somebody changed this form meanwhile/)).toBeInTheDocument()
    await waitFor(async () => expect(await destination('How old is the roof?')).toHaveValue('service'))
  })
})

describe('a draft', () => {
  it('names only what is decided', () => {
    const form = formOf()
    expect(decisionsOf(form, {})).toEqual({ who: 'full_name' })
    expect(decisionsOf(form, { who: 'answer' }), 'back to where it goes by itself').toEqual({})
    expect(differs(form, {})).toBe(false)
    expect(differs(form, { who: 'full_name' })).toBe(false)
    expect(differs(form, { who: 'answer' })).toBe(true)
  })

  it('is told line by line, what is empty left out', () => {
    const { before, after } = previewed('30 years')
    const lines = linesOf(before, after).map((line) => [line.label, line.before, line.after])
    expect(lines).toEqual([
      ['full_name', 'Kari Nordmann', 'Kari Nordmann'],
      ['phone', '+4740012345', '+4740012345'],
      ['message', null, '30 years'],
      ['How old is the roof?', '30 years', null],
    ])
  })
})
