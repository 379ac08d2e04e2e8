import '@testing-library/jest-dom/vitest'
import 'fake-indexeddb/auto'
import { cleanup } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { open } from '@/shared/contact/waiting'
import { applyLocale } from '@/shared/i18n/locale'
import { forgetRecent } from '@/shared/leads/recent'
import { leadSheet } from '@/shared/leads/sheets'
import { arrivals } from '@/shared/live/state'
import { transact } from '@/shared/offline/db'
import { end } from '@/shared/offline/engine'
import { reach } from '@/shared/offline/health'
import { offlineSheet } from '@/shared/offline/waiting'
import { toasts } from '@/shared/ui/toasts'
import { server } from './server'

// What jsdom lacks: modal dialogs, layout, media queries, scrolling.
HTMLDialogElement.prototype.showModal = function () {
  this.open = true
}
HTMLDialogElement.prototype.close = function () {
  this.open = false
}
Object.defineProperty(HTMLElement.prototype, 'offsetHeight', { get: () => 85 })
Object.defineProperty(Element.prototype, 'clientHeight', { get: () => 800 })
Object.defineProperty(Element.prototype, 'clientWidth', { get: () => 390 })
Element.prototype.scrollTo = () => {}
Element.prototype.scrollBy = () => {}
globalThis.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
}
window.matchMedia = (query: string) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
beforeEach(() => applyLocale('en'))
afterEach(async () => {
  cleanup()
  server.resetHandlers()
  end()
  for (const store of ['keys', 'outbox', 'reads'] as const) await transact(store, 'readwrite', (all) => void all.clear())
  offlineSheet.set(null)
  reach.set('online')
  open.set(null)
  leadSheet.set(null)
  arrivals.set([])
  toasts.set([])
  forgetRecent()
})
afterAll(() => server.close())
