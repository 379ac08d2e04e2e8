import { expect, test, type Visit } from './support/test'
import { letterTo, signedIn } from './support/world'

const PASSWORD = 'furu støvel lampe torsk'

/** Somebody whom the world has not seen yet. */
function newcomer() {
  const number = String(Math.floor(Math.random() * 1_000_000)).padStart(6, '0')
  return { name: `Nora Ny${number}`, email: `nora${number}@example.com` }
}

/** A context without anybody in it. */
async function stranger(visit: (who: 'ravi', options: { stranger: true; at: string }) => Promise<Visit>, at: string): Promise<Visit> {
  return visit('ravi', { stranger: true, at })
}

test('from the invitation to the inbox, through another role, and out again', async ({ visit, expectComplaint }) => {
  expectComplaint(/422.*\/api\/join/)
  // Whoever is out is told so by everything that was open.
  expectComplaint(/401/)
  const { name, email } = newcomer()
  const asha = await visit('asha', { at: '/profile' })
  const { t } = asha
  await asha.page.getByRole('link', { name: new RegExp(t('settings_team')) }).click()
  await expect(asha.page.getByRole('heading', { level: 1, name: t('settings_team') })).toBeVisible()
  await asha.page.getByRole('button', { name: t('team_invite') }).click()
  const sheet = asha.page.getByRole('dialog', { name: t('team_invite_title') })
  await sheet.getByLabel(t('field_name')).fill(name)
  await sheet.getByLabel(t('field_email')).fill(email)
  await sheet.getByRole('button', { name: t('team_invite') }).click()
  const waiting = asha.page.getByRole('region', { name: t('team_invited') }).getByRole('button', { name: new RegExp(name) })
  await expect(waiting).toBeVisible()

  // The letter: its link opens a page that asks for the code, and does nothing by itself.
  const letter = await letterTo(email)
  const link = /https?:\/\/\S+\/join\?i=\S+/.exec(letter.text)?.[0] ?? ''
  const nora = await stranger(visit, new URL(link).pathname + new URL(link).search)
  const { page } = nora
  await expect(waiting).toBeVisible()
  await page.getByLabel(t('code_field')).fill('AAAA-AAAA')
  await page.getByRole('button', { name: t('join_next') }).click()
  await expect(page.getByText(t('error_code_wrong'))).toBeVisible()
  await page.getByLabel(t('code_field')).fill(` ${(letter.code ?? '').toLowerCase().replace('-', ' ')} `)
  await expect(page.getByLabel(t('code_field'))).toHaveValue(letter.code ?? '')
  await page.getByRole('button', { name: t('join_next') }).click()

  await expect(page.getByRole('heading', { level: 1 })).toContainText('Fjordtak AS')
  await expect(page.getByLabel(t('field_name'))).toHaveValue(name)
  const password = page.getByLabel(t('login_password'), { exact: true })
  await password.fill('fjordtaknora')
  await expect(page.getByText(t('password_strength_weak')).or(page.getByText(t('password_strength_fair')))).toBeVisible()
  await page.getByRole('button', { name: t('join_action', { organization: 'Fjordtak AS' }) }).click()
  await expect(page.getByText(t('error_password_weak'))).toBeVisible()
  await password.fill(PASSWORD)
  await expect(page.getByText(t('password_strength_strong')).or(page.getByText(t('password_strength_enough')))).toBeVisible()
  await page.getByRole('button', { name: t('join_action', { organization: 'Fjordtak AS' }) }).click()
  await expect(page.getByRole('heading', { level: 1, name: t('nav_inbox') })).toBeVisible()
  await nora.live()

  // On the owner's screen the invitation becomes a colleague, by itself.
  const row = asha.page.getByRole('region', { name: t('team_members') }).getByRole('button', { name: new RegExp(name) })
  await expect(row).toContainText(t('role_agent'))
  await expect(waiting).toBeHidden()

  await row.click()
  await asha.page.getByRole('dialog').getByText(t('role_manager'), { exact: true }).click()
  await asha.page.getByRole('dialog').getByRole('button', { name: t('save') }).click()
  await expect(row).toContainText(t('role_manager'))
  await page.getByRole('link', { name: t('nav_profile') }).click()
  await expect(page.getByRole('link', { name: new RegExp(t('settings_team')) }), 'without loading anew').toBeVisible()

  await row.click()
  await asha.page.getByRole('dialog').getByRole('button', { name: t('team_remove') }).click()
  const leaving = asha.page.getByRole('dialog', { name: t('team_remove_title', { name }) })
  await leaving.getByRole('button', { name: /Ravi Solheim/ }).click()
  await leaving.getByRole('button', { name: t('team_remove_action') }).click()
  await expect(row).toBeHidden()
  await expect(page.getByRole('button', { name: t('login_submit') }), 'out at once').toBeVisible()
})

