import { looksRight } from './support/look'
import { test, type Visit } from './support/test'
import { SCREENS, settled } from './support/screens'

test('axe finds nothing on any screen, light or dark', async ({ visit, world, expectComplaint }, { project }) => {
  test.setTimeout(480_000)
  // A lead that is gone, and nobody signed in: both asked for.
  expectComplaint(/40[14]/)
  const visits = new Map<string, Visit>()
  for (const screen of SCREENS) {
    if (screen.desktop && project.name === 'phone') continue
    await test.step(screen.name, async () => {
      const { who = 'ravi', stranger = false } = screen
      const key = `${who} ${stranger}`
      const visited = visits.get(key) ?? (await visit(who, { stranger, at: screen.at(world) }))
      const { page } = visited
      if (visits.has(key)) await page.goto(screen.at(world))
      visits.set(key, visited)
      await settled(page)
      await screen.open?.(visited, page)
      await looksRight(page, screen.name)
    })
  }
})
