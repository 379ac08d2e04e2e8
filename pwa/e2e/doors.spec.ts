import { looksRight } from './support/look'
import { expect, test } from './support/test'
import { changePage, connection, find, leadOf, network, putAway, somebody } from './support/world'

test('a broken connection is told to everybody, with what mends it to the owner, and the banner goes by itself', async ({ visit, owner }) => {
  const agent = await visit('ravi')
  const mended = await visit('asha')
  await agent.live()
  await mended.live()
  try {
    await changePage({ dead: 460 })
    await owner.post('/api/connections/meta/pages/100200300400501/tests', { data: {} })
    const told = agent.page.getByRole('region', { name: agent.t('trouble_region') })
    await expect(told).toContainText('Fjordtak')
    await expect(told).toContainText(agent.t('trouble_told', { name: 'Asha Berg' }))
    await looksRight(agent.page, 'trouble-agent')
    const banner = mended.page.getByRole('region', { name: mended.t('trouble_region') })
    await expect(banner).toContainText(mended.t('connect_mend_token_password'))
    await looksRight(mended.page, 'trouble-owner')
    await banner.getByRole('link', { name: mended.t('trouble_mend') }).click()
    await expect(mended.page.getByRole('heading', { name: mended.t('connect_status_broken') })).toBeVisible()
  } finally {
    await changePage({})
    await connection(owner).connect('demo-token-fjordtak')
  }
  await expect(agent.page.getByRole('region', { name: agent.t('trouble_region') })).toBeHidden()
})

test('whoever answers for it sees that every lead of Meta is here (LP-080)', async ({ visit, newLead, owner }) => {
  await leadOf(owner, await newLead())
  const { page, t } = await visit('mats')
  await page.getByRole('link', { name: /Meta/ }).click()
  await expect(page.getByRole('heading', { level: 1, name: t('tally_title') })).toBeVisible()
  await expect(page.getByText(t('tally_same'))).toBeVisible()
  await looksRight(page, 'tally')
})

test('a person who calls is taken down with one tap from the inbox, also without a connection, and once', async ({ visit, owner, expectComplaint }) => {
  const person = somebody()
  expectComplaint(/ERR_(CONNECTION|CONTENT_LENGTH|INCOMPLETE|INTERNET|EMPTY|NETWORK|SOCKET)|WebSocket connection|5\d\d \(/)
  const { page, t, live } = await visit('ravi')
  await live()
  try {
    await page.getByRole('button', { name: t('entry_title') }).click()
    const sheet = page.getByRole('dialog')
    await expect(sheet.getByRole('textbox', { name: t('field_phone') })).toBeVisible()
    await network.cut()
    await sheet.getByRole('textbox', { name: t('field_phone') }).fill(person.phone)
    await sheet.getByLabel(t('field_name')).fill(person.full_name)
    await sheet.getByRole('checkbox', { name: t('entry_consent') }).check()
    await looksRight(page, 'entry')
    await sheet.getByRole('button', { name: t('entry_save') }).click()
    await expect(page.getByRole('listitem').filter({ hasText: person.full_name })).toBeVisible()
    await network.mend()
    expect(await leadOf(owner, person)).toMatchObject({ full_name: person.full_name, source: 'phone' })
    // Asked for again, they are here.
    await page.getByRole('button', { name: t('entry_title') }).click()
    await sheet.getByRole('textbox', { name: t('field_phone') }).fill(person.phone)
    await expect(sheet.getByText(t('entry_here', { name: person.full_name }))).toBeVisible()
    await looksRight(page, 'entry-here')
    await sheet.getByRole('button', { name: t('entry_add_enquiry') }).click()
    await expect.poll(async () => (await find(owner, person))[0]?.enquiry_count).toBe(2)
  } finally {
    await network.mend()
    await putAway(owner, person)
  }
})

test('a web form brings a lead, and what could not be read is read again by another mapping', async ({ visit, owner, playwright, expectComplaint }) => {
  const person = somebody()
  expectComplaint(/404 \(.*\/api\/sources\//) // when it is taken away at the end, the screen still shows it
  const { page, t } = await visit('asha', { at: '/settings/sources' })
  const stranger = await playwright.request.newContext()
  try {
    await page.getByRole('button', { name: t('source_add') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel(t('source_name')).fill('Landing page')
    await sheet.getByRole('button', { name: t('source_kind_form') }).click()
    await looksRight(page, 'source-new')
    await sheet.getByRole('button', { name: t('source_create') }).click()
    await expect(sheet.getByText(/\/webhooks\/leads\//).first()).toBeVisible()
    const address = await sheet.getByText(/^http\S+\/webhooks\/leads\/\S+$/).first().innerText()
    await sheet.getByRole('button', { name: t('source_copied_all') }).click()
    const sent = await stranger.post(address, { form: { who: person.full_name, ring: person.phone, leave_empty: '' } })
    expect(sent.status()).toBe(200)
    await page.getByRole('link', { name: /Landing page/ }).click()
    await expect(page.getByText(t('source_reason_no_contact'))).toBeVisible()
    await page.getByRole('combobox', { name: t('connect_map_goes', { question: 'ring' }) }).selectOption('phone')
    await page.getByRole('combobox', { name: t('connect_map_goes', { question: 'who' }) }).selectOption('full_name')
    await expect(page.getByRole('article').getByText(person.full_name).first()).toBeVisible()
    // The preview is of both decisions, and no longer dimmed.
    await expect(page.getByRole('article').getByText(t('field_phone'), { exact: true })).toBeVisible()
    await expect(page.getByRole('article').getByText(t('field_name'), { exact: true })).toBeVisible()
    await looksRight(page, 'source')
    await page.getByRole('button', { name: t('connect_save') }).click()
    await page.getByRole('button', { name: t('source_again') }).click()
    expect(await leadOf(owner, person)).toMatchObject({ full_name: person.full_name, source: 'form' })
  } finally {
    await stranger.dispose()
    await putAway(owner, person)
    const { items } = (await (await owner.get('/api/sources')).json()) as { items: { id: string }[] }
    for (const { id } of items) await owner.delete(`/api/sources/${id}`)
  }
})

test('a file of leads is seen before it counts, taken in, and taken back', async ({ visit, owner }) => {
  const [kari, ola] = [somebody(), somebody()]
  const { page, t } = await visit('mats', { at: '/settings/imports' })
  try {
    const file = `Navn;Telefon;Dato\n${kari.full_name};${kari.phone};20.01.2026\n${ola.full_name};${ola.phone};\nFeil;123;\n`
    await page.getByLabel(t('import_choose')).first().setInputFiles({ name: 'leads.csv', mimeType: 'text/csv', buffer: Buffer.from(file) })
    await expect(page.getByText(t('import_filed', { n: 1 }))).toBeVisible()
    await expect(page.getByText(t('error_phone_invalid'))).toBeVisible()
    await looksRight(page, 'import-check')
    expect(await find(owner, kari)).toEqual([])
    await page.getByRole('button', { name: t('import_start', { n: 2 }) }).click()
    await expect(page.getByRole('button', { name: t('import_undo') })).toBeVisible()
    await looksRight(page, 'import-done')
    const [lead] = await find(owner, ola)
    await owner.post(`/api/leads/${lead?.id ?? ''}/notes`, { data: { text: 'Ring' } })
    await page.getByRole('button', { name: t('import_undo') }).click()
    await expect(page.getByText(t('import_kept', { n: 1 }))).toBeVisible()
    expect(await find(owner, kari)).toEqual([])
  } finally {
    await putAway(owner, ola)
  }
})
