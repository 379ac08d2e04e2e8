// Inter as this app sets it: the characters of Latin, and of the weights those between regular and bold. A phone loads half as much of it.
import { readFileSync, writeFileSync } from 'node:fs'
import subset from 'subset-font'

const whole = new URL('../node_modules/@fontsource-variable/inter/', import.meta.url)
const { latin } = JSON.parse(readFileSync(new URL('unicode.json', whole), 'utf8'))
const text = latin
  .split(',')
  .map((range) => range.match(/[0-9A-F]+/g).map((hex) => parseInt(hex, 16)))
  .flatMap(([from, to = from]) => Array.from({ length: to - from + 1 }, (_, n) => String.fromCodePoint(from + n)))
  .join('')
const inter = await subset(readFileSync(new URL('files/inter-latin-wght-normal.woff2', whole)), text, { targetFormat: 'woff2', variationAxes: { wght: { min: 400, max: 700 } } })
writeFileSync(new URL('../src/styles/inter.woff2', import.meta.url), inter)
