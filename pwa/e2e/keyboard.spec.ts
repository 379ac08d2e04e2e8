import type { Locator, Page } from '@playwright/test'
import { expect, test } from './support/test'
import { find, putAway, somebody } from './support/world'

test.skip(({ hasTouch }) => hasTouch, 'a phone has no keyboard')

/** As often as it takes, as somebody does who sees where the focus is; a place that cannot be reached ends it. */
async function tabTo(page: Page, where: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await where.waitFor()
  for (let presses = 0; presses < 80; presses += 1) {
    if (await where.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press(key)
  }
  throw new Error(`${where.toString()} cannot be reached by ${key}.`)
}

test('a lead is taken down by keyboard alone', async ({ visit, owner }) => {
  const person = somebody()
  const { page, t, live } = await visit('ravi')
  await live()
  try {
    const button = page.getByRole('button', { name: t('entry_title') })
    await tabTo(page, button)
    await page.keyboard.press('Enter')
    const sheet = page.getByRole('dialog')
    await expect(sheet.getByRole('textbox', { name: t('field_phone') })).toBeFocused()
    await page.keyboard.type(person.phone)
    await tabTo(page, sheet.getByRole('textbox', { name: t('field_name') }))
    await page.keyboard.type(person.full_name)
    await tabTo(page, sheet.getByRole('radio', { name: t('entry_source_phone') }))
    await page.keyboard.press('ArrowRight')
    await expect(sheet.getByRole('radio', { name: t('entry_source_walk_in') })).toBeChecked()
    await tabTo(page, sheet.getByRole('checkbox', { name: t('entry_consent') }))
    await page.keyboard.press('Space')
    await tabTo(page, sheet.getByRole('button', { name: t('entry_more') }))
    await page.keyboard.press('Enter')
    await expect(sheet.getByRole('textbox', { name: t('field_email') })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(sheet).toBeHidden()
    await expect(button).toBeFocused()
    await expect.poll(async () => (await find(owner, person)).length).toBe(1)
  } finally {
    await putAway(owner, person)
  }
})

test('the steps of a follow-up are written and moved by keyboard alone, and the focus goes with them', async ({ visit, world }) => {
  const { page, t } = await visit('asha', { at: `/settings/sequences/${world.sequence}` })
  const step = (n: number) => page.getByRole('listitem', { name: t('sequence_step', { n }), exact: true })
  await tabTo(page, page.getByRole('button', { name: t('sequence_step_down', { n: 1 }) }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: t('sequence_step_down', { n: 2 }) })).toBeFocused()
  await page.keyboard.press('Enter')
  // At the end of the list there is no further down.
  await expect(page.getByRole('button', { name: t('sequence_step_up', { n: 3 }) })).toBeFocused()
  await expect(step(3).getByLabel(t('sequence_text'), { exact: true })).toHaveValue(/dette er/)
  await tabTo(page, page.getByRole('button', { name: t('sequence_step_add') }))
  await page.keyboard.press('Enter')
  await expect(step(4).getByRole('radio', { name: t('channel_sms') })).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await expect(step(4).getByRole('radio', { name: t('sequence_task') })).toBeChecked()
  await tabTo(page, page.getByRole('button', { name: t('sequence_step_remove', { n: 4 }) }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(step(4)).toBeHidden()
  await expect(step(3).getByRole('radio', { checked: true })).toBeFocused()
  await tabTo(page, page.getByRole('button', { name: t('sequence_preview') }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog').getByText('Ring en gang til')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: t('sequence_preview') })).toBeFocused()
})

test('the columns of a file find their places by keyboard alone', async ({ visit, world }) => {
  const { page, t } = await visit('mats', { at: `/settings/imports/${world.draft}` })
  const column = page.getByRole('combobox', { name: 'Ukjent' })
  await tabTo(page, column)
  await page.keyboard.type(t('field_service'))
  await expect(column).toHaveValue('service')
  const nobody = page.getByRole('button', { name: t('import_calling_file') })
  await tabTo(page, nobody)
  await page.keyboard.press('Enter')
  await expect(nobody).toHaveAttribute('aria-pressed', 'true')
  await tabTo(page, page.getByRole('button', { name: t('import_start', { n: 2 }) }))
})

test('the ladder is changed by keyboard alone', async ({ visit }) => {
  const { page, t } = await visit('asha', { at: '/settings/escalation' })
  const managers = page.getByRole('button', { name: new RegExp(t('ladder_managers')) })
  await tabTo(page, managers)
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog')
  await tabTo(page, sheet.getByRole('radio', { checked: true }))
  await page.keyboard.press('ArrowDown')
  await expect(sheet.getByRole('radio', { name: new RegExp(t('ladder_owners')) })).toBeChecked()
  await tabTo(page, sheet.getByRole('button', { name: t('save') }))
  await page.keyboard.press('Escape')
  await expect(managers).toBeFocused()
})

test('what is longer than the screen is read by keyboard alone, also before anything on it has the focus', async ({ visit }) => {
  for (const at of ['/settings/count', '/notifications', '/profile', '/settings/alerts', '/operator'] as const) {
    const { page, context } = await visit(at === '/operator' ? 'olav' : 'asha', { at })
    await page.setViewportSize({ width: 1440, height: 300 })
    const region = page.locator('.scrollable').last()
    await region.waitFor()
    await page.keyboard.press('PageDown')
    await expect.poll(() => region.evaluate((element) => element.scrollTop), at).toBeGreaterThan(0)
    await context.close()
  }
})
