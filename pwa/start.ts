import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Plugin, Rolldown } from 'vite'

const BOOT = 'src/boot.ts'
/** Too small for a journey of its own. */
const MARK = '/icons/logo.svg'
/** What each first screen needs beyond the start itself, by the attribute in which `src/boot.ts` finds it. */
const SCREENS = { inbox: 'src/features/inbox/LeadList.tsx', login: 'src/features/login/LoginScreen.tsx' }

/**
 * How the code is cut. On a phone every file costs more than its bytes: the start is one, and so is what each of the two first screens adds.
 * Each takes along what it imports, as far as an earlier one has not.
 */
export const groups: Rolldown.CodeSplittingGroup[] = [
  // Beside the start, not before it: two lines of a slow network fill faster than one. It changes only with React.
  { name: 'react', test: /\/node_modules\/(react|react-dom|scheduler)\//, priority: 6 },
  { name: 'start', test: /rolldown\/runtime|\/src\/(main\.tsx|shared\/(ui\/Avatar\.tsx|i18n\/(now|time)\.ts))$/, priority: 5 },
  { name: 'outbox', test: /\/src\/shared\/offline\/engine\.ts$|\/src\/paraglide\/messages\/channel_call\.js$/, priority: 4 },
  { name: 'forms', test: /\/src\/shared\/ui\/Field\.tsx$|\/node_modules\/(react-hook-form|@hookform|valibot)\//, priority: 3 },
  { name: 'inbox', test: new RegExp(`/${SCREENS.inbox.replace('.', '\\.')}$`), priority: 2 },
  { name: 'login', test: new RegExp(`/${SCREENS.login.replace('.', '\\.')}$`), priority: 1 },
]

/**
 * Puts `src/boot.ts`, the styles and the mark into the page itself: on a phone each file that drawing waits for is a journey there and back. The script holds
 * the page until it has run, and is told where the first screens' code lies. The server lets through what `inline.json` names, and nothing else (src/web/pwa.rs).
 */
export function start(): Plugin {
  let root = ''
  let building = false
  let inline = ''
  return {
    name: 'start',
    configResolved(config) {
      root = config.root
      building = config.command === 'build' && !process.env.VITEST
    },
    buildStart() {
      if (building) this.emitFile({ type: 'chunk', id: `${root}/${BOOT}`, name: 'boot' })
    },
    writeBundle({ dir }) {
      if (inline && dir) writeFileSync(`${dir}/inline.json`, inline)
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
        const entry = closure(holding('src/main.tsx'), bundle)
        const files = Object.entries(SCREENS).map(([name, module]) => {
          const more = [...closure(holding(module), bundle)].filter((file) => !entry.has(file))
          return [`data-${name}`, more.map((file) => `/${file}`).join(' ')] as const
        })
        // A classic script: its names must not become everybody's.
        const script = inside('script', `(()=>{${boot.code.trim()}})()`)
        delete bundle[boot.fileName]
        const [link = '', sheet = ''] = /<link rel="stylesheet"[^>]* href="\/([^"]+)">/.exec(html) ?? []
        const styles = bundle[sheet]
        if (styles?.type !== 'asset') throw new Error('index.html names no styles')
        const style = inside('style', String(styles.source).trim())
        delete bundle[sheet]
        inline = JSON.stringify({ script: hash(script), style: hash(style) })
        const attributes = files.map(([name, value]) => ` ${name}="${value}"`).join('')
        // Behind the encoding, which has to stand in the first kilobyte.
        return html
          .replace(MARK, () => `data:image/svg+xml,${encodeURIComponent(readFileSync(`${root}/public${MARK}`, 'utf8').replace(/\s*\n\s*/g, ''))}`)
          .replace(link, () => `<style>${style}</style>`)
          .replace('<title>', () => `<script${attributes}>${script}</script>\n    <title>`)
      },
    },
  }
}

/** What stands inside a tag must not end it. */
function inside(tag: 'script' | 'style', text: string): string {
  if (text.toLowerCase().includes(`</${tag}`) || text.includes('<!--')) throw new Error(`${tag} would end within itself`)
  return text
}

/** As a content security policy names what it lets through. */
function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
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
