import path from 'node:path'
import { test, type Theme } from './support/test'
import { SCREENS, settled } from './support/screens'
import type { Locale } from './support/words'

const folder = process.env.SCREENS_DIR ?? ''
/** Another language than the project's, where words are longer; and the screens whose name fits, instead of all. */
const locale = process.env.SCREENS_LOCALE as Locale | undefined
const wanted = new RegExp(process.env.SCREENS_ONLY ?? '')

for (const theme of ['light', 'dark'] satisfies Theme[]) {
  test(`pictures of every screen, ${theme} @screens`, async ({ visit, world, expectComplaint }, { project }) => {
    test.setTimeout(480_000)
    expectComplaint(/40[14]/)
      for (const screen of SCREENS) {
      if ((screen.desktop && project.name === 'phone') || !wanted.test(screen.name)) continue
      await test.step(screen.name, async () => {
        const { who = 'ravi', stranger } = screen
        const visited = await visit(who, { theme, at: screen.at(world), stranger, ...(locale && { locale }) })
        await settled(visited.page)
        await screen.open?.(visited, visited.page)
        await settled(visited.page)
        await visited.page.screenshot({ path: path.join(folder, `${[project.name, screen.name, locale, theme].filter(Boolean).join('-')}.png`) })
        await visited.context.close()
      })
    }
  })
}

test('the picture of the README @screens', async ({ visit, browser }, { project }) => {
  test.skip(project.name !== 'phone', 'it shows a phone')
  const shots: string[] = []
  for (const theme of ['light', 'dark'] satisfies Theme[]) {
    const { page, context, live } = await visit('ravi', { theme, locale: 'en', sharpness: 2 })
    await live()
    await settled(page)
    shots.push((await page.screenshot()).toString('base64'))
    await context.close()
  }
  const page = await browser.newPage({ viewport: { width: 828, height: 846 }, deviceScaleFactor: 1, isMobile: false })
  const picture = (data: string) => `<img src="data:image/png;base64,${data}" style="width:390px;height:844px;flex:none;border-radius:28px;box-shadow:0 0 0 1px #8884">`
  await page.setContent(`<body style="margin:0;display:flex;justify-content:space-between;padding:1px;width:826px">${shots.map(picture).join('')}</body>`)
  await page.screenshot({ path: path.join(folder, 'inbox.png'), omitBackground: true })
  await page.close()
})
