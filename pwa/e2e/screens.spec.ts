import path from 'node:path'
import { test, type Theme } from './support/test'
import { SCREENS, settled } from './support/screens'
import { someLeads } from './support/world'

const folder = process.env.SCREENS_DIR ?? ''

for (const theme of ['light', 'dark'] satisfies Theme[]) {
  test(`pictures of every screen, ${theme} @screens`, async ({ visit, owner, expectComplaint }, { project }) => {
    test.setTimeout(180_000)
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
        await visited.page.screenshot({ path: path.join(folder, `${project.name}-${screen.name}-${theme}.png`) })
        await visited.context.close()
      })
    }
  })
}
