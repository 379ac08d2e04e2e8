/**
 * Runs in the head of the page, before anything is drawn and long before the app's code is here: a script of its own that imports nothing.
 * It sets theme and language of what index.html draws, so that nobody in the dark is flashed at, asks the server for what the first screen shows, and fetches that screen's
 * code beside the rest of it. What it has asked for is taken by shared/api/early.ts; without it everything works, only later.
 */
import type { Early } from './shared/api/early'

const { dataset } = document.currentScript ?? document.documentElement
const path = location.pathname

function preload(files = ''): void {
  for (const file of files.split(' ').filter(Boolean)) {
    const link = document.createElement('link')
    link.rel = 'modulepreload'
    link.crossOrigin = ''
    link.href = file
    document.head.append(link)
  }
}

function prefs(): { theme?: string; locale?: string | null } {
  try {
    return (JSON.parse(localStorage.getItem('nextmove.prefs') ?? '{}') as ReturnType<typeof prefs> | null) ?? {}
  } catch {
    // Storage may be refused, or damaged: the defaults do.
    return {}
  }
}

/** As shared/theme/theme.ts and shared/i18n/locale.ts will find them again. */
function dress(root: HTMLElement): void {
  const { theme, locale } = prefs()
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  // What the worker has kept is there at once. Otherwise the letters' file comes after the first screen: the line is needed for its code.
  if (navigator.serviceWorker?.controller) root.dataset.inter = ''
  root.dataset.theme = dark ? 'dark' : 'light'
  const wishes = [locale, ...navigator.languages].map((wish) => /^(nb|no|nn|de|nl|en)(-|$)/i.exec(wish ?? '')?.[1]?.toLowerCase())
  root.lang = wishes.find(Boolean)?.replace(/n[no]/, 'nb') ?? 'nb'
  if (path === '/login' && !/[?&]locked=/.test(location.search)) root.dataset.at = 'login'
}

/** The answer that a question of the app will find waiting. */
function ask(address: string): Promise<Response> {
  const answer = fetch(address)
  early.set(address, { asked: Date.now(), answer })
  // Whoever takes it hears of a failure; it must not be told as unhandled before.
  answer.catch(() => {})
  return answer
}

const early: Early = (window.nextmoveEarly = new Map())

dress(document.documentElement)
if (path === '/login') {
  preload(dataset.login)
  void ask('/api/demo')
} else if (!/^\/(join|forgot|reset)$/.test(path)) {
  if (path === '/') preload(dataset.inbox)
  ask('/api/session').then(
    ({ ok, status }) => {
      if (status === 401) preload(dataset.login)
      if (!ok || path !== '/') return
      const search = new URLSearchParams(location.search)
      const view = search.get('view') ?? 'todo'
      search.delete('view')
      // A list that is filtered further is asked for by the app.
      if (search.size === 0) void ask(`/api/leads?view=${view}&limit=100`)
      void ask('/api/leads/counts')
    },
    () => {},
  )
}
