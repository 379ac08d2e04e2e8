import '@testing-library/jest-dom/vitest'
import { cleanup } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { queue, open } from '@/shared/contact/contact'
import { applyLocale } from '@/shared/i18n/locale'
import { forgetRecent } from '@/shared/leads/recent'
import { leadSheet } from '@/shared/leads/sheets'
import { arrivals } from '@/shared/live/state'
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
afterEach(() => {
  cleanup()
  server.resetHandlers()
  queue.clear()
  open.set(null)
  leadSheet.set(null)
  arrivals.set([])
  toasts.set([])
  forgetRecent()
})
afterAll(() => server.close())
