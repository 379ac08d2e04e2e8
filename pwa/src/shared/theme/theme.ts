import { prefs } from '@/shared/device/prefs'

const dark = window.matchMedia('(prefers-color-scheme: dark)')
const BAR = { light: '#faf8f5', dark: '#171513' }

/** Follows the person's choice, or the system's while there is none. */
export function followTheme(): () => void {
  const apply = () => {
    const { theme } = prefs.get()
    const now = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme
    document.documentElement.dataset.theme = now
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) meta.content = BAR[now]
  }
  apply()
  dark.addEventListener('change', apply)
  const stop = prefs.subscribe(apply)
  return () => {
    dark.removeEventListener('change', apply)
    stop()
  }
}
