import { readFileSync } from 'node:fs'
import type { Plugin, Rolldown } from 'vite'

const BOOT = 'src/boot.ts'
/** What each first screen needs beyond the start itself, by the attribute in which `src/boot.ts` finds it. */
const SCREENS = { inbox: 'src/features/inbox/LeadList.tsx', login: 'src/features/login/LoginScreen.tsx' }

/**
 * How the code is cut. On a phone every file costs more than its bytes: the start is one, and so is what each of the two first screens adds.
 * Each takes along what it imports, as far as an earlier one has not.
 */
export const groups: Rolldown.CodeSplittingGroup[] = [
  { name: 'start', test: /rolldown\/runtime|\/src\/(main\.tsx|shared\/(ui\/Avatar\.tsx|i18n\/(now|time)\.ts))$/, priority: 5 },
  { name: 'outbox', test: /\/src\/shared\/offline\/engine\.ts$|\/src\/paraglide\/messages\/channel_call\.js$/, priority: 4 },
  { name: 'forms', test: /\/src\/shared\/ui\/Field\.tsx$|\/node_modules\/(react-hook-form|@hookform|valibot)\//, priority: 3 },
  { name: 'inbox', test: new RegExp(`/${SCREENS.inbox.replace('.', '\\.')}$`), priority: 2 },
  { name: 'login', test: new RegExp(`/${SCREENS.login.replace('.', '\\.')}$`), priority: 1 },
]

/** Puts `src/boot.ts` into the head, as a script that holds the page until it has run, and tells it where the first screens' code lies. */
export function start(): Plugin {
  let root = ''
  let building = false
  return {
    name: 'start',
    configResolved(config) {
      root = config.root
      building = config.command === 'build' && !process.env.VITEST
    },
    buildStart() {
      if (building) this.emitFile({ type: 'chunk', id: `${root}/${BOOT}`, name: 'boot' })
    },
    transformIndexHtml: {
      order: 'post',
      handler(page, { bundle }) {
        const html = page
          .replace(/%(login_\w+)%/g, (_, key: string) => words(root, key))
          // What is drawn first is loaded first; the app's code needs the line longest, and comes after its styles.
          .replaceAll('<script type="module" ', '<script type="module" fetchpriority="low" ')
        if (!bundle) return { html, tags: [{ tag: 'script', attrs: { type: 'module', src: `/${BOOT}` }, injectTo: 'head-prepend' }] }
        const chunks = Object.values(bundle).filter((one) => one.type === 'chunk')
        const holding = (module: string) => {
          const found = chunks.find(({ moduleIds }) => moduleIds.includes(`${root}/${module}`))
          if (!found) throw new Error(`${module} is in no chunk`)
          return found
        }
        const boot = holding(BOOT)
        if (boot.imports.length > 0 || boot.exports.length > 0) throw new Error(`${BOOT} must stand alone: it runs before any module`)
        // A classic script: its names must not become everybody's.
        boot.code = `(()=>{${boot.code}})()`
        const entry = closure(holding('src/main.tsx'), bundle)
        const files = Object.entries(SCREENS).map(([name, module]) => {
          const more = [...closure(holding(module), bundle)].filter((file) => !entry.has(file))
          return [`data-${name}`, more.map((file) => `/${file}`).join(' ')] as const
        })
        return { html, tags: [{ tag: 'script', attrs: { src: `/${boot.fileName}`, ...Object.fromEntries(files) }, injectTo: 'head-prepend' }] }
      },
    },
  }
}

/** In every language; the page shows one (src/styles/shell.css). */
function words(root: string, key: string): string {
  return ['nb', 'de', 'nl', 'en']
    .map((locale) => {
      const text = (JSON.parse(readFileSync(`${root}/messages/${locale}.json`, 'utf8')) as Record<string, unknown>)[key]
      if (typeof text !== 'string' || /[<&{]/.test(text)) throw new Error(`${key} is no plain text in ${locale}`)
      return `<span lang="${locale}">${text}</span>`
    })
    .join('')
}

/** The files of a chunk and of all that it imports at once. */
function closure(chunk: Rolldown.OutputChunk, bundle: Rolldown.OutputBundle, files = new Set<string>()): Set<string> {
  if (files.has(chunk.fileName)) return files
  files.add(chunk.fileName)
  for (const name of chunk.imports) {
    const next = bundle[name]
    if (next?.type === 'chunk') closure(next, bundle, files)
  }
  return files
}
