import { Autopush } from './support/autopush'
import { Firefox } from './support/firefox'
import { pushPort } from './support/push'
import { expect, test as base } from './support/test'
import { words } from './support/words'
import { leadOf, network, signedIn } from './support/world'

const RAVI = 'ravi@fjordtak.example'
const t = words('en')

/** The whole way of a push, through nothing of ours but our server and our app: Chromium's browsers here have no push service (alerts.spec.ts). */
const test = base.extend<{ service: Autopush; firefox: Firefox; ravi: Awaited<ReturnType<typeof signedIn>> }>({
  service: async ({}, use) => {
    const service = new Autopush(pushPort())
    await service.listen()
    await use(service)
    await service.close()
  },

  ravi: async ({}, use) => {
    const api = await signedIn(RAVI)
    await api.patch('/api/me', { data: { locale: 'en' } })
    await use(api)
    // Nobody's browser takes pushes any more: the next test finds it so.
    for (const { id } of await devices(api)) await api.delete(`/api/me/devices/${id}`)
    await api.dispose()
  },

  /** Ravi's phone: he has signed in and turned alerts on. */
  firefox: async ({ service, ravi: _ravi }, use) => {
    const firefox = await Firefox.start({ pushService: service.origin, language: 'en-GB' })
    try {
      await firefox.goto('/login')
      await firefox.click({ text: 'Ravi Solheim' })
      await firefox.click({ text: t('reach_invite') })
      await firefox.sees({ text: t('reach_ask_hint') })
      await firefox.allowNotifications()
      await firefox.sees({ text: t('reach_off') })
      await firefox.click({ role: 'button', name: t('reach_turn_on') })
      await firefox.sees({ role: 'button', name: t('reach_turn_off') })
      await firefox.sees({ text: t('reach_never') })
      await use(firefox)
    } finally {
      await firefox.close()
    }
  },
})

interface Device {
  id: string
  label: string
  acknowledged_at: string | null
}

async function devices(api: Awaited<ReturnType<typeof signedIn>>): Promise<Device[]> {
  return ((await (await api.get('/api/me/devices')).json()) as { items: Device[] }).items
}

/** What stands on the phone's screen. */
const notices = (firefox: Firefox) =>
  firefox.evaluate(async () => {
    const shown = (await (await navigator.serviceWorker.ready).getNotifications()) as (Notification & { actions: { action: string; title: string }[] })[]
    return shown.map(({ title, body, lang, tag, silent, requireInteraction, actions, data }) => ({
      ...{ title, body, lang, tag, silent, requireInteraction, data: data as unknown },
      actions: actions.map((one) => [one.action, one.title]),
    }))
  })

test('a push goes all the way: from the form to the phone, and its word that it arrived back to us (LP-028)', async ({ service, firefox, ravi, newLead, owner }) => {
  const person = await newLead()
  const { id } = await leadOf(owner, person)
  await service.deliver('new-lead')
  await expect.poll(() => notices(firefox)).toHaveLength(1)
  const [shown] = await notices(firefox)
  expect(shown).toMatchObject({
    ...{ title: 'New lead', body: expect.stringMatching(/^Call before \d\d:\d\d/) as unknown, lang: 'en', tag: 'new_lead', silent: false, requireInteraction: false },
    actions: [
      ['call', t('channel_call')],
      ['claim', t('action_claim')],
    ],
    data: { kind: 'new_lead', leadId: id, path: `/leads/${id}` },
  })
  expect(JSON.stringify(shown)).not.toContain(person.full_name.split(' ')[1])

  await expect.poll(async () => (await devices(ravi)).map((one) => one.acknowledged_at !== null)).toEqual([true])
  await firefox.goto('/settings/alerts')
  await firefox.sees({ text: t('reach_last', { when: '' }).trim() })

  await firefox.click({ role: 'button', name: t('reach_test') })
  await service.deliver('test')
  await firefox.sees({ text: t('reach_test_arrived', { device: (await devices(ravi))[0]?.label ?? '' }) })
  expect(firefox.complaints).toEqual([])
})

test('a push that is sent again is not heard again, and its word comes through all the same', async ({ service, firefox, ravi, newLead }) => {
  // The service takes it, and our server never learns so; the phone cannot tell it either.
  service.lose('new-lead')
  await network.cut()
  try {
    await newLead()
    await service.deliver('new-lead')
    await expect.poll(async () => (await notices(firefox)).map((one) => one.silent)).toEqual([false])
    const [first] = await notices(firefox)

    // Sent once more, it takes its own place.
    await service.deliver('new-lead')
    await expect.poll(async () => (await notices(firefox)).map((one) => one.silent)).toEqual([true])
    const [second] = await notices(firefox)
    expect(second).toEqual({ ...first, silent: true })
  } finally {
    await network.mend()
  }
  await expect.poll(async () => (await devices(ravi)).map((one) => one.acknowledged_at !== null)).toEqual([true])
})
