import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test, type Visit } from './support/test'
import { SCREENS, settled } from './support/screens'
import { someLeads } from './support/world'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

test('axe finds nothing on any screen, light or dark', async ({ visit, owner, expectComplaint }, { project }) => {
  test.setTimeout(300_000)
  // A lead that is gone, and nobody signed in: both asked for.
  expectComplaint(/40[14]/)
  const leads = await someLeads(owner)
  const visits = new Map<string, Visit>()
  for (const screen of SCREENS) {
    if (screen.desktop && project.name === 'phone') continue
    await test.step(screen.name, async () => {
      const { who = 'ravi', stranger = false } = screen
      const key = `${who} ${stranger}`
      const visited = visits.get(key) ?? (await visit(who, { stranger, at: screen.at(leads) }))
      const { page } = visited
      await page.emulateMedia({ colorScheme: 'light' })
      if (visits.has(key)) await page.goto(screen.at(leads))
      visits.set(key, visited)
      await settled(page)
      await screen.open?.(visited, page)
      await settled(page)
      await expectNothing(page, `${screen.name}, light`, axe(page).withTags(TAGS))
      // At night the same document wears other colours, and nothing else changes.
      await page.emulateMedia({ colorScheme: 'dark' })
      await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
      await settled(page)
      await expectNothing(page, `${screen.name}, dark`, axe(page).withRules(['color-contrast', 'link-in-text-block']))
    })
  }
})

/** The legacy way runs in the page alone, at a third of the time; what it misses are frames, and there are none. */
const axe = (page: Page) => new AxeBuilder({ page }).setLegacyMode()

async function expectNothing(page: Page, where: string, builder: AxeBuilder): Promise<void> {
  const { violations } = await builder.analyze()
  const told = violations.map(({ id, nodes }) => `${id}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join('\n')}`)
  expect.soft(told, `${where}, ${page.url()}`).toEqual([])
}
