import { expect, test } from './support/test'
import { changePage, connection, failNext, find, FORM, PAGE, somebody, fillIn, leadOf, putAway } from './support/world'

const TOKEN = 'demo-token-fjordtak'

test('a page from nothing: connected, tested, broken, mended, and what waited arrives', async ({ visit, owner, expectComplaint }) => {
  test.setTimeout(120_000)
  // A token that Meta does not know is refused.
  expectComplaint(/422/)
  await connection(owner).disconnect()
  const waiting = somebody()
  const { page, t } = await visit('asha', { at: '/settings/meta' })
  try {
    await expect(page.getByRole('heading', { name: t('connect_status_none') })).toBeVisible()
    await page.getByRole('button', { name: t('connect_page_add') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel(t('connect_page_id'), { exact: true }).fill(PAGE)
    await sheet.getByLabel(t('connect_token'), { exact: true }).fill('not a token of that page')
    await sheet.getByRole('button', { name: t('connect_connect') }).click()
    await expect(sheet.getByText(t('connect_error_token_dead'))).toBeVisible()
    await sheet.getByLabel(t('connect_token'), { exact: true }).fill(TOKEN)
    await sheet.getByRole('button', { name: t('connect_connect') }).click()
    await expect(sheet).toBeHidden()

    const card = page.getByRole('region', { name: 'Fjordtak', exact: true })
    await card.getByRole('button', { name: t('connect_test') }).click()
    const steps = card.getByRole('list', { name: t('connect_checklist') }).getByRole('listitem')
    await expect(steps).toHaveCount(7)
    await expect(card.getByRole('status')).toHaveText(t('connect_test_good'))
    await expect(steps.filter({ hasText: t('connect_state_failed') })).toHaveCount(0)
    await expect(page.getByRole('heading', { name: t('connect_status_working') })).toBeVisible()

    // Whoever made the token changes their password. A lead that comes now waits.
    await changePage({ dead: 460 })
    await card.getByRole('button', { name: t('connect_test') }).click()
    await expect(card.getByText(t('connect_mend_token_password'), { exact: true })).toBeVisible()
    await expect(page.getByRole('heading', { name: t('connect_status_broken') })).toBeVisible()
    await fillIn([waiting])
    await expect.poll(async () => connection(owner).waiting()).toBe(1)
    expect(await find(owner, waiting)).toEqual([])

    await changePage({ token: 'made-anew' })
    await card.getByRole('button', { name: t('connect_token_replace') }).click()
    await sheet.getByLabel(t('connect_token'), { exact: true }).fill('made-anew')
    await sheet.getByRole('button', { name: t('connect_token_replace') }).click()
    await expect(sheet).toBeHidden()
    expect(await leadOf(owner, waiting)).toMatchObject({ full_name: waiting.full_name })
    await card.getByRole('button', { name: t('connect_test') }).click()
    await expect(card.getByRole('status')).toHaveText(t('connect_test_good'))
    await expect(page.getByRole('list', { name: t('connect_receipts') }).getByRole('link', { name: t('connect_receipt_lead') }).first()).toBeVisible()
  } finally {
    await changePage({})
    await connection(owner).connect(TOKEN)
    await putAway(owner, waiting)
  }
})

test('an answer goes elsewhere, seen on real leads before it counts', async ({ visit, owner, newLead }) => {
  const person = await newLead()
  await leadOf(owner, person)
  const { page, t } = await visit('asha', { at: '/settings/meta' })
  try {
    await page.getByRole('link', { name: /Gratis befaring/ }).click()
    const preview = page.getByRole('region', { name: t('connect_map_preview') })
    const seen = preview.getByRole('article').filter({ hasText: person.full_name })
    await expect(seen).toHaveCount(1)
    await page.getByRole('combobox', { name: t('connect_map_goes', { question: 'Fullt navn' }) }).selectOption('answer')
    await expect(page.getByText(t('connect_warn_no_name'))).toBeVisible()
    await expect(seen.getByText(t('connect_map_empty')).first()).toBeVisible()
    await page.getByRole('combobox', { name: t('connect_map_goes', { question: 'Fullt navn' }) }).selectOption('full_name')
    await page.getByRole('combobox', { name: t('connect_map_goes', { question: 'Når passer det at vi ringer?' }) }).selectOption('message')
    await page.getByRole('button', { name: t('connect_save') }).click()
    await expect(page.getByRole('status').filter({ hasText: t('connect_map_saved') })).toBeVisible()
    await page.getByRole('button', { name: t('connect_map_remap'), exact: true }).click()
    await expect.poll(async () => (await find(owner, person))[0]?.version).toBe(2)
  } finally {
    await connection(owner).decide(FORM, {})
  }
})

test('what was given up is replayed, once', async ({ visit, owner }) => {
  const person = somebody()
  try {
    await failNext('refused')
    await fillIn([person])
    const { page, t } = await visit('asha', { at: '/settings/meta' })
    await page.getByRole('radio', { name: t('connect_filter_failed') }).check()
    const receipt = page.getByRole('list', { name: t('connect_receipts') }).getByRole('listitem')
    await expect(receipt).toHaveCount(1)
    await expect(receipt).toContainText(t('connect_reason_refused'))
    await expect(page.getByRole('list', { name: t('connect_graveyard') }).getByText(t('connect_job_fetch_lead'))).toBeVisible()
    await receipt.getByRole('button', { name: /./ }).click()
    await leadOf(owner, person)
    await expect(receipt).toHaveCount(0)
    expect(await find(owner, person)).toHaveLength(1)
  } finally {
    await putAway(owner, person)
  }
})
