import { expect, row, test } from './support/test'
import { leadOf } from './support/world'

test('a lead is found by the beginning of a name, by phone and by e-mail', async ({ visit, newLead, owner }) => {
  const person = await newLead()
  await leadOf(owner, person)
  const { page, t } = await visit('ravi', { at: '/search' })
  const field = page.getByRole('searchbox', { name: t('search_label') })
  const surname = person.full_name.split(' ')[1] ?? ''
  for (const q of [surname.slice(0, 7).toLowerCase(), person.phone, person.phone.slice(3), person.email]) {
    await field.fill(q)
    await expect(page.getByRole('link', { name: person.full_name, exact: true })).toHaveCount(1)
  }
  await field.fill('qqqqqq')
  await expect(page.getByText(t('search_none', { q: 'qqqqqq' }))).toBeVisible()
  await page.getByRole('button', { name: t('search_clear') }).click()
  await expect(field).toBeFocused()
})

test('filters narrow the list, survive the way to a lead and back, and are cleared', async ({ visit, newLead, owner }) => {
  const person = await newLead()
  await leadOf(owner, person)
  const { page, t } = await visit('ravi', { at: '/?view=all' })
  await expect(row(page, person)).toHaveCount(1)
  await page.getByRole('button', { name: t('filters'), exact: true }).click()
  const sheet = page.getByRole('dialog', { name: t('filters') })
  await sheet.getByRole('button', { name: t('status_won'), exact: true }).click()
  await sheet.getByRole('button', { name: t('filters_show') }).click()
  await expect(page).toHaveURL(/status=won/)
  await expect(row(page, person)).toHaveCount(0)
  const list = page.getByRole('region', { name: t('inbox_list') })
  await expect(list.getByRole('listitem').first()).toContainText(t('status_won'))
  await list.getByRole('link').first().click()
  await expect(page).toHaveURL(/\/leads\/.*status=won/)
  await page.goBack()
  await page.getByRole('button', { name: t('filters_on', { n: 1 }) }).click()
  await sheet.getByRole('button', { name: t('filters_clear') }).click()
  await expect(row(page, person)).toHaveCount(1)
})

test('a lead is snoozed and woken, and keeps its notes', async ({ visit, newLead, owner }) => {
  const person = await newLead()
  const { id } = await leadOf(owner, person)
  const { page, t, live } = await visit('ravi', { at: `/leads/${id}` })
  const name = person.full_name
  await live()

  await page.getByRole('textbox', { name: t('note_label') }).fill('Ringte på døra.\nHunden heter Balder.')
  await page.getByRole('button', { name: t('note_save') }).click()
  const timeline = page.getByRole('region', { name: t('timeline') }).getByRole('listitem')
  await expect(timeline.filter({ hasText: 'Hunden heter Balder.' })).toHaveCount(1)
  await expect(page.getByRole('textbox', { name: t('note_label') })).toHaveValue('')

  const moves = page.getByRole('navigation', { name: t('moves') })
  await moves.getByRole('button', { name: t('action_snooze') }).click()
  await page.getByRole('dialog', { name: t('snooze_title', { name }) }).getByRole('button', { name: t('snooze_hour') }).click()
  await expect(moves.getByRole('button', { name: t('action_wake') })).toBeVisible()
  await expect.poll(async () => ((await (await owner.get('/api/leads?view=todo&limit=200')).json()) as { items: { id: string }[] }).items.some((lead) => lead.id === id)).toBe(false)
  await moves.getByRole('button', { name: t('action_wake') }).click()
  await expect(moves.getByRole('button', { name: t('action_snooze') })).toBeVisible()
  await expect(timeline.filter({ hasText: t('did_wake') })).toHaveCount(1)
})

test('the profile changes the language and the theme, and signs out', async ({ visit, language, expectComplaint }) => {
  const { page, t } = await visit('mats', { at: '/profile' })
  await expect(page.getByRole('heading', { level: 1, name: 'Mats Hansen' })).toBeVisible()
  const other = language === 'nb' ? 'en' : 'nb'
  await page.getByRole('radio', { name: other === 'nb' ? 'Norsk' : 'English' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', other)
  await page.getByRole('radio', { name: language === 'nb' ? 'Norsk' : 'English' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', language)

  await page.getByRole('radio', { name: t('theme_dark') }).click()
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const dark = await paper()
  await page.getByRole('radio', { name: t('theme_light') }).click()
  await expect.poll(paper).not.toBe(dark)

  // Signed out for good: the way back does not lead in.
  expectComplaint(/401/)
  await page.getByRole('button', { name: t('sign_out') }).click()
  await expect(page).toHaveURL(/\/login/)
  await page.goto('/profile')
  await expect(page).toHaveURL(/\/login/)
  await expect(page.getByRole('button', { name: t('login_submit') })).toBeVisible()
})

test('the keyboard alone', async ({ visit, newLead, owner }, { project }) => {
  test.skip(project.name === 'phone', 'a phone has no keys')
  const people = [await newLead(), await newLead()]
  for (const person of people) await leadOf(owner, person)
  const { page, t } = await visit('ravi', { at: '/?view=all' })
  for (const person of people) await expect(row(page, person)).toHaveCount(1)
  // Meta tells the time in seconds: of two in the same one neither is the newer, so the list says which is first.
  const listed = page.getByRole('region', { name: t('inbox_list') }).getByRole('listitem').getByRole('link')
  const [first, second] = (await listed.allTextContents()).slice(0, 2).map((name) => name.trim()) as [string, string]
  const heading = (name: string) => page.getByRole('region', { name }).getByRole('heading', { level: 1, name })

  await page.keyboard.press('j')
  await expect(heading(first)).toBeVisible()
  await page.keyboard.press('j')
  await expect(heading(second)).toBeVisible()
  await page.keyboard.press('k')
  await expect(heading(first)).toBeVisible()

  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: t('help') })).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(heading(first)).toBeVisible()

  await page.keyboard.press('ControlOrMeta+k')
  const palette = page.getByRole('dialog', { name: t('palette') })
  await palette.getByRole('combobox').fill(second.split(' ')[1] ?? '')
  await expect(palette.getByRole('option', { name: second })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(palette).toBeHidden()
  await expect(heading(second)).toBeVisible()

  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox', { name: t('search_label') })).toBeFocused()
})
