import { createHmac } from 'node:crypto'
import type { Page } from '@playwright/test'
import { looksRight } from './support/look'
import { expect, test, type Visit } from './support/test'

/** A phone's own authenticator, as Chromium plays it: it knows its person, and says yes. */
async function withAuthenticator({ context, page }: Visit): Promise<{ cloned: () => Promise<void> }> {
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  return {
    cloned: async () => {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
      for (const credential of credentials) {
        await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId })
        await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 1 } })
      }
    },
  }
}

/** RFC 6238: what an authenticator app shows `steps` half minutes from now. */
function codeOf(secret: string, steps = 0): string {
  const bits = [...secret.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const mac = createHmac('sha1', key).update(counter).digest()
  const at = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}

async function signOut({ page, t }: Visit): Promise<void> {
  await page.goto('/profile')
  await page.getByRole('button', { name: t('sign_out'), exact: true }).click()
  await page.getByRole('heading', { name: t('login_title') }).waitFor()
}

const inbox = (page: Page) => expect(page).toHaveURL(/\/$/)

test('a passkey is added, opens the app without a password, unlocks it, and is removed', async ({ visit, expectComplaint }) => {
  expectComplaint(/40[134]|422/)
  const visited = await visit('ingrid', { at: '/settings/security' })
  const { page, t } = visited
  const authenticator = await withAuthenticator(visited)

  await page.getByRole('button', { name: t('security_add_passkey') }).click()
  await page.getByLabel(t('security_passkey_name')).fill('Ingrids telefon')
  await page.getByRole('button', { name: t('security_passkey_make') }).click()
  const codes = page.getByRole('dialog', { name: t('security_recovery_title') })
  await expect(codes.getByRole('listitem')).toHaveCount(10)
  await looksRight(page, 'security-recovery')
  await codes.getByRole('button', { name: t('security_recovery_kept') }).click()
  await expect(page.getByText('Ingrids telefon', { exact: true })).toBeVisible()

  await test.step('alone', async () => {
    await signOut(visited)
    await page.getByRole('button', { name: t('security_sign_in_passkey') }).click()
    await inbox(page)
  })

  await test.step('as a second step', async () => {
    await signOut(visited)
    await page.getByRole('button', { name: /Ingrid Vik/ }).click()
    await expect(page.getByRole('heading', { name: t('security_step_title') })).toBeVisible()
    await looksRight(page, 'security-step')
    await page.getByRole('button', { name: t('security_use_passkey') }).click()
    await inbox(page)
  })

  await test.step('a locked screen is covered, and nothing on it is lost', async () => {
    await page.goto('/search')
    const field = page.getByRole('searchbox')
    await field.fill('half a thought')
    await page.route('**/api/leads?*', (route) =>
      route.fulfill({ status: 401, contentType: 'application/problem+json', json: { type: 'urn:nextmove:problem:unauthenticated', status: 401, reason: 'locked' } }),
    )
    await field.press('End')
    await field.pressSequentially('s')
    const cover = page.getByRole('dialog', { name: t('security_locked_title').replace('{name}', 'Ingrid') })
    await expect(cover).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(cover).toBeVisible()
    await looksRight(page, 'security-locked')
    await page.unroute('**/api/leads?*')
    await cover.getByRole('button', { name: t('security_use_passkey') }).click()
    await expect(cover).toBeHidden()
    await expect(field).toHaveValue('half a thoughts')
  })

  await test.step('a copied key is refused', async () => {
    await authenticator.cloned()
    await signOut(visited)
    await page.getByRole('button', { name: t('security_sign_in_passkey') }).click()
    await expect(page.getByText(t('security_error_passkey_copied'))).toBeVisible()
  })

  await test.step('and removed', async () => {
    // Each try counts further, so the copy catches up in the end; as somebody would who has only the one.
    await expect(async () => {
      await page.getByRole('button', { name: t('security_sign_in_passkey') }).click()
      await expect(page).toHaveURL(/\/$/, { timeout: 2000 })
    }).toPass()
    await page.goto('/settings/security')
    await page.getByRole('button', { name: t('security_remove_named').replace('{name}', 'Ingrids telefon') }).click()
    await page.getByRole('dialog').getByRole('button', { name: t('security_remove'), exact: true }).click()
    await expect(page.getByText('Ingrids telefon', { exact: true })).toBeHidden()
    await signOut(visited)
    await page.getByRole('button', { name: /Ingrid Vik/ }).click()
    await inbox(page)
  })
})

test('an authenticator app is set up, asked for, and its loss is survived by a recovery code', async ({ visit, expectComplaint }) => {
  expectComplaint(/401|422/)
  const visited = await visit('ingrid', { at: '/settings/security' })
  const { page, t } = visited
  await page.getByRole('button', { name: t('security_totp_add') }).click()
  const sheet = page.getByRole('dialog', { name: t('security_totp_title') })
  await expect(sheet.getByRole('img', { name: t('security_totp_qr') })).toBeVisible()
  const secret = (await sheet.locator('code').textContent()) ?? ''
  expect(secret).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/)
  await sheet.getByLabel(t('security_code')).fill('000000')
  await sheet.getByRole('button', { name: t('security_totp_confirm') }).click()
  await expect(sheet.getByText(t('security_error_code'))).toBeVisible()
  await sheet.getByLabel(t('security_code')).fill(codeOf(secret))
  await sheet.getByRole('button', { name: t('security_totp_confirm') }).click()
  const codes = page.getByRole('dialog', { name: t('security_recovery_title') })
  const recovery = (await codes.getByRole('listitem').first().textContent()) ?? ''
  expect(recovery).toMatch(/^[0-9a-z]{5}-[0-9a-z]{5}$/)
  await codes.getByRole('button', { name: t('security_recovery_kept') }).click()

  await signOut(visited)
  await page.getByRole('button', { name: /Ingrid Vik/ }).click()
  // Six digits are all there is to say: no button.
  await page.getByLabel(t('security_code')).pressSequentially(codeOf(secret, 1))
  await inbox(page)

  await signOut(visited)
  await page.getByRole('button', { name: /Ingrid Vik/ }).click()
  await page.getByRole('button', { name: t('security_instead_recovery') }).click()
  await page.getByLabel(t('security_recovery_code')).fill(recovery.toUpperCase())
  await page.getByRole('button', { name: t('security_continue') }).click()
  await inbox(page)

  await page.goto('/settings/security')
  await expect(page.getByText(t('security_recovery_left').replace('{n}', '9'))).toBeVisible()
  await page.getByRole('button', { name: t('security_remove_named').replace('{name}', t('security_totp')) }).click()
  await page.getByRole('dialog').getByRole('button', { name: t('security_remove'), exact: true }).click()
  await expect(page.getByRole('button', { name: t('security_totp_add') })).toBeVisible()
})

test('a session that is ended elsewhere ends at once', async ({ visit, expectComplaint }) => {
  expectComplaint(/401/)
  const lost = await visit('ingrid')
  await lost.live()
  const here = await visit('ingrid', { at: '/settings/security' })
  await here.page.getByRole('button', { name: here.t('security_sessions_end_others') }).click()
  await expect(lost.page.getByRole('heading', { name: lost.t('login_title') })).toBeVisible({ timeout: 5000 })
  await expect(here.page.getByText(here.t('security_session_this'))).toBeVisible()
})

test('an owner cannot shut themselves out', async ({ visit, expectComplaint }) => {
  expectComplaint(/422/)
  const { page, t } = await visit('asha', { at: '/settings/access' })
  await page.getByLabel(t('security_network'), { exact: true }).fill('203.0.113.0/24')
  await page.getByRole('button', { name: t('security_network_add'), exact: true }).click()
  await expect(page.getByText(t('security_error_locks_you_out'))).toBeVisible()
  await expect(page.getByText(t('security_networks_none'))).toBeVisible()
})
