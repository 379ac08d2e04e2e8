import { expect, test } from 'vitest'
import { accentOf } from './brand'
import { contrast, fromHex } from './colour'

const PAPER = { light: { l: 0.981, c: 0.004, h: 78 }, dark: { l: 0.185, c: 0.006, h: 62 } }
const brands = ['#ffff00', '#000000', '#ffffff', '#ff0000', '#00ff00', '#0f5c6e', '#c4511d', '#0000ff', '#f5a3d0', null, 'nonsense']

test.each(brands)('an accent from %s can be read in both themes', (brand) => {
  for (const theme of ['light', 'dark'] as const) {
    const accent = accentOf(brand, theme)
    expect(contrast(accent.on, accent.fill)).toBeGreaterThanOrEqual(4.5)
    expect(contrast(accent.text, PAPER[theme])).toBeGreaterThanOrEqual(4.5)
    expect(contrast(accent.text, accent.soft)).toBeGreaterThanOrEqual(4.5)
  }
})

test('white and black are as far apart as can be', () => {
  const [white, black] = [fromHex('#ffffff'), fromHex('#000000')]
  expect(white && black && contrast(white, black)).toBeCloseTo(21, 1)
})
