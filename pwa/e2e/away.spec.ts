import { expect, row, test } from './support/test'
import { fillIn, find, leadOf, network, putAway, server, somebody } from './support/world'

// The browser tells of every request and socket that found nobody.
const NOBODY = /ERR_(CONNECTION|INTERNET|EMPTY|NETWORK|SOCKET)|WebSocket connection|5\d\d \(/

test('the server is killed and comes back: nothing missing, nothing twice', async ({ visit, newLead, owner, expectComplaint }) => {
  test.setTimeout(60_000)
  expectComplaint(NOBODY)
  const { page, t, live, journal, notReloaded } = await visit('ravi', { at: '/?view=all' })
  await live()
  const before = await newLead()
  await expect(row(page, before)).toHaveCount(1)
  await leadOf(owner, before)

  await server.kill()
  const meanwhile = [await newLead({ wait: false }), await newLead({ wait: false }), await newLead({ wait: false })]
  await expect(page.getByText(t('reconnecting'))).toBeVisible()
  // A call does not wait for the server, and its attempt is not lost.
  await row(page, before).getByRole('button', { name: t('action_call_name', { name: before.full_name }) }).click()
  await expect.poll(journal).toContain(`tel:${before.phone}`)
  await expect(page.getByRole('status').filter({ hasText: t('contact_queued') })).toBeVisible()
  await server.start()

  for (const person of meanwhile) await expect(row(page, person)).toHaveCount(1, { timeout: 30_000 })
  await expect(row(page, before)).toHaveCount(1)
  await expect(page.getByText(t('reconnecting'))).toBeHidden()
  await expect.poll(async () => (await leadOf(owner, before)).attempt_count, { timeout: 30_000 }).toBe(1)
  // Whatever Meta said again in the meantime: one lead each.
  for (const person of meanwhile) expect(await find(owner, person)).toHaveLength(1)
  const after = await newLead()
  await expect(row(page, after)).toHaveCount(1)
  expect((await journal()).filter((entry) => entry.includes('/attempts 201'))).toHaveLength(1)
  await notReloaded()
})

test('the network is gone for a while: the app catches up by itself', async ({ visit, newLead, owner, expectComplaint }) => {
  expectComplaint(NOBODY)
  const { page, context, t, live, notReloaded } = await visit('ingrid', { at: '/?view=all' })
  await live()
  const before = await newLead()
  await expect(row(page, before)).toHaveCount(1)

  await context.setOffline(true)
  await network.cut()
  await expect(page.getByText(t('reconnecting'))).toBeVisible()
  // Between Meta and the server all is well.
  const meanwhile = [somebody(), somebody()]
  await fillIn(meanwhile)
  await expect(row(page, before)).toBeVisible()
  for (const person of meanwhile) await expect(row(page, person)).toHaveCount(0)

  await network.mend()
  await context.setOffline(false)
  for (const person of meanwhile) await expect(row(page, person)).toHaveCount(1)
  await expect(page.getByText(t('reconnecting'))).toBeHidden()
  await notReloaded()
  for (const person of meanwhile) {
    expect(await find(owner, person)).toHaveLength(1)
    await putAway(owner, person)
  }
})
