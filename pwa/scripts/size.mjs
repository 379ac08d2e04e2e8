// Measures what a phone must load before the inbox is shown: the modules that index.html names and everything they import at once, and what runs before them.
import { readdirSync, readFileSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'

const LIMIT_KB = 140

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const page = readFileSync(new URL('index.html', dist), 'utf8')
const entries = Object.keys(manifest).filter((key) => page.includes(`src="/${manifest[key].file}"`))
const inline = /<script data-[^>]*>([^<]+)<\/script>/.exec(page)?.[1]
if (entries.length === 0 || !inline) throw new Error('index.html names no start')
const gzipped = (file) => gzipSync(readFileSync(new URL(file, dist))).length / 1000

// The server sends what was compressed at build: it must be the same thing.
for (const file of readdirSync(dist, { recursive: true })) {
  const plain = file.endsWith('.br') ? brotliDecompressSync : file.endsWith('.gz') ? gunzipSync : null
  if (plain && !plain(readFileSync(new URL(file, dist))).equals(readFileSync(new URL(file.slice(0, -3), dist)))) throw new Error(`${file} is not what it stands for`)
}
for (const file of ['index.html', 'sw.js', 'manifest.webmanifest']) for (const end of ['br', 'gz']) readFileSync(new URL(`${file}.${end}`, dist))

const initial = new Set()
const visit = (key) => {
  if (initial.has(key)) return
  initial.add(key)
  for (const next of manifest[key].imports ?? []) visit(next)
}
entries.forEach(visit)

let total = gzipSync(inline).length / 1000
console.log(`${total.toFixed(1).padStart(7)} kB  in index.html itself`)
for (const key of initial) {
  const size = gzipped(manifest[key].file)
  total += size
  console.log(`${size.toFixed(1).padStart(7)} kB  ${manifest[key].file}`)
}
console.log(`${total.toFixed(1).padStart(7)} kB  initial JS, gzip (limit ${LIMIT_KB})`)

// The rows are fetched beside the session and the first page of leads; told apart, so that nobody is fooled.
const withRows = new Set(initial)
const list = Object.keys(manifest).find((key) => manifest[key].name === 'inbox')
const follow = (key) => {
  if (withRows.has(key)) return
  withRows.add(key)
  for (const next of manifest[key].imports ?? []) follow(next)
}
if (list) follow(list)
const rows = [...withRows].reduce((sum, key) => sum + gzipped(manifest[key].file), 0)
console.log(`${rows.toFixed(1).padStart(7)} kB  with the rows of the inbox`)

for (const [key, chunk] of Object.entries(manifest)) {
  if (initial.has(key) || !chunk.file.endsWith('.js')) continue
  console.log(`${gzipped(chunk.file).toFixed(1).padStart(7)} kB  later: ${chunk.file}`)
}
if (total > LIMIT_KB) {
  console.error(`The first load is ${(total - LIMIT_KB).toFixed(1)} kB too heavy: make a route or a part of it lazy.`)
  process.exit(1)
}
