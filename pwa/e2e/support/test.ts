import { expect, test as base, type APIRequestContext, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { fillIn, putAway, signedIn, somebody, somethingOfEach, url, type Person, type World } from './world'
import { words, type Locale, type Words } from './words'

export { expect }

const PEOPLE = {
  ravi: 'ravi@fjordtak.example',
  ingrid: 'ingrid@fjordtak.example',
  asha: 'asha@fjordtak.example',
  mats: 'mats@fjordtak.example',
  olav: 'olav@nordlysmedia.example',
} as const
export type Who = keyof typeof PEOPLE

export type Theme = 'light' | 'dark'

/** Where the browser of somebody who speaks it is at home. */
const REGIONS: Record<Locale, string> = { nb: 'nb-NO', de: 'de-DE', nl: 'nl-NL', en: 'en-GB' }

export interface Visit {
  page: Page
  context: BrowserContext
  t: Words
  /** The live stream has said hello: from now on a change comes by itself. */
  live: () => Promise<void>
  /** What the page sent and opened, in its own order. */
  journal: () => Promise<string[]>
  /** Fails when the page has been loaded anew since the visit began. */
  notReloaded: () => Promise<void>
}

interface VisitOptions {
  theme?: Theme
  locale?: Locale
  at?: string
  /** Pixels to a point. */
  sharpness?: number
  /** Nobody has signed in yet. */
  stranger?: boolean
}

interface Fixtures {
  /** The language of the project: nb on the phone, en on the desktop. */
  language: Locale
  visit: (who: Who, options?: VisitOptions) => Promise<Visit>
  /** Complaints of the browser that a test provokes itself. */
  expectComplaint: (about: RegExp) => void
  /** Somebody fills in the form and is put away after the test. */
  newLead: (options?: { wait?: boolean; at?: Date }) => Promise<Person>
  /** Something on every screen, while the test runs. */
  world: World
}

export const test = base.extend<Fixtures & { complaints: { expected: RegExp[]; heard: string[] } }, { owner: APIRequestContext }>({
  owner: [
    async ({}, use) => {
      const api = await signedIn(PEOPLE.asha)
      await use(api)
      await api.dispose()
    },
    { scope: 'worker' },
  ],

  language: async ({ locale }, use) => use(locale?.startsWith('nb') ? 'nb' : 'en'),

  complaints: async ({}, use) => {
    // The first question of the app is who is there, and "nobody" is a 401.
    const complaints = { expected: [/401.*\/api\/session$/], heard: [] as string[] }
    await use(complaints)
    const unexpected = complaints.heard.filter((one) => !complaints.expected.some((about) => about.test(one)))
    expect(unexpected, 'complaints of the browser').toEqual([])
  },

  expectComplaint: async ({ complaints }, use) => use((about) => void complaints.expected.push(about)),

  visit: async ({ browser, language, complaints }, use) => {
    const open: BrowserContext[] = []
    await use(async (who, options = {}) => {
      const visit = await begin(browser, who, { locale: language, ...options }, complaints.heard)
      open.push(visit.context)
      return visit
    })
    for (const context of open) await context.close()
  },

  newLead: async ({ owner }, use) => {
    const people: Person[] = []
    await use(async (options) => {
      const person = somebody()
      people.push(person)
      await fillIn([person], options)
      return person
    })
    for (const person of people) await putAway(owner, person)
  },

  world: async ({ owner }, use) => {
    const world = await somethingOfEach(owner)
    await use(world)
    await world.remove()
  },
})

async function begin(browser: Browser, who: Who, { theme = 'light', locale = 'nb', at = '/', stranger = false, sharpness }: VisitOptions, heard: string[]): Promise<Visit> {
  const context = await browser.newContext({ baseURL: url(), colorScheme: theme, locale: REGIONS[locale], reducedMotion: 'reduce', deviceScaleFactor: sharpness })
  const headers = { Origin: url() }
  const entered = await context.request.post('/api/demo/session', { data: { email: PEOPLE[who] }, headers })
  expect(entered.ok(), await entered.text()).toBe(true)
  await context.request.patch('/api/me', { data: { locale }, headers })
  if (stranger) await context.clearCookies()
  await context.addInitScript(record)

  const page = await context.newPage()
  const greeted = new Promise<void>((resolve) => {
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).includes('"hello"')) resolve()
      })
    })
  })
  page.on('console', (message) => {
    if (message.type() === 'error') heard.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => heard.push(`${error.message}\n${error.stack ?? ''}`))
  await page.goto(at)
  const mark = await page.evaluate(() => performance.timeOrigin)
  return {
    page,
    context,
    t: words(locale),
    live: () => greeted,
    journal: () => page.evaluate(() => (window as unknown as { journal: string[] }).journal),
    notReloaded: async () => expect(await page.evaluate(() => performance.timeOrigin), 'loaded anew').toBe(mark),
  }
}

/** In the page, before the app: what is stored and what is opened, in order, and what the security policy stopped. */
function record(): void {
  const journal: string[] = []
  Object.assign(window, { journal })
  document.addEventListener('securitypolicyviolation', (event) => console.error(`security policy: ${event.violatedDirective} ${event.blockedURI}`))
  const original = window.fetch
  window.fetch = async (...call: Parameters<typeof fetch>) => {
    const request = call[0] instanceof Request ? call[0] : new Request(...call)
    const { method } = request
    const { pathname } = new URL(request.url)
    const answer = await original(...call)
    if (method !== 'GET') journal.push(`${method} ${pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id')} ${answer.status}`)
    return answer
  }
  const click = HTMLAnchorElement.prototype.click
  HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
    // There is no phone here to take over; that it was asked is what counts.
    if (/^(tel|sms|mailto):|^https:\/\/wa\.me/.test(this.href)) journal.push(this.href)
    else click.call(this)
  }
}

/** The phone took the screen for the call, and gives it back. */
export async function awayAndBack(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.dispatchEvent(new Event('blur'))
    window.dispatchEvent(new Event('focus'))
  })
}

export const row = (page: Page, person: Person) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name: person.full_name, exact: true }) })
