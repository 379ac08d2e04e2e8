import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Theme } from './support/test'
import { SCREENS, settled } from './support/screens'
import { someLeads } from './support/world'

for (const theme of ['light', 'dark'] satisfies Theme[]) {
  test(`axe finds nothing on any screen, ${theme}`, async ({ visit, owner, expectComplaint }, { project }) => {
    test.setTimeout(120_000)
    // A lead that is gone, and nobody signed in: both asked for.
    expectComplaint(/40[14]/)
    const leads = await someLeads(owner)
    for (const screen of SCREENS) {
      if (screen.desktop && project.name === 'phone') continue
      await test.step(screen.name, async () => {
        const { who = 'ravi', stranger } = screen
        const visited = await visit(who, { theme, at: screen.at(leads), stranger })
        await settled(visited.page)
        await screen.open?.(visited, visited.page)
        await settled(visited.page)
        const { violations } = await new AxeBuilder({ page: visited.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze()
        expect.soft(violations.map(({ id, nodes }) => `${screen.name}: ${id}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join('\n')}`)).toEqual([])
        await visited.context.close()
      })
    }
  })
}
