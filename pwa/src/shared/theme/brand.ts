import { contrast, css, fromHex, type Oklch } from './colour'

/** NextMove's own accent, for organizations without a brand colour: a deep fjord blue that no meaning uses. */
const OWN: Oklch = { l: 0.48, c: 0.12, h: 255 }

/** The lightest and darkest surfaces an accent has to be read on (styles/tokens.css). */
const PAPER: Record<Theme, Oklch> = { light: { l: 0.955, c: 0.006, h: 75 }, dark: { l: 0.315, c: 0.009, h: 62 } }
const WHITE: Oklch = { l: 1, c: 0, h: 0 }
const INK: Oklch = { l: 0.18, c: 0.01, h: 65 }

const READABLE = 4.5

export type Theme = 'light' | 'dark'

export interface Accent {
  /** Fill of the primary action. */
  fill: Oklch
  /** Text on that fill. */
  on: Oklch
  /** Accent as text on a surface. */
  text: Oklch
  /** A quiet background behind `text`. */
  soft: Oklch
}

/** The accent keeps the brand's hue and gives up as much of its lightness as reading needs. */
export function accentOf(brand: string | null, theme: Theme): Accent {
  const base = (brand && fromHex(brand)) || OWN
  // Beyond this chroma most hues leave sRGB, and neighbours of the fill begin to vibrate.
  const c = Math.min(base.c, 0.17)
  const { h } = base
  const soft: Oklch = theme === 'light' ? { l: 0.945, c: Math.min(c, 0.022), h } : { l: 0.3, c: Math.min(c, 0.034), h }
  const text = guard({ l: base.l, c, h }, [PAPER[theme], soft], theme === 'light' ? -1 : 1)
  const fill = theme === 'light' ? guard({ l: base.l, c, h }, [WHITE], -1) : guard({ l: Math.max(base.l, 0.7), c, h }, [INK], 1)
  return { fill, on: theme === 'light' ? WHITE : INK, text, soft }
}

/** Moves the lightness step by step until the colour can be read on every ground. */
function guard(colour: Oklch, grounds: Oklch[], direction: 1 | -1): Oklch {
  // Black and white are brands too: start where the steps have room in their direction.
  let l = Math.min(0.96, Math.max(0.08, colour.l))
  const readable = () => grounds.every((ground) => contrast({ ...colour, l }, ground) >= READABLE)
  while (!readable() && l > 0.05 && l < 0.98) l += direction * 0.01
  return { ...colour, l }
}

let applied: string | null | undefined

/** The server's policy forbids style elements; properties set by script are allowed. */
export function applyBrand(brand: string | null): void {
  // The whole page is styled anew by it.
  if (brand === applied) return
  applied = brand
  const root = document.documentElement.style
  for (const theme of ['light', 'dark'] as const) {
    const accent = accentOf(brand, theme)
    for (const name of ['fill', 'on', 'text', 'soft'] as const) root.setProperty(`--brand-${theme}-${name}`, css(accent[name]))
  }
}
