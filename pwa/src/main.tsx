import './app/early'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles/app.css'
import { App, createClient } from './app/App'
import { wake } from './app/wake'
import { watchUpdates } from './app/update'
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

const root = document.getElementById('root')
const client = createClient()
// What the phone has kept is there within milliseconds, and then nobody has to be asked before the first screen.
void wake(client).finally(() => {
  if (!root) return
  createRoot(root).render(
    <StrictMode>
      <App client={client} />
    </StrictMode>,
  )
})
