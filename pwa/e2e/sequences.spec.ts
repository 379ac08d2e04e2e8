import { looksRight } from './support/look'
import { expect, test } from './support/test'
import { signedIn, someLeads } from './support/world'

// Everybody's world: the next journey finds it as it was.
test.afterEach(async () => {
  const asha = await signedIn('asha@fjordtak.example')
  const { items } = (await (await asha.get('/api/sequences')).json()) as { items: { id: string }[] }
  for (const { id } of items) await asha.delete(`/api/sequences/${id}`)
  await asha.dispose()
})

test('the owner writes a follow-up, sees what it would say, and stops it on a lead (LP-030)', async ({ visit, owner }) => {
  const { page, t, live } = await visit('asha', { at: '/settings/sequences' })
  await expect(page.getByText(t('sequence_none'), { exact: true })).toBeVisible()
  await looksRight(page, 'sequences-none')
  await page.getByRole('link', { name: t('sequence_new') }).click()
  await page.getByLabel(t('sequence_name')).fill('Etter ubesvart')
  await page.getByRole('button', { name: t('sequence_trigger_by_hand') }).click()

  // A place that is misspelt is told at its step.
  const first = page.getByRole('listitem', { name: t('sequence_step', { n: 1 }) })
  await first.getByLabel(t('sequence_text'), { exact: true }).fill('Hei {{ fornavn }}')
  await page.getByRole('button', { name: t('save') }).click()
  await expect(first.getByText(t('sequence_error_place'))).toBeVisible()
  await first.getByLabel(t('sequence_text'), { exact: true }).fill('Hei ')
  await first.getByRole('button', { name: t('sequence_place_first_name') }).click()
  await expect(first.getByLabel(t('sequence_text'), { exact: true })).toHaveValue('Hei {{ first_name }}')
  await first.getByLabel(t('sequence_delay_first')).selectOption({ label: t('sequence_after_hours', { n: 4 }) })
  await page.getByRole('button', { name: t('sequence_step_add') }).click()
  const second = page.getByRole('listitem', { name: t('sequence_step', { n: 2 }) })
  await second.getByText(t('sequence_task'), { exact: true }).click()
  await second.getByLabel(t('sequence_task_text')).fill('Ring en gang til')
  await looksRight(page, 'sequence')

  await page.getByRole('button', { name: t('sequence_preview') }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByText('Ring en gang til')).toBeVisible()
  await looksRight(page, 'sequence-preview')
  await sheet.getByRole('button', { name: t('close') }).click()
  await page.getByRole('button', { name: t('save') }).click()
  await expect(page.getByRole('link', { name: /Etter ubesvart/ })).toBeVisible()
  await looksRight(page, 'sequences')

  const { fresh } = await someLeads(owner)
  await page.goto(`/leads/${fresh}`)
  await live()
  await page.getByRole('button', { name: t('sequence_begin') }).click()
  await page.getByRole('dialog').getByRole('button', { name: /Etter ubesvart/ }).click()
  const card = page.getByRole('region', { name: t('sequence_title') })
  await expect(card.getByText(t('sequence_in', { name: 'Etter ubesvart' }))).toBeVisible()
  await looksRight(page, 'lead-sequence')
  await card.getByRole('button', { name: t('sequence_stop') }).click()
  await expect(card.getByText(t('sequence_why_by_hand'), { exact: false })).toBeVisible()
})

test('the owner says as whom messages are sent, and who gets none', async ({ visit }) => {
  const { page, t } = await visit('asha', { at: '/settings/messages' })
  const sender = page.getByLabel(t('sending_sender'))
  await sender.fill('Fjord & Tak')
  await page.getByRole('button', { name: t('save') }).click()
  await expect(page.getByText(t('sending_sender_invalid'))).toBeVisible()
  await sender.fill('Fjord Tak')
  await page.getByRole('button', { name: t('save') }).click()
  await expect(page.getByText(t('toast_saved'))).toBeVisible()
  await page.getByRole('button', { name: t('sending_list_add') }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel(t('field_phone')).fill('912 34 567')
  await looksRight(page, 'suppression')
  await sheet.getByRole('button', { name: t('sending_list_add') }).click()
  const list = page.getByRole('region', { name: t('sending_list') })
  await expect(list.getByText('+47******67')).toBeVisible()
  await looksRight(page, 'sending')
  await list.getByRole('button', { name: t('sending_list_remove', { address: '+47******67' }) }).click()
  await expect(list.getByText(t('sending_list_none'))).toBeVisible()
  await sender.fill('')
  await page.getByRole('button', { name: t('save') }).click()
  await expect(sender).toHaveValue('')
})
