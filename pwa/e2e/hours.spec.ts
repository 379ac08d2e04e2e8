import { looksRight } from './support/look'
import { expect, test } from './support/test'
import { signedIn } from './support/world'

// Everybody's world: the next journey finds it as it was.
test.afterEach(async () => {
  const asha = await signedIn('asha@fjordtak.example')
  const { version } = (await (await asha.get('/api/sla')).json()) as { version: number }
  const answer = await asha.put('/api/sla', { headers: { 'If-Match': `"${version}"` }, data: { minutes: 15, schedule: null } })
  expect(answer.ok(), await answer.text()).toBe(true)
  await asha.dispose()
})

test('the owner says when somebody is there, and a lead of a closed day waits calmly (LP-029)', async ({ visit, newLead }) => {
  const { page, t, live } = await visit('asha', { at: '/profile' })
  await page.getByRole('link', { name: new RegExp(t('hours_title')) }).click()
  await expect(page.getByRole('heading', { level: 1, name: t('hours_title') })).toBeVisible()
  await page.getByRole('button', { name: t('hours_by_schedule') }).click()
  const week = page.getByRole('region', { name: t('hours_week') })
  await expect(week.getByRole('listitem')).toHaveCount(7)
  await expect(week.getByRole('listitem').last()).toContainText(t('hours_closed'))

  // A lunch break for everybody from Monday to Friday.
  await week.getByRole('button').first().click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel(t('hours_to')).fill('07:00')
  await expect(sheet.getByText(t('hours_backwards'))).toBeVisible()
  await expect(sheet.getByRole('button', { name: t('save') })).toBeDisabled()
  await sheet.getByLabel(t('hours_to')).fill('12:00')
  await sheet.getByRole('button', { name: t('hours_interval_add') }).click()
  await expect(sheet.getByLabel(t('hours_from')).nth(1)).toHaveValue('13:00')
  await sheet.getByRole('checkbox', { name: t('hours_same') }).check()
  await looksRight(page, 'hours-day')
  await sheet.getByRole('button', { name: t('save') }).click()
  await expect(week.getByText('08:00–12:00, 13:00–16:00')).toHaveCount(5)

  // Closed today, whatever day it is.
  const own = page.getByRole('region', { name: t('hours_days') })
  await own.getByRole('button', { name: t('hours_day_add') }).click()
  const today = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Oslo' }).format(new Date())
  await sheet.getByLabel(t('hours_day'), { exact: true }).fill(today)
  await sheet.getByRole('button', { name: t('save') }).click()
  await expect(own.getByRole('listitem')).toContainText(t('hours_closed'))
  const saved = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.ok())
  await page.getByRole('button', { name: t('unit_minutes', { n: 5 }), exact: true }).click()
  await saved
  await page.reload()
  await expect(page.getByRole('button', { name: t('unit_minutes', { n: 5 }), exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect(week.getByText('08:00–12:00, 13:00–16:00')).toHaveCount(5)
  await looksRight(page, 'hours')

  // The phone's own words about a lead that came meanwhile.
  await page.goto('/?view=all')
  await live()
  const person = await newLead()
  await expect(page.getByRole('listitem').filter({ hasText: person.full_name })).toContainText(t('ring_opens', { time: '' }).trim())
})
