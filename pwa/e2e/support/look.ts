import path from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { settled } from './screens'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/**
 * What is on the screen now is as it should be for eyes and screen readers, light and dark; with `SCREENS_DIR`, two pictures for people.
 * For what is only come upon in the middle of a journey; the screens with an address stand in screens.ts.
 */
export async function looksRight(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENS_DIR
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
    await settled(page)
    if (folder) await page.screenshot({ path: path.join(folder, `${test.info().project.name}-${name}-${theme}.png`) })
    // At night the same document wears other colours, and nothing else changes.
    await expectNothing(page, `${name}, ${theme}`, theme === 'light' ? axe(page).withTags(TAGS) : axe(page).withRules(['color-contrast', 'link-in-text-block']))
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** The legacy way runs in the page alone, at a third of the time; what it misses are frames, and there are none. */
const axe = (page: Page) => new AxeBuilder({ page }).setLegacyMode()

async function expectNothing(page: Page, where: string, builder: AxeBuilder): Promise<void> {
  const { violations } = await builder.analyze()
  const told = violations.map(({ id, nodes }) => `${id}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join('\n')}`)
  expect.soft(told, `${where}, ${page.url()}`).toEqual([])
}
