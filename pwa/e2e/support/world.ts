import { request, type APIRequestContext } from '@playwright/test'

export interface Person {
  full_name: string
  phone: string
  email: string
}

export interface Lead {
  id: string
  version: number
  status: string
  full_name: string | null
  assignee_id: string | null
  attempt_count: number
  enquiry_count: number
}

export const FORM = '900100200300401'
export const PAGE = '100200300400501'

export const url = () => known('E2E_URL')
const sandbox = () => known('E2E_SANDBOX')
const control = () => known('E2E_CONTROL')

function known(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: support/setup.ts has not run.`)
  return value
}

async function post(address: string, body?: unknown): Promise<Response> {
  const answer = await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`)
  return answer
}

/** kill -9 and a new start on the same data; a network that is gone, and one that is back. */
export const server = {
  kill: () => post(`${control()}/kill`),
  start: () => post(`${control()}/start`),
}
export const network = {
  cut: () => post(`${control()}/cut`),
  /** What is asked arrives; what is answered does not. */
  deafen: () => post(`${control()}/deafen`),
  mend: () => post(`${control()}/mend`),
}

const FIRST = ['Solveig', 'Tor', 'Ingeborg', 'Håvard', 'Astrid', 'Kjell', 'Ragnhild', 'Sindre']
const SYLLABLES = ['hov', 'brek', 'lund', 'mo', 'sund', 'vik', 'stad', 'berg', 'nes', 'dal', 'fjell', 'li']
const any = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)] as T

/** Somebody the world has not seen yet: the same phone number would join two enquiries to one lead. */
export function somebody(): Person {
  const last = any(SYLLABLES) + any(SYLLABLES) + any(SYLLABLES) + any(SYLLABLES)
  const number = String(Math.floor(Math.random() * 1_000_000)).padStart(6, '0')
  const first = any(FIRST)
  return {
    full_name: `${first} ${last.charAt(0).toUpperCase()}${last.slice(1)}`,
    phone: `+4791${number}`,
    email: `${last}${number}@example.com`,
  }
}

/** Fills in the form at Meta; Meta tells the server. Without `wait` it goes on telling it until somebody answers. */
export async function fillIn(people: Person[], { wait = true, at }: { wait?: boolean; at?: Date } = {}): Promise<void> {
  for (const person of people) {
    await post(`${sandbox()}/_sandbox/leads`, { form_id: FORM, ...person, wait, test: false, organic: false, created_time: at?.toISOString() })
  }
}

