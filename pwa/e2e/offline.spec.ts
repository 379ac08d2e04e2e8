import type { APIRequestContext, BrowserContext, Page } from '@playwright/test'
import { looksRight } from './support/look'
import { awayAndBack, expect, row, test, type Visit } from './support/test'
import { history, leadOf, network, server, signedIn, type Lead, type Person } from './support/world'
import type { Words } from './support/words'

// LP-034. The server is killed by its process id: the browser's own switch would tell the page, which a dead server does not.

test.skip(({ isMobile }) => !isMobile, 'the phone is what loses its connection')
test.setTimeout(90_000)

test.afterEach(async () => {
  await network.mend()
  await server.start()
})

/** Of a server that is gone, also in the middle of a file. */
const NOBODY = /ERR_(CONNECTION|CONTENT_LENGTH|INCOMPLETE|INTERNET|EMPTY|NETWORK|SOCKET)|WebSocket connection|(401|412|5\d\d) \(/

/** The worker has the app's files: from now on it opens without a server. */
async function installed(page: Page): Promise<void> {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
}

async function openLead(page: Page, person: Person): Promise<void> {
  await page.getByRole('link', { name: person.full_name, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: person.full_name })).toBeVisible()
  await expect(page.getByRole('list').filter({ has: page.locator('time') }).first()).toBeVisible()
}

async function writeNote(page: Page, t: Words, text: string): Promise<void> {
  await page.getByLabel(t('note_label')).fill(text)
  await page.getByRole('button', { name: t('note_save') }).click()
}

const timeline = (page: Page, t: Words) => page.getByRole('region', { name: t('timeline') }).getByRole('listitem')

/** The copies are on the disk; what is not there cannot be shown without a server. */
async function kept(page: Page, id: string): Promise<void> {
  await page.waitForFunction(
    (lead) =>
      new Promise<boolean>((resolve) => {
        const asked = indexedDB.open('nextmove')
        asked.onerror = () => resolve(false)
        asked.onsuccess = () => {
          const all = asked.result.transaction('reads').objectStore('reads').getAllKeys()
          all.onsuccess = () => {
            asked.result.close()
            const ids = all.result.map((key) => String((key as string[])[1]))
            resolve(ids.some((one) => one.includes(`"timeline","${lead}"`)) && ids.some((one) => one.includes(`"detail","${lead}"`)) && ids.some((one) => one.includes('"list"')))
          }
        }
      }),
    id,
    { polling: 200 },
  )
}

/** How many of the phone's changes the server has not answered yet. */
async function waiting(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const asked = indexedDB.open('nextmove')
        asked.onerror = () => reject(new Error('no database'))
        asked.onsuccess = () => {
          const count = asked.result.transaction('outbox').objectStore('outbox').count()
          count.onsuccess = () => {
            asked.result.close()
            resolve(count.result)
          }
        }
      }),
  )
}

/** A phone with the app's files on it, a new lead opened, and copies of both on the disk. */
async function withOpenLead(visit: (who: 'ravi', options: { at: string }) => Promise<Visit>, newLead: () => Promise<Person>, owner: APIRequestContext) {
  const visited = await visit('ravi', { at: '/?view=all' })
  const { page } = visited
  await visited.live()
  await installed(page)
  const person = await newLead()
  await expect(row(page, person)).toHaveCount(1)
  const lead = await leadOf(owner, person)
  await openLead(page, person)
  await kept(page, lead.id)
  return { ...visited, person, lead }
}

