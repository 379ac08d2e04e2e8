// Completes package-lock.json after `npm install`: a registry mirror that lacks an optional package of another platform makes npm drop
// its entry, and `npm ci` then refuses the whole file. The entry says only which version and platform it is for.
import { readFileSync, writeFileSync } from 'node:fs'

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8'))
const systems = ['darwin', 'win32', 'android', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix', 'linux', 'openharmony']
const processors = ['arm64', 'x64', 'ia32', 'arm', 'riscv64', 'ppc64', 's390x', 'loong64', 'mips64el', 'wasm32']
let added = 0
for (const [place, entry] of Object.entries(lock.packages)) {
  delete entry.resolved
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${place}/node_modules/${name}`
    const top = `node_modules/${name}`
    if (lock.packages[nested] || lock.packages[top]) continue
    const words = name.replace(/^@[^/]+\//, '').split(/[-.]/)
    const os = systems.filter((word) => words.includes(word))
    const cpu = processors.filter((word) => words.includes(word) || words.some((w) => w.startsWith(`${word}`) && /^arm(v|eabi)/.test(w)))
    if (os.length === 0 && cpu.length === 0) continue // not of a platform: npm had its own reason
    lock.packages[top] = {
      version: range.replace(/^[^\d]*/, ''),
      ...(words.includes('musl') ? { libc: ['musl'] } : {}),
      ...(cpu.length ? { cpu } : {}),
      ...(place === '' || !entry.dev ? {} : { dev: true }),
      optional: true,
      ...(os.length ? { os } : {}),
    }
    added += 1
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} packages of other platforms added`)