/** What people do at Meta's to the page and its token; nothing said, everything as it was. */
export async function changePage(change: { token?: string; dead?: number }): Promise<void> {
  const answer = await fetch(`${sandbox()}/_sandbox/pages/${PAGE}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(change) })
  if (!answer.ok) throw new Error(`the sandbox's page: ${answer.status} ${await answer.text()}`)
}

/** The next call to Graph fails like this. */
export const failNext = (fault: string) => post(`${sandbox()}/_sandbox/faults`, { fault, count: 1 })

/** The owner's page, by the API. */
export function connection(api: APIRequestContext) {
  const path = `/api/connections/meta/pages/${PAGE}`
  return {
    disconnect: () => api.delete(path),
    connect: (token: string) => api.put(path, { data: { token } }),
    waiting: async () => {
      const setup = (await (await api.get('/api/connections/meta')).json()) as { pages: { waiting: number }[] }
      return setup.pages[0]?.waiting
    },
    decide: async (form: string, targets: Record<string, string>) => {
      const { items } = (await (await api.get('/api/forms/mappings')).json()) as { items: { id: string; external_id: string; version: number }[] }
      const found = items.find((one) => one.external_id === form)
      if (found) await api.put(`/api/forms/${found.id}/mapping`, { headers: { 'If-Match': `"${found.version}"` }, data: { targets } })
    },
  }
}

export async function signedIn(email: string): Promise<APIRequestContext> {
  const api = await request.newContext({ baseURL: url(), extraHTTPHeaders: { Origin: url() } })
  const answer = await api.post('/api/demo/session', { data: { email } })
  if (!answer.ok()) throw new Error(`${email} cannot sign in: ${answer.status()} ${await answer.text()}`)
  return api
}

export async function find(api: APIRequestContext, person: Person): Promise<Lead[]> {
  const answer = await api.get(`/api/leads?q=${encodeURIComponent(person.phone)}`)
  const { items } = (await answer.json()) as { items: Lead[] }
  return items
}

export interface Told {
  id: string
  kind: string
  at: string
  stored_at: string | null
  user_id: string | null
  text: string | null
  to: string | null
  attempt: { outcome: string | null; started_at: string; stored_at: string } | null
}

/** The timeline as the server has it. */
export async function history(api: APIRequestContext, id: string): Promise<Told[]> {
  const answer = await api.get(`/api/leads/${id}/timeline`)
  return ((await answer.json()) as { items: Told[] }).items
}

/** The lead of somebody whose form has been filled in. */
export async function leadOf(api: APIRequestContext, person: Person): Promise<Lead> {
  const until = Date.now() + 15_000
  while (Date.now() < until) {
    const [lead] = await find(api, person)
    if (lead) return lead
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  throw new Error(`${person.full_name} has not arrived.`)
}

/** Out of everybody's way, so that the next test finds a short list. */
export async function putAway(api: APIRequestContext, person: Person): Promise<void> {
  for (const lead of await find(api, person)) {
    await api.patch(`/api/leads/${lead.id}`, { headers: { 'If-Match': `"${lead.version}"` }, data: { status: 'lost', lost_reason: 'duplicate' } })
  }
}

/** Leads of the demo's past, one of each kind that looks different. The busy one waits for Ravi to tell how a call went. */
export async function someLeads(owner: APIRequestContext): Promise<{ busy: string; fresh: string; lost: string }> {
  const first = async (api: APIRequestContext, query: string) => {
    const { items } = (await (await api.get(`/api/leads?limit=1&${query}`)).json()) as { items: Lead[] }
    const [lead] = items
    if (!lead) throw new Error(`The demo has no lead for ${query}.`)
    return lead.id
  }
  const ravi = await signedIn('ravi@fjordtak.example')
  const busy = await first(ravi, 'view=mine&status=contacted')
  await ravi.post(`/api/leads/${busy}/attempts`, { data: { channel: 'call' } })
  await ravi.dispose()
  return { busy, fresh: await first(owner, 'status=new&assignee=none'), lost: await first(owner, 'status=lost') }
}

export interface World {
  /** A call, a note and an outcome; the work goes on. */
  busy: string
  /** Nobody has tried yet. */
  fresh: string
  lost: string
  /** A form of a web page; what came by it could not be read. */
  source: string
  /** A file that is not taken in yet. */
  draft: string
  /** A message, a letter and a task, begun by hand. */
  sequence: string
  /** All but the draft, which only stands there. */
  remove: () => Promise<void>
}

/** What the screens show, one of each: leads, and what an owner has set up. */
export async function somethingOfEach(owner: APIRequestContext): Promise<World> {
  const post = async (path: string, data: unknown) => {
    const answer = await owner.post(path, { data })
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`)
    return (await answer.json()) as { id: string; source: { id: string; url: string } }
  }
  const { source } = await post('/api/sources', { name: 'Landingsside for takrenner', kind: 'form' })
  // Nothing in it to call or write to: it waits to be read again, and brings no lead.
  const left = await fetch(source.url, { method: 'POST', body: new URLSearchParams({ navn: 'Kari Nordmann', hva_gjelder_det: 'Takrennen lekker' }) })
  if (!left.ok) throw new Error(`${source.url}: ${left.status}`)
  const steps = [
    { kind: 'sms', after_minutes: 0, subject: null, text: 'Hei {{ first_name }}, dette er {{ organization }}. Når passer det at vi ringer?' },
    { kind: 'email', after_minutes: 240, subject: 'Befaring', text: 'Hei {{ first_name }}! Vi kommer gjerne og ser på det.' },
    { kind: 'task', after_minutes: 1440, subject: null, text: 'Ring en gang til' },
  ]
  const sequence = await post('/api/sequences', { name: 'Etter ubesvart anrop', is_active: true, trigger: 'by_hand', filter: {}, steps })
  const file = 'Navn;Telefon;Dato;Ukjent\nKari Nordmann;+4791000001;20.01.2026;x\nOla Nordmann;+4791000002;;y\nFeil;123;;z\n'
  const upload = await owner.post('/api/imports', { data: Buffer.from(file), headers: { 'content-type': 'application/octet-stream' } })
  if (!upload.ok()) throw new Error(`/api/imports: ${upload.status()} ${await upload.text()}`)
  const draft = (await upload.json()) as { id: string }
  return {
    ...(await someLeads(owner)),
    source: source.id,
    sequence: sequence.id,
    draft: draft.id,
    remove: async () => {
      await owner.delete(`/api/sources/${source.id}`)
      await owner.delete(`/api/sequences/${sequence.id}`)
    },
  }
}

export interface Letter {
  subject: string
  text: string
  code: string | null
}

/** The newest letter to somebody, once so many have come. */
export async function letterTo(address: string, count = 1): Promise<Letter> {
  const until = Date.now() + 15_000
  while (Date.now() < until) {
    const answer = await fetch(`${sandbox()}/_sandbox/mails?to=${encodeURIComponent(address)}`)
    const letters = (await answer.json()) as Letter[]
    const last = letters[letters.length - 1]
    if (last && letters.length >= count) return last
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  throw new Error(`No ${count} letters to ${address}.`)
}
