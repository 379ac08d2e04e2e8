import type { Lead } from '@/shared/api/types'
import { rightTime } from './clock'
import { put, remove, rows } from './outbox'
import { clashes, next, soonest, type Refusal, type Row } from './row'
import type { Keeper } from './seal'

const LOCK = 'nextmove-outbox'
const FIRST_RETRY = 1000
const LAST_RETRY = 60_000
/** A server that has not answered by then is asked again; under the same key that is safe. */
const PATIENCE = 20_000

export interface Hooks {
  /** The server has it; the row is gone from the disk. */
  sent?: (row: Row, answer: unknown) => Promise<void> | void
  /** It now waits for the person, or for another time. */
  changed?: (row: Row) => void
  /** Any answer at all. */
  heard?: (response: Response) => void
  unheard?: () => void
}

/** Why it stopped, and when there is something to do again. */
export interface Drained {
  stopped: 'done' | 'unreachable' | 'signed-out'
  at: number | null
}

/** Of all tabs and the service worker one at a time: the others wait, and then find nothing left. */
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  if ('locks' in navigator) return navigator.locks.request(LOCK, work) as Promise<T>
  const after = alone.then(work, work)
  alone = after.catch(() => {})
  return after
}
let alone: Promise<unknown> = Promise.resolve()

/** Sends what may go, one after the other, until nothing is left that could. */
export function drain(keeper: Keeper, hooks: Hooks = {}): Promise<Drained> {
  return exclusively(async () => {
    for (;;) {
      const all = await rows(keeper)
      const row = next(all, Date.now())
      if (!row) return { stopped: 'done', at: soonest(all, Date.now()) }
      const stopped = await send(keeper, row, hooks)
      if (stopped) return stopped
    }
  })
}

async function send(keeper: Keeper, row: Row, hooks: Hooks): Promise<Drained | null> {
  let response: Response
  let body: unknown
  try {
    response = await fetch(row.path, {
      method: row.method,
      headers: headersOf(row),
      body: row.body === null ? null : JSON.stringify(row.timeField ? { ...row.body, [row.timeField]: rightTime(row.at) } : row.body),
      // The dialler may take the screen before the answer is here.
      keepalive: true,
      signal: AbortSignal.timeout(PATIENCE),
    })
    body = response.status === 204 ? null : await response.json().catch(() => null)
  } catch {
    hooks.unheard?.()
    const at = await later(keeper, row, hooks, null)
    return { stopped: 'unreachable', at }
  }
  hooks.heard?.(response)
  const { status } = response
  if (response.ok) {
    await remove(row.seq)
    await hooks.sent?.(row, body)
    return null
  }
  if (status === 401) return { stopped: 'signed-out', at: null }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const at = await later(keeper, row, hooks, retryAfter(response))
    // A server that asks for patience means all of it; one that stumbles over a row may take the next.
    return status === 429 ? { stopped: 'unreachable', at } : null
  }
  if (status === 412 || (status === 409 && row.version !== undefined)) return moved(keeper, row, hooks)
  await settle(keeper, { ...row, state: 'rejected', refusal: refusalOf(status, body) }, hooks)
  return null
}

function headersOf(row: Row): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'Idempotency-Key': row.key,
    'X-Acting-As': row.owner,
    ...(row.version === undefined ? {} : { 'If-Match': `"${row.version}"` }),
    // Sent again, no person caused it: it must not keep the session alive.
    ...(row.tries > 0 ? { 'X-Background': '1' } : {}),
  }
}

async function later(keeper: Keeper, row: Row, hooks: Hooks, wait: number | null): Promise<number> {
  const tries = row.tries + 1
  const nextAt = Date.now() + (wait ?? Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (tries - 1)))
  await settle(keeper, { ...row, tries, nextAt, delayed: false }, hooks)
  return nextAt
}

async function settle(keeper: Keeper, row: Row, hooks: Hooks): Promise<void> {
  await put(keeper, row)
  hooks.changed?.(row)
}

/** The lead has moved on. Where nobody touched what the person changed, both changes count; otherwise the person chooses. */
async function moved(keeper: Keeper, row: Row, hooks: Hooks): Promise<Drained | null> {
  let theirs: Lead
  try {
    const answer = await fetch(`/api/leads/${row.base.id}`, { headers: { 'X-Background': '1' }, signal: AbortSignal.timeout(PATIENCE) })
    if (answer.status === 401) return { stopped: 'signed-out', at: null }
    if (answer.status === 404) {
      await settle(keeper, { ...row, state: 'rejected', refusal: refusalOf(404, null) }, hooks)
      return null
    }
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
    theirs = (await answer.json()) as Lead
  } catch {
    return { stopped: 'unreachable', at: await later(keeper, row, hooks, null) }
  }
  const isTheirs = clashes(row, theirs).length > 0 || theirs.version === row.version
  await settle(keeper, isTheirs ? { ...row, state: 'conflict', theirs } : { ...row, version: theirs.version, base: { ...row.base, version: theirs.version } }, hooks)
  return null
}

function retryAfter(response: Response): number | null {
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
  return Number.isNaN(seconds) ? null : Math.min(seconds * 1000, 10 * LAST_RETRY)
}

function refusalOf(status: number, body: unknown): Refusal {
  const told = (typeof body === 'object' && body !== null ? body : {}) as { reason?: unknown; field?: unknown }
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return { status, reason: text(told.reason), field: text(told.field) }
}
