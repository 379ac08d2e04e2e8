import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles/app.css'
import { App } from './app/App'
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
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