test('killed server, reload, closed app: everything arrives exactly once', async ({ visit, newLead, owner, expectComplaint }) => {
  expectComplaint(NOBODY)
  const { page, context, t, journal, person, lead } = await withOpenLead(visit, newLead, owner)

  await server.kill()
  await page.getByRole('navigation', { name: t('contact_bar', { name: person.full_name }) }).getByRole('button', { name: t('channel_call') }).click()
  await expect.poll(journal).toContain(`tel:${person.phone}`)
  await awayAndBack(page)
  await page.getByRole('dialog', { name: t('outcome_title', { name: person.full_name }) }).getByRole('button', { name: t('outcome_reached') }).click()
  await page.getByRole('dialog', { name: t('next_title') }).getByRole('button', { name: t('status_won') }).click()
  await writeNote(page, t, 'Wants it before Christmas')
  await expect(timeline(page, t).filter({ hasText: 'Wants it before Christmas' })).toContainText(t('offline_mark'))

  // Loaded anew, with nobody there to ask.
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: person.full_name })).toBeVisible()
  await expect(timeline(page, t).filter({ hasText: 'Wants it before Christmas' })).toHaveCount(1)
  await looksRight(page, 'offline-lead')
  await expect(timeline(page, t).filter({ hasText: `${t('did_call')} · ${t('outcome_reached')}` })).toContainText(t('offline_mark'))
  await expect(page.getByRole('button', { name: /4/ }).filter({ hasText: t('offline_queued', { n: 4 }) })).toBeVisible()

  // The app is closed, and opened again.
  await page.close()
  const again = await context.newPage()
  await again.goto('/?view=all')
  await expect(row(again, person)).toHaveCount(1)
  await expect(row(again, person)).toContainText(t('status_won'))
  await again.getByRole('button', { name: t('offline_queued', { n: 4 }) }).click()
  const sheet = again.getByRole('dialog', { name: t('offline_title') })
  await expect(sheet.getByRole('listitem')).toHaveCount(4)
  await looksRight(again, 'offline-waiting')
  await sheet.getByRole('button', { name: t('close') }).click()

  await server.start()
  await expect.poll(() => waiting(again), { timeout: 40_000 }).toBe(0)
  await expect(again.getByText(t('offline_queued', { n: 4 }))).toBeHidden()
  expect((await leadOf(owner, person)).status).toBe('won')
  const items = await history(owner, lead.id)
  const calls = items.filter((item) => item.kind === 'attempt')
  expect(calls).toHaveLength(1)
  expect(calls[0]?.attempt?.outcome).toBe('reached')
  expect(Date.parse(calls[0]?.attempt?.stored_at ?? ''), 'told later than done').toBeGreaterThan(Date.parse(calls[0]?.attempt?.started_at ?? ''))
  expect(items.filter((item) => item.text === 'Wants it before Christmas')).toHaveLength(1)
  expect(items.filter((item) => item.kind === 'status' && item.to === 'won')).toHaveLength(1)
  expect((await leadOf(owner, person)).attempt_count).toBe(1)
})

test('the answer is lost after the server has done it: it is done once', async ({ visit, newLead, owner, expectComplaint }) => {
  expectComplaint(NOBODY)
  const { page, t, live, journal } = await visit('ravi', { at: '/?view=all' })
  await live()
  await installed(page)
  const person = await newLead()
  await expect(row(page, person)).toHaveCount(1)
  const lead = await leadOf(owner, person)
  await openLead(page, person)

  await network.deafen()
  await page.getByRole('navigation', { name: t('contact_bar', { name: person.full_name }) }).getByRole('button', { name: t('channel_sms') }).click()
  await expect.poll(async () => (await journal()).some((entry) => entry.startsWith('sms:'))).toBe(true)
  await writeNote(page, t, 'Sent her the brochure')
  await expect(timeline(page, t).filter({ hasText: 'Sent her the brochure' })).toContainText(t('offline_mark'))
  await network.mend()

  await expect(page.getByText(t('offline_mark'))).toHaveCount(0, { timeout: 40_000 })
  const items = await history(owner, lead.id)
  expect(items.filter((item) => item.kind === 'attempt')).toHaveLength(1)
  expect(items.filter((item) => item.kind === 'note')).toHaveLength(1)
  expect((await leadOf(owner, person)).attempt_count).toBe(1)
})

