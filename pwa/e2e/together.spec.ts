import { expect, row, test } from './support/test'
import { leadOf } from './support/world'

test('two reach for one lead: one has it, the other sees who', async ({ visit, newLead, owner, expectComplaint }) => {
  expectComplaint(/409.*\/claim$/)
  const person = await newLead()
  const { id } = await leadOf(owner, person)
  const visits = [await visit('ravi', { at: `/leads/${id}` }), await visit('ingrid', { at: `/leads/${id}`, theme: 'dark' })]
  const buttons = visits.map(({ page, t }) => page.getByRole('button', { name: t('action_claim') }))
  for (const button of buttons) await expect(button).toBeVisible()
  await Promise.all(visits.map(({ live }) => live()))

  // Neither claim leaves before both have tapped: otherwise the first one's news may take the button from under the second.
  const tapped = visits.map(({ page }) => page.waitForRequest(/\/claim$/))
  for (const { context } of visits) {
    await context.route(/\/claim$/, async (route) => {
      await Promise.all(tapped)
      await route.continue()
    })
  }
  await Promise.all(buttons.map((button) => button.click()))

  const names = ['Ravi Solheim', 'Ingrid Vik']
  const team = (await (await owner.get('/api/team')).json()) as { items: { id: string; name: string }[] }
  await expect.poll(async () => (await leadOf(owner, person)).assignee_id).not.toBeNull()
  const { assignee_id } = await leadOf(owner, person)
  const winner = names.indexOf(team.items.find((one) => one.id === assignee_id)?.name ?? '')
  expect(winner).toBeGreaterThanOrEqual(0)

  for (const [index, { page, t, notReloaded }] of visits.entries()) {
    const lead = page.getByRole('region', { name: person.full_name })
    await expect(page.getByRole('button', { name: t('action_claim') })).toBeHidden()
    if (index === winner) {
      await expect(page.getByRole('status').filter({ hasText: t('toast_claimed', { name: person.full_name }) })).toBeVisible()
      await expect(lead.locator('header')).toContainText(t('yours'))
    } else {
      await expect(page.getByRole('alert').filter({ hasText: t('error_claimed') })).toBeVisible()
      await expect(lead.locator('header')).toContainText(names[winner] ?? '')
    }
    const claimed = page.getByRole('region', { name: t('timeline') }).getByRole('listitem').filter({ hasText: t('did_claim') })
    await expect(claimed).toHaveCount(1)
    await expect(claimed).toContainText(names[winner] ?? '')
    await notReloaded()
  }
})

test('what one does the other sees at once, and no lead twice', async ({ visit, newLead, owner }) => {
  const ravi = await visit('ravi', { at: '/?view=all' })
  const ingrid = await visit('ingrid', { at: '/?view=all' })
  await Promise.all([ravi.live(), ingrid.live()])
  const person = await newLead()
  for (const { page } of [ravi, ingrid]) await expect(row(page, person)).toHaveCount(1)

  await row(ingrid.page, person).getByRole('button', { name: ingrid.t('action_call_name', { name: person.full_name }) }).click()
  await expect(row(ravi.page, person)).toContainText(ravi.t('assigned_to', { name: 'Ingrid Vik' }))
  await expect(row(ravi.page, person)).toContainText('1×')

  const lead = await leadOf(owner, person)
  await ravi.page.getByRole('link', { name: person.full_name, exact: true }).click()
  const timeline = ravi.page.getByRole('region', { name: ravi.t('timeline') }).getByRole('listitem')
  await expect(timeline.filter({ hasText: ravi.t('did_call') })).toHaveCount(1)

  const status = await ingrid.context.request.patch(`/api/leads/${lead.id}`, {
    headers: { 'If-Match': `"${lead.version}"`, 'Sec-Fetch-Site': 'same-origin' },
    data: { status: 'contacted' },
  })
  expect(status.ok()).toBe(true)
  await expect(ravi.page.getByRole('region', { name: person.full_name }).locator('header')).toContainText(ravi.t('status_contacted'))
  await expect(timeline.filter({ hasText: ravi.t('did_status', { status: ravi.t('status_contacted') }) })).toHaveCount(1)
  await expect(row(ingrid.page, person)).toHaveCount(1)
  await expect(row(ingrid.page, person)).toContainText(ingrid.t('status_contacted'))
  await ravi.notReloaded()
})
