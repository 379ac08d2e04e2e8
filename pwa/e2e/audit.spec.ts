import { expect, test } from './support/test'
import { leadOf } from './support/world'

test('the owner sees who did and saw what with a lead, and the others do not (LP-064)', async ({ visit, newLead, owner }) => {
  const person = await newLead()
  const lead = await leadOf(owner, person)
  const agent = await visit('ravi', { at: `/leads/${lead.id}` })
  await agent.page.getByRole('button', { name: agent.t('action_claim') }).click()
  await expect(agent.page.getByText(agent.t('audit_seen_by'))).toHaveCount(0)
  await expect.poll(async () => (await leadOf(owner, person)).assignee_id).not.toBeNull()

  const { page, t } = await visit('asha', { at: `/leads/${lead.id}` })
  await page.getByRole('link', { name: t('audit_seen_by') }).click()
  await expect(page.getByRole('heading', { level: 1, name: t('audit_title') })).toBeVisible()
  await expect(page).toHaveURL(new RegExp(`lead=${lead.id}`))
  const lines = page.getByRole('main').getByRole('listitem')
  await expect(lines.filter({ hasText: `Ravi Solheim ${t('audit_did_view')}` })).toHaveCount(1)
  await expect(lines.filter({ hasText: `Asha Berg ${t('audit_did_view')}` })).toHaveCount(1)
  await expect(lines.filter({ hasText: t('did_claim') })).toContainText(/Chrome|Safari/)
  await expect(lines.last()).toContainText(t('did_captured'))
  await expect(page.getByRole('button', { name: person.full_name })).toBeVisible()

  await page.getByRole('button', { name: t('filters'), exact: true }).click()
  const sheet = page.getByRole('dialog', { name: t('filters') })
  await sheet.getByRole('button', { name: t('audit_group_views') }).click()
  await sheet.getByRole('button', { name: t('filters_show') }).click()
  await expect(lines).toHaveCount(2)
  await page.getByRole('button', { name: t('audit_of_lead_end') }).click()
  await expect(lines.filter({ hasText: t('audit_did_read') }).first()).toBeVisible()
  await lines.getByRole('link', { name: person.full_name }).first().click()
  await expect(page).toHaveURL(new RegExp(`/leads/${lead.id}`))

  await agent.page.goto('/settings/audit')
  await expect(agent.page).toHaveURL(/\/$/)
})