for (const choice of ['mine', 'theirs', 'edit'] as const) {
  test(`a colleague changed it meanwhile: both versions are shown, chosen: ${choice}`, async ({ visit, newLead, owner, expectComplaint }) => {
    expectComplaint(NOBODY)
    const { page, context, t, lead } = await withOpenLead(visit, newLead, owner)

    await server.kill()
    await page.getByRole('button', { name: t('action_edit') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel(t('field_service')).fill('Heat pump')
    await sheet.getByRole('button', { name: t('save') }).click()
    await expect(sheet).toBeHidden()
    await writeNote(page, t, 'Asked for a heat pump')
    await expect(timeline(page, t).filter({ hasText: 'Asked for a heat pump' })).toHaveCount(1)
    await page.close()
    await server.start()
    await changed(lead, { service: 'Solar panels' })

    const again = await context.newPage()
    await again.goto(`/leads/${lead.id}`)
    await expect(again.getByText(t('offline_lead_conflict'))).toBeVisible({ timeout: 40_000 })
    await again.getByRole('button', { name: t('offline_decide'), exact: true }).click()
    const conflict = again.getByRole('dialog', { name: t('conflict_title') })
    await expect(conflict.getByRole('cell', { name: 'Heat pump' })).toBeVisible()
    await expect(conflict.getByRole('cell', { name: 'Solar panels' })).toBeVisible()
    await expect(conflict).toContainText('Ingrid')
    if (choice === 'mine') await looksRight(again, 'offline-conflict')
    // What comes after it waits for the decision.
    expect((await history(owner, lead.id)).filter((item) => item.kind === 'note')).toHaveLength(0)

    if (choice === 'mine') await conflict.getByRole('button', { name: t('conflict_keep_mine') }).click()
    if (choice === 'theirs') await conflict.getByRole('button', { name: t('conflict_keep_theirs') }).click()
    if (choice === 'edit') {
      await conflict.getByRole('button', { name: t('conflict_edit') }).click()
      const edit = again.getByRole('dialog', { name: t('conflict_edit') })
      await edit.getByLabel(t('field_service')).fill('Heat pump and solar')
      await edit.getByRole('button', { name: t('save') }).click()
    }
    const expected = { mine: 'Heat pump', theirs: 'Solar panels', edit: 'Heat pump and solar' }[choice]
    await expect.poll(async () => (await history(owner, lead.id)).filter((item) => item.kind === 'note').length).toBe(1)
    await expect.poll(async () => serviceOf(owner, lead)).toBe(expected)
    await expect(again.getByText(t('offline_lead_conflict'))).toBeHidden()
    await expect(again.getByText(expected).first()).toBeVisible()
  })
}

/** Ingrid changes the lead as it is now. */
async function changed(lead: Lead, change: Record<string, unknown>): Promise<void> {
  const ingrid = await signedIn('ingrid@fjordtak.example')
  const now = (await (await ingrid.get(`/api/leads/${lead.id}`)).json()) as Lead
  const answer = await ingrid.patch(`/api/leads/${lead.id}`, { headers: { 'If-Match': `"${now.version}"` }, data: change })
  expect(answer.ok(), await answer.text()).toBe(true)
  await ingrid.dispose()
}

async function serviceOf(api: APIRequestContext, lead: Lead): Promise<string | null> {
  return ((await (await api.get(`/api/leads/${lead.id}`)).json()) as { service: string | null }).service
}

test('the session ended meanwhile: it waits, closed, until the same person signs in again', async ({ visit, newLead, owner, expectComplaint }) => {
  expectComplaint(NOBODY)
  const { page, context, t, person, lead } = await withOpenLead(visit, newLead, owner)
  await server.kill()
  await writeNote(page, t, 'The dog bites')
  await expect(timeline(page, t).filter({ hasText: 'The dog bites' })).toContainText(t('offline_mark'))
  await page.close()
  await server.start()
  const ended = await context.request.delete('/api/session', { headers: { Origin: new URL(page.url()).origin } })
  expect(ended.status()).toBe(204)

  const again = await context.newPage()
  await again.goto('/')
  await again.getByRole('button', { name: /Ingrid/ }).click()
  await expect(again.getByRole('heading', { level: 1, name: t('nav_inbox') })).toBeVisible()
  await nothingReadable(context, again, person)
  expect((await history(owner, lead.id)).filter((item) => item.kind === 'note')).toHaveLength(0)
  await again.getByRole('link', { name: t('nav_profile') }).click()
  await again.getByRole('button', { name: t('sign_out') }).click()
  await again.getByRole('button', { name: /Ravi/ }).click()
  await expect.poll(async () => (await history(owner, lead.id)).filter((item) => item.text === 'The dog bites').length, { timeout: 30_000 }).toBe(1)
  const note = (await history(owner, lead.id)).find((item) => item.text === 'The dog bites')
  expect(note?.user_id, "under Ravi's name").not.toBeNull()
})

/** Whoever signs in next opens nothing that the one before left. */
async function nothingReadable(context: BrowserContext, page: Page, person: Person): Promise<void> {
  const found = await page.evaluate(async (name) => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const asked = indexedDB.open('nextmove')
      asked.onsuccess = () => resolve(asked.result)
      asked.onerror = () => reject(new Error('no database'))
    })
    const all = (store: string) =>
      new Promise<Record<string, unknown>[]>((resolve) => {
        const asked = db.transaction(store).objectStore(store).getAll()
        asked.onsuccess = () => resolve(asked.result as Record<string, unknown>[])
      })
    const text = new TextDecoder('latin1')
    const rows = await all('outbox')
    const readable = [...rows, ...(await all('reads'))].filter((one) => text.decode(one.data as ArrayBuffer).includes(name))
    const keys = (await all('keys')) as unknown as { key: CryptoKey; owner: string }[]
    const opened = []
    for (const one of rows) {
      for (const { key } of keys) {
        await crypto.subtle.decrypt({ name: 'AES-GCM', iv: one.iv as Uint8Array<ArrayBuffer> }, key, one.data as ArrayBuffer).then(() => opened.push(one), () => {})
      }
    }
    db.close()
    return { rows: rows.length, readable: readable.length, opened: opened.length, exportable: keys.some(({ key }) => key.extractable) }
  }, person.full_name)
  expect(found).toEqual({ rows: 1, readable: 0, opened: 0, exportable: false })
  expect(context.pages().length).toBeGreaterThan(0)
}

