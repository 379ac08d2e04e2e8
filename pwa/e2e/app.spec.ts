import { expect, test } from './support/test'

test('the app can be installed', async ({ visit }) => {
  const { page } = await visit('ravi')
  const href = await page.locator('link[rel="manifest"]').getAttribute('href')
  const answer = await page.request.get(href ?? '')
  expect(answer.headers()['content-type']).toMatch(/^application\/(manifest\+)?json/)
  const manifest = (await answer.json()) as { id: string; name: string; start_url: string; display: string; icons: { src: string; sizes: string; purpose: string; type: string }[] }
  expect(manifest).toMatchObject({ id: '/', name: 'NextMove', start_url: '/', display: 'standalone' })
  for (const purpose of ['any', 'maskable']) expect(manifest.icons.filter((icon) => icon.purpose === purpose).map((icon) => icon.sizes)).toContain('512x512')
  for (const icon of manifest.icons) {
    const size = await page.evaluate(async (src) => {
      const image = new Image()
      image.src = src
      await image.decode()
      return `${image.naturalWidth}x${image.naturalHeight}`
    }, icon.src)
    expect(size).toBe(icon.sizes)
  }
})

test('the service worker takes over, and leaves the server its own', async ({ visit }) => {
  const { page } = await visit('ravi')
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await page.reload()
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated')
  const kept = await page.evaluate(async () => {
    const names = await caches.keys()
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
    return requests.flat().map((request) => new URL(request.url).pathname)
  })
  expect(kept).toContain('/index.html')
  expect(kept.filter((path) => path.startsWith('/api'))).toEqual([])
})

test('only pages are answered with the page', async ({ visit }) => {
  const { context } = await visit('ravi')
  const worker = await context.request.get('/sw.js')
  expect(worker.headers()['content-type']).toMatch(/^(text|application)\/javascript/)
  expect(worker.headers()['cache-control']).toContain('no-cache')
  for (const path of ['/assets/x.js', '/icons/x.png', '/api/x', '/socket.io/x']) {
    const answer = await context.request.get(path)
    expect(answer.status(), path).toBeGreaterThanOrEqual(400)
    expect(answer.headers()['content-type'] ?? '', path).not.toContain('text/html')
  }
  expect((await context.request.get('/assets/x.js')).status()).toBe(404)
  const page = await context.request.get('/leads/0190aaaa-0000-7000-8000-000000000000')
  expect(page.headers()['content-type']).toContain('text/html')
})

test('the API can be browsed, under the same security policy as everything else', async ({ visit }) => {
  const { page } = await visit('asha', { at: '/api/docs/' })
  const operation = page.locator('.opblock', { hasText: '/api/leads/counts' })
  await operation.getByRole('button').first().click()
  await page.getByRole('button', { name: 'Try it out' }).click()
  await page.getByRole('button', { name: 'Execute' }).click()
  await expect(page.locator('.live-responses-table .response').first()).toContainText('200')
})
