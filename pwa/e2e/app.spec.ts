import { expect, test } from './support/test'
import { words } from './support/words'
import { url } from './support/world'

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

test('what the first screen shows is asked for once, ahead of the app', async ({ visit }) => {
  const { page, live } = await visit('ravi')
  await live()
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url())
    // What follows the live stream is asked for in its own right.
    if (pathname.startsWith('/api/') && !request.headers()['x-background']) asked.push(pathname + search)
  })
  const again = new Promise<void>((resolve) => {
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => String(payload).includes('"hello"') && resolve()))
  })
  await page.reload()
  await again
  for (const one of ['/api/session', '/api/leads?view=todo&limit=100', '/api/leads/counts']) expect(asked.filter((other) => other === one), one).toHaveLength(1)
})

test('the login speaks before the app is there, in its language and at night', async ({ browser, language }) => {
  const context = await browser.newContext({ serviceWorkers: 'block', colorScheme: 'dark', locale: language === 'nb' ? 'nb-NO' : 'en-GB' })
  const page = await context.newPage()
  await page.route('**/assets/start-*.js', () => {})
  await page.goto(`${url()}/login`, { waitUntil: 'commit' })
  const t = words(language)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(t('login_title'), { useInnerText: true })
  await expect(page.getByText(t('login_hint'))).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect(page.locator('html')).toHaveAttribute('lang', language)
  await context.close()
})