test('two windows of one person send everything once', async ({ visit, newLead, owner, expectComplaint }) => {
  expectComplaint(NOBODY)
  const { page, context, t, journal, lead } = await withOpenLead(visit, newLead, owner)
  await server.kill()
  const notes = ['one', 'two', 'three']
  for (const text of notes) await writeNote(page, t, text)
  for (const text of notes) await expect(timeline(page, t).filter({ hasText: text })).toHaveCount(1)
  const second = await context.newPage()
  await second.goto(`/leads/${lead.id}`)
  for (const text of notes) await expect(timeline(second, t).filter({ hasText: text })).toHaveCount(1)

  await server.start()
  await expect.poll(async () => (await history(owner, lead.id)).filter((item) => item.kind === 'note').length, { timeout: 40_000 }).toBe(3)
  await expect(page.getByText(t('offline_mark'))).toHaveCount(0)
  await expect(second.getByText(t('offline_mark'))).toHaveCount(0)
  const sent = [...(await journal()), ...(await second.evaluate(() => (window as unknown as { journal: string[] }).journal))]
  expect(sent.filter((entry) => entry.endsWith('/notes 201'))).toHaveLength(3)
  expect((await history(owner, lead.id)).filter((item) => item.kind === 'note').map((item) => item.text)).toEqual([...notes].reverse())
})

test('the app is closed when the server comes back: the worker alone sends what waits', async ({ visit, newLead, owner, expectComplaint }) => {
  expectComplaint(NOBODY)
  const { page, context, t, lead } = await withOpenLead(visit, newLead, owner)
  // A drawing of the same origin: it runs nothing of the app.
  const beside = await context.newPage()
  await beside.goto('/icons/logo.svg')
  const browser = await context.newCDPSession(beside)
  const registration = new Promise<string>((resolve) => {
    browser.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [found] = registrations.filter(({ isDeleted }) => !isDeleted)
      if (found) resolve(found.registrationId)
    })
  })
  await browser.send('ServiceWorker.enable')
  const registrationId = await registration
  const origin = new URL(page.url()).origin

  await server.kill()
  await writeNote(page, t, 'Gate code 4711')
  await expect(timeline(page, t).filter({ hasText: 'Gate code 4711' })).toContainText(t('offline_mark'))
  await page.close()
  await server.start()
  expect((await history(owner, lead.id)).filter((item) => item.kind === 'note')).toHaveLength(0)
  // As the browser does once the network is back.
  await browser.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag: 'outbox', lastChance: false })
  await expect.poll(async () => (await history(owner, lead.id)).filter((item) => item.text === 'Gate code 4711').length, { timeout: 20_000 }).toBe(1)
})
