import './app/early'
import { startTransition, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles/app.css'
import { App, createClient } from './app/App'
import { createAppRouter } from './app/router'
import { wake } from './app/wake'
import { watchUpdates } from './app/update'
import { loadRows } from './features/inbox/rows'
import { watchInstall } from './shared/device/install'
import { prefs } from './shared/device/prefs'
import { applyLocale, pickLocale } from './shared/i18n/locale'
import { applyBrand } from './shared/theme/brand'
import { followTheme } from './shared/theme/theme'

followTheme()
applyBrand(null)
applyLocale(pickLocale([prefs.get().locale, ...navigator.languages]))
watchInstall()
watchUpdates()

/** What index.html has drawn stays until the first screen stands whole: session, words and rows are there before React is asked for anything. */
async function start(root: HTMLElement): Promise<void> {
  const client = createClient()
  // Without a network it is missing only where the phone has kept no app: then the list says so itself.
  const rows = window.location.pathname === '/' ? loadRows().catch(() => null) : null
  // What the phone has kept is there within milliseconds, and then nobody has to be asked before the first screen.
  await wake(client).catch(() => {})
  await breath()
  const router = createAppRouter(client)
  await Promise.all([router.load().catch(() => {}), rows])
  await breath()
  // In pieces, so that a finger that is already there is answered in between.
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <App client={client} router={router} />
      </StrictMode>,
    ),
  )
}

/** Lets a finger in between two long pieces of work. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => resolve()
    port2.postMessage(null)
  })
}

const root = document.getElementById('root')
if (root) void start(root)