test('a forgotten password, by a code from a letter', async ({ visit, owner, language, expectComplaint }) => {
  expectComplaint(/422.*\/api\/password-resets/)
  const { name, email } = newcomer()
  await owner.post('/api/invitations', { data: { name, email, role: 'agent' } })
  const invited = await letterTo(email)
  const joined = await owner.post('/api/join/offer', { data: { email, code: invited.code } })
  expect(joined.ok(), await joined.text()).toBe(true)
  const nora = await visit('ravi', { stranger: true, at: '/login' })
  const { page, t } = nora
  const made = await page.request.post('/api/join', { data: { email, code: invited.code, name, password: PASSWORD, locale: language }, headers: { Origin: new URL(page.url()).origin } })
  expect(made.ok(), await made.text()).toBe(true)
  await nora.context.clearCookies()

  await page.goto('/login')
  await page.getByRole('link', { name: t('login_forgot') }).click()
  // The login has a field of the same name: only what comes after it is meant.
  await expect(page.getByRole('heading', { level: 1, name: t('reset_ask_title') })).toBeVisible()
  await page.getByLabel(t('field_email')).fill(email)
  await page.getByRole('button', { name: t('reset_ask') }).click()
  await expect(page.getByText(t('reset_sent'))).toBeVisible()
  await expect(page.getByLabel(t('field_email'))).toHaveValue(email)
  expect(page.url(), 'nobody stands in an address').not.toContain('nora')
  const letter = await letterTo(email, 2)
  await page.getByLabel(t('code_field')).fill(letter.code ?? '')
  const password = page.getByLabel(t('password_new'), { exact: true })
  await password.fill('password123')
  await page.getByRole('button', { name: t('reset_finish') }).click()
  await expect(page.getByText(t('error_password_weak'))).toBeVisible()
  await password.fill('et annet langt passord 7')
  await page.getByRole('button', { name: t('reset_finish') }).click()
  await expect(page.getByText(t('reset_done'))).toBeVisible()
  await page.getByLabel(t('field_email')).fill(email)
  await page.getByLabel(t('login_password'), { exact: true }).fill('et annet langt passord 7')
  await page.getByRole('button', { name: t('login_submit') }).click()
  await expect(page.getByRole('heading', { level: 1, name: t('nav_inbox') })).toBeVisible()
  expect((await letterTo(email, 3)).code, 'told that it was changed').toBeNull()

  // Out of the next test's way; nothing is being asked for any more when its session ends.
  await page.goto('about:blank')
  const members = (await (await owner.get('/api/team')).json()) as { items: { id: string; email: string }[] }
  await owner.delete(`/api/team/${members.items.find((member) => member.email === email)?.id}`)
})

test('a picture of oneself, seen by a colleague', async ({ visit }) => {
  const ravi = await visit('ravi', { at: '/profile' })
  const { page, t } = ravi
  await page.getByRole('button', { name: t('profile_edit') }).click()
  const sheet = page.getByRole('dialog', { name: t('profile_edit') })
  // A PNG of 2 x 1: the middle is kept.
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGM4YSP3X67ixH8AEgsEfwwvKc8AAAAASUVORK5CYII='
  await sheet.getByLabel(t('profile_picture'), { exact: true }).setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') })
  const shown = sheet.locator('img[src^="/api/people/"]')
  await expect(shown).toBeVisible()
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(256)
  const api = await signedIn('mats@fjordtak.example')
  const answer = await api.get((await shown.getAttribute('src')) ?? '')
  expect([answer.status(), answer.headers()['content-type']]).toEqual([200, 'image/jpeg'])
  await api.dispose()
  await sheet.getByRole('button', { name: t('profile_picture_remove') }).click()
  await expect(shown).toBeHidden()
})
