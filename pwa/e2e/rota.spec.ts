import { looksRight } from './support/look'
import { expect, test } from './support/test'
import { signedIn } from './support/world'

// Everybody's world: the next journey finds it as it was.
test.afterEach(async () => {
  const asha = await signedIn('asha@fjordtak.example')
  const { version } = (await (await asha.get('/api/distribution')).json()) as { version: number }
  await asha.put('/api/distribution', { headers: { 'If-Match': `"${version}"` }, data: { way: { kind: 'everybody' }, rules: [] } })
  const { items } = (await (await asha.get('/api/rota')).json()) as { items: { user_id: string; version: number }[] }
  for (const { user_id, version } of items) {
    await asha.delete(`/api/team/${user_id}/pause`)
    if (version === 0) continue
    const data = { schedule: null, away: [], takes_leads: true, weight: 1, capacity: null }
    const answer = await asha.put(`/api/team/${user_id}/shift`, { headers: { 'If-Match': `"${version}"` }, data })
    expect(answer.ok(), await answer.text()).toBe(true)
  }
  await asha.dispose()
})

test('one tap goes on a break and one comes back, and the manager sees it at once (LP-031)', async ({ visit }) => {
  const ravi = await visit('ravi', { at: '/profile' })
  const mats = await visit('mats', { at: '/settings/rota' })
  const { t } = ravi
  await mats.live()
  const row = mats.page.getByRole('link', { name: /Ravi Solheim/ })
  await expect(row).toContainText(t('rota_there'))

  await ravi.page.getByRole('button', { name: t('rota_pause', { n: 30 }) }).click()
  await expect(ravi.page.getByRole('button', { name: t('rota_i_am_back') })).toBeVisible()
  await expect(row).toContainText(t('rota_paused_until', { when: '' }).trim())
  await looksRight(ravi.page, 'profile-paused')
  await ravi.page.getByRole('button', { name: t('rota_i_am_back') }).click()
  await expect(row).toContainText(t('rota_there'))

  // Until one comes back, whenever that is.
  await ravi.page.getByRole('button', { name: t('rota_pause_other') }).click()
  await ravi.page.getByRole('dialog').getByRole('button', { name: t('rota_until_back') }).click()
  await expect(row).toContainText(t('rota_paused'))
})

test('shifts with a gap show it, and part and room are the manager’s to say', async ({ visit }) => {
  const ravi = await visit('ravi', { at: '/settings/shift' })
  const { page, t } = ravi
  await page.getByRole('button', { name: t('rota_own_hours') }).click()
  const week = page.getByRole('region', { name: t('hours_week') })
  await expect(week.getByRole('listitem').last()).toContainText(t('rota_day_off'))
  await page.getByRole('button', { name: t('rota_away_add') }).click()
  await page.getByRole('dialog').getByRole('button', { name: t('save') }).click()
  await expect(page.getByRole('region', { name: t('rota_away') }).getByRole('listitem')).not.toContainText(t('rota_away_none'))
  await looksRight(page, 'shift-own')

  const mats = await visit('mats', { at: '/settings/rota' })
  await mats.page.getByRole('link', { name: /Ravi Solheim/ }).click()
  await expect(mats.page.getByRole('heading', { level: 1, name: 'Ravi Solheim' })).toBeVisible()
  await mats.page.getByRole('button', { name: t('rota_weight_more'), exact: true }).click()
  await expect(mats.page.getByRole('status', { name: t('rota_weight') })).toHaveText('2')
  await mats.page.getByRole('button', { name: '5', exact: true }).click()
  await expect(mats.page.getByRole('button', { name: '5', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect(mats.page.getByRole('checkbox', { name: t('rota_takes_leads') })).toBeChecked()
})

test('the owner tries out who would get a lead, and then they get it', async ({ visit, newLead }) => {
  const asha = await visit('asha', { at: '/profile' })
  const { page, t } = asha
  await page.getByRole('link', { name: new RegExp(t('give_title')) }).click()
  const preview = page.getByRole('region', { name: t('give_preview') })
  await expect(preview).toContainText(t('give_preview_told', { people: '' }).trim())

  await page.getByRole('button', { name: t('give_rule_add') }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel(t('give_areas')).fill('99-1')
  await expect(sheet.getByText(t('give_area_wrong', { area: '99-1' }))).toBeVisible()
  await sheet.getByLabel(t('give_areas')).fill('0150-0299, 50*')
  await sheet.getByRole('radio', { name: new RegExp(t('give_person')) }).check()
  await sheet.getByRole('button', { name: 'Ravi Solheim' }).click()
  await looksRight(page, 'distribution-rule')
  await sheet.getByRole('button', { name: t('give_rule_done') }).click()
  await preview.getByLabel(t('give_postcode')).fill('5003')
  await expect(preview.getByText('Ravi Solheim')).toBeVisible()
  await expect(preview).toContainText(t('give_because_rule', { n: 1 }))
  await page.getByRole('button', { name: t('save') }).click()
  await expect(page.getByRole('button', { name: t('save') })).toBeHidden()
  await page.reload()
  await expect(page.getByRole('region', { name: t('give_rules') }).getByRole('listitem')).toContainText('Ravi Solheim')
  await looksRight(page, 'distribution')

  // Whoever undoes a removal has it back.
  await page.getByRole('button', { name: t('give_rule_remove', { n: 1 }) }).click()
  await page.getByRole('button', { name: t('undo') }).click()
  await expect(page.getByRole('region', { name: t('give_rules') }).getByRole('listitem')).toContainText('Ravi Solheim')
  await newLead()
})

test('a lead says how good it looks and why, and the rules are tried before they hold (LP-032)', async ({ visit, newLead }) => {
  const person = await newLead()
  const ravi = await visit('ravi', { at: '/?view=best' })
  const { t } = ravi
  await ravi.page.getByRole('link', { name: person.full_name }).click()
  await ravi.page.locator('summary').filter({ hasText: t('score_named', { n: '' }).split(' ')[0] ?? '' }).click()
  await expect(ravi.page.getByText(t('score_phone_valid'))).toBeVisible()
  await looksRight(ravi.page, 'lead-score')

  const asha = await visit('asha', { at: '/settings/scoring' })
  const { page } = asha
  await expect(page.getByText(t('score_preview_same'))).toBeVisible()
  await page.getByRole('button', { name: t('score_remove', { n: 1 }) }).click()
  await expect(page.getByText(t('score_preview_some', { n: '', all: '' }).split(':')[0] ?? '', { exact: false })).toBeVisible()
  await looksRight(page, 'scoring')
  await page.getByRole('button', { name: t('score_discard') }).click()
  await expect(page.getByText(t('score_preview_same'))).toBeVisible()
})
