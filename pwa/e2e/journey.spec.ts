import { awayAndBack, expect, row, test, type Theme } from './support/test'
import { leadOf } from './support/world'
import type { Locale } from './support/words'

const other = (locale: Locale): Locale => (locale === 'nb' ? 'en' : 'nb')

for (const theme of ['light', 'dark'] satisfies Theme[]) {
  test(`from the form to the sale, ${theme}`, async ({ visit, newLead, owner, language, expectComplaint }) => {
    // Each project in its own language by day, in the other one by night.
    const locale = theme === 'light' ? language : other(language)
    const { page, t, live, journal, notReloaded } = await visit('ravi', { theme, locale, stranger: true })

    // A wrong password is told in words, at the place where it was typed.
    expectComplaint(/401/)
    await page.getByLabel(t('field_email')).fill('ravi@fjordtak.example')
    await page.getByLabel(t('login_password'), { exact: true }).fill('not the password')
    await page.getByRole('button', { name: t('login_submit') }).click()
    await expect(page.getByRole('alert').filter({ hasText: t('error_credentials') })).toBeVisible()
    await expect(page.getByLabel(t('login_password'), { exact: true })).toBeFocused()

    await page.getByRole('button', { name: /Ravi Solheim/ }).click()
    await expect(page.getByRole('heading', { level: 1, name: t('nav_inbox') })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', locale)
    await live()

    const person = await newLead()
    await expect(row(page, person)).toHaveCount(1)
    await expect(page.getByRole('log')).toContainText(person.full_name)

    await page.getByRole('link', { name: person.full_name, exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name: person.full_name })).toBeVisible()
    const lead = await leadOf(owner, person)

    await page.getByRole('navigation', { name: t('contact_bar', { name: person.full_name }) }).getByRole('button', { name: t('channel_call') }).click()
    await expect.poll(journal).toContain(`tel:${person.phone}`)
    const calls = (await journal()).filter((entry) => entry.includes('/attempts') || entry.startsWith('tel:'))
    expect(calls, 'stored first, then the phone').toEqual(['POST /api/leads/:id/attempts 201', `tel:${person.phone}`])

    await awayAndBack(page)
    const asked = page.getByRole('dialog', { name: t('outcome_title', { name: person.full_name }) })
    await asked.getByRole('button', { name: t('outcome_reached') }).click()
    const next = page.getByRole('dialog', { name: t('next_title') })
    await next.getByRole('button', { name: t('status_won') }).click()

    // Second thoughts, and third ones.
    const toast = page.getByRole('status').filter({ hasText: t('toast_status', { name: person.full_name, status: t('status_won') }) })
    await toast.getByRole('button', { name: t('undo') }).click()
    await expect(toast).toBeHidden()
    const moves = page.getByRole('navigation', { name: t('moves') })
    await moves.getByRole('button', { name: t('status_won') }).click()
    await expect(moves.getByRole('button', { name: t('status_won') })).toBeHidden()
    await expect(toast).toBeVisible()
    expect(await leadOf(owner, person), 'not sent while it can be undone').toMatchObject({ status: 'contacted' })
    await expect.poll(async () => leadOf(owner, person), { timeout: 9000 }).toMatchObject({ id: lead.id, status: 'won', attempt_count: 1 })

    const timeline = page.getByRole('region', { name: t('timeline') }).getByRole('listitem')
    const told = async (what: string) => {
      const item = timeline.filter({ hasText: what })
      await expect(item).toHaveCount(1)
      await expect(item).toContainText('Ravi Solheim')
      await expect(item.locator('time')).toHaveAttribute('datetime', /^20\d\d-/)
    }
    await told(`${t('did_call')} · ${t('outcome_reached')}`)
    await told(t('did_status', { status: t('status_won') }))
    await expect(timeline.filter({ hasText: t('did_captured') })).toHaveCount(1)
    await notReloaded()
  })
}
