import type { QueryClient } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import { refetchQuietly } from '@/shared/api/quiet'
import type { Entered, Lead, LeadDetail, Session } from '@/shared/api/types'
import { applyChange } from '@/shared/leads/apply'
import { leadKeys } from '@/shared/leads/queries'
import { drain as drainOutbox, type Drained } from './drain'
import { heard, reach, unheard } from './health'
import { add, put, remove, rows } from './outbox'
import type { Command, Row } from './row'
import { importKey, type Keeper } from './seal'
import { outbox } from './waiting'

/** What became of a command as far as is known when the person wants to go on. */
export type Verdict = { state: 'sent'; answer: unknown } | { state: 'queued' } | { state: 'conflict'; key: string } | { state: 'rejected'; error: ApiError }

export interface Submitted {
  key: string
  done: Promise<Verdict>
}

export interface Options {
  /** Milliseconds for second thoughts before it goes. */
  delay?: number
}

let client: QueryClient | null = null
let owner: string | null = null
let opened: Promise<Keeper> | null = null
let timer: ReturnType<typeof setTimeout> | undefined
let channel: BroadcastChannel | null = null
/** A tap may come before the outbox is opened: it waits, so long, for its own person's. */
const PATIENCE = 10_000
const hopeful = new Set<(keeper: Promise<Keeper> | null) => void>()
const waiters = new Map<string, (verdict: Verdict) => void>()
/** Sent, and still laid over what is shown until the server's own word is there. */
const lingering = new Map<string, Row>()

export function ownerOf(session: Session): string {
  return `${session.user.id}/${session.organization?.id ?? ''}`
}

/** From now on it is this person's outbox; answers the key of their copies, or null where the session has none. */
export function begin(queryClient: QueryClient, session: Session): Promise<Keeper> | null {
  client = queryClient
  const now = ownerOf(session)
  if (owner === now && opened) return opened
  if (owner !== now) {
    if (owner !== null) tellHopeful(null)
    outbox.set([])
  }
  owner = now
  if (session.offline_key) adopt(importKey(session.offline_key).then((key) => ({ owner: now, key })))
  return opened
}

/** The key as the phone kept it, for a start without a server. */
export function resumeWith(queryClient: QueryClient, known: Keeper): void {
  client = queryClient
  owner = known.owner
  adopt(Promise.resolve(known))
}

function adopt(keeper: Promise<Keeper>): void {
  opened = keeper
  tellHopeful(keeper)
  channel ??= listen()
  void reload().then(() => drain())
}

function tellHopeful(keeper: Promise<Keeper> | null): void {
  for (const tell of [...hopeful]) tell(keeper)
}

/** The outbox of the person on the screen. */
function mine(): Promise<Keeper> {
  if (opened) return opened
  return new Promise((resolve, reject) => {
    const told = (keeper: Promise<Keeper> | null) => {
      clearTimeout(late)
      hopeful.delete(told)
      if (keeper) resolve(keeper)
      else reject(new Error('nobody is signed in'))
    }
    const late = setTimeout(() => told(null), PATIENCE)
    hopeful.add(told)
  })
}

function listen(): BroadcastChannel | null {
  if (typeof BroadcastChannel === 'undefined') return null
  const made = new BroadcastChannel('nextmove-outbox')
  made.onmessage = () => void elsewhere()
  return made
}

/** Another tab or the service worker has changed the outbox; what it has sent, this one has not seen yet. */
async function elsewhere(): Promise<void> {
  const before = outbox.get()
  await reload()
  const left = new Set(outbox.get().map((row) => row.key))
  for (const row of before) if (!left.has(row.key) && !lingering.has(row.key)) void refresh(row.base.id)
  // A command of ours that the other one took has been decided by it.
  for (const row of outbox.get()) decided(row)
  for (const row of before) if (!left.has(row.key)) settle(row.key, { state: 'sent', answer: null })
}

/** One after the other: of two readings at once the older might come back last, and show what is gone. */
let reading: Promise<void> = Promise.resolve()

function reload(): Promise<void> {
  reading = reading.then(read, read)
  return reading
}

async function read(): Promise<void> {
  if (!opened) return
  const keeper = await opened
  const all = await rows(keeper)
  if (keeper.owner === owner) outbox.set([...lingering.values(), ...all.filter((row) => !lingering.has(row.key))])
}

async function tell(): Promise<void> {
  await reload()
  channel?.postMessage('changed')
}

/** Keeps a command on the phone, then sends it. `done` answers as soon as it is clear that it will take longer. */
export function submit(command: Command, { delay = 0 }: Options = {}): Submitted {
  const key = crypto.randomUUID()
  const done = new Promise<Verdict>((resolve) => waiters.set(key, resolve))
  void enqueue(command, key, delay).catch(() => settle(key, { state: 'rejected', error: new ApiError(0, null) }))
  return { key, done }
}

async function enqueue(command: Command, key: string, delay: number): Promise<void> {
  const keeper = await mine()
  // Of two changes that name a version, the first has been thought about long enough.
  if (command.version !== undefined) await release(command.base.id)
  const isKept = await add(keeper, command, key, delay > 0 ? Date.now() + delay : 0).then(
    () => true,
    // A browser that keeps nothing (a private window, a full disk) can still send.
    () => false,
  )
  if (!isKept) return sendUnkept(command, key, keeper.owner)
  await tell()
  await drain()
}

async function sendUnkept(command: Command, key: string, by: string): Promise<void> {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key, 'X-Acting-As': by, ...(command.version === undefined ? {} : { 'If-Match': `"${command.version}"` }) }
  const response = await fetch(command.path, { method: command.method, headers, body: command.body && JSON.stringify(command.body), keepalive: true })
  const told: unknown = response.status === 204 ? null : await response.json().catch(() => null)
  if (!response.ok) return settle(key, { state: 'rejected', error: new ApiError(response.status, told as object | null) })
  settle(key, { state: 'sent', answer: told })
  await refresh(command.base.id)
}

/** Sends what may go. On boot, on coming back, by the clock, and after every command. */
export async function drain(): Promise<void> {
  if (!opened) return
  const keeper = await opened
  if (keeper.owner !== owner) return
  const asked = Date.now()
  const drained = await drainOutbox(keeper, {
    sent: (row, answer) => arrived(row, answer),
    changed: (row) => {
      void tell().then(() => decided(row))
    },
    heard: (response) => heard(response, asked),
    unheard,
  }).catch((): Drained => ({ stopped: 'unreachable', at: Date.now() + 5000 }))
  if (drained.stopped !== 'done') giveUpWaiting()
  if (drained.stopped === 'signed-out') void askWhoIsThere()
  plan(drained.at)
}

function plan(at: number | null): void {
  clearTimeout(timer)
  if (at === null) return
  timer = setTimeout(() => void drain(), Math.max(50, at - Date.now()))
  void askForSync()
}

/** The browser may send it when the app is closed; iOS has no such thing, and sends on the next start. */
async function askForSync(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined)
  const sync = (worker as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync
  await sync?.register('outbox').catch(() => {})
}

/** The one question whose 401 leads to the login everywhere (app/App.tsx). */
async function askWhoIsThere(): Promise<void> {
  await ask(api.GET('/api/session', { headers: { 'X-Background': '1' } })).catch(() => {})
}

async function arrived(row: Row, answer: unknown): Promise<void> {
  lingering.set(row.key, row)
  await tell()
  settle(row.key, { state: 'sent', answer })
  const { id, lead } = toldOf(row, answer)
  if (lead && client) applyChange(client, { id: lead.id, lead })
  // Not waited for: the next command may go while the screens catch up.
  void (id === null ? Promise.resolve() : refresh(id, lead !== null)).finally(() => {
    lingering.delete(row.key)
    void reload()
  })
}

/** Which lead a command has come to, and what its answer says of it. Somebody who was taken down may be here by another id. */
function toldOf(row: Row, answer: unknown): { id: string | null; lead: Lead | null } {
  if (row.kind === 'create') {
    const entered = answer as Entered | null
    // One who is a colleague's to see is nobody here.
    return { id: entered?.lead?.id ?? (entered?.joined ? null : row.base.id), lead: entered?.lead ?? null }
  }
  const isLead = typeof answer === 'object' && answer !== null && 'version' in answer && (answer as { id?: unknown }).id === row.base.id
  return { id: row.base.id, lead: isLead ? (answer as Lead) : null }
}

/** The server's own word for a lead, into everything that shows it. */
async function refresh(id: string, isKnown = false): Promise<void> {
  if (!client) return
  const shown = client
  void refetchQuietly(shown, { queryKey: leadKeys.counts })
  const timeline = refetchQuietly(shown, { queryKey: leadKeys.timeline(id) })
  if (!isKnown) {
    const detail = await ask(api.GET('/api/leads/{id}', { params: { path: { id } }, headers: { 'X-Background': '1' } })).catch(() => null)
    if (detail) {
      // A detail is a lead and more; lists take what they need of it.
      applyChange(shown, { id, lead: detail })
      shown.setQueryData<LeadDetail>(leadKeys.detail(id), (before) => before && (before.version > detail.version ? before : detail))
    }
  }
  await timeline
}

function settle(key: string, verdict: Verdict): void {
  waiters.get(key)?.(verdict)
  waiters.delete(key)
}

/** A row that waits for the person. Whoever still waits for the answer is told, and need not find it in the list. */
function decided(row: Row): void {
  if (row.state === 'waiting' && row.tries > 0) settle(row.key, { state: 'queued' })
  if (row.state === 'conflict') settle(row.key, { state: 'conflict', key: row.key })
  if (row.state !== 'rejected') return
  const waiter = waiters.get(row.key)
  if (!waiter || document.visibilityState !== 'visible') return
  waiters.delete(row.key)
  const { status, reason, field } = row.refusal ?? { status: 0, reason: null, field: null }
  void forget(row).then(() => waiter({ state: 'rejected', error: new ApiError(status, { reason: reason ?? undefined, field: field ?? undefined }) }))
}

async function forget(row: Row): Promise<void> {
  await remove(row.seq)
  await tell()
}

/** It will take longer: nobody need stand and wait. */
function giveUpWaiting(): void {
  for (const key of [...waiters.keys()]) settle(key, { state: 'queued' })
}

/** Removes a command that has not gone, with those that depend on it; answers how to bring them back, or null when it is too late. */
export async function discard(key: string): Promise<(() => Promise<void>) | null> {
  if (!opened) return null
  const keeper = await opened
  const all = await rows(keeper)
  const gone = new Set([key])
  for (const row of all) if (row.needs && gone.has(row.needs)) gone.add(row.key)
  const taken = all.filter((row) => gone.has(row.key))
  if (taken.length === 0) return null
  for (const row of taken) {
    await remove(row.seq)
    settle(row.key, { state: 'queued' })
  }
  await tell()
  // What waited behind it need not any longer.
  void drain()
  return async () => {
    for (const row of taken) await put(keeper, row, true)
    await tell()
    await drain()
  }
}

/** Changes rows that wait, and sends them at once. */
async function change(which: (row: Row) => boolean, to: (row: Row) => Row): Promise<void> {
  if (!opened) return
  const keeper = await opened
  const all = (await rows(keeper)).filter(which)
  if (all.length === 0) return
  for (const row of all) await put(keeper, to(row))
  await tell()
  await drain()
}

/** Tries at once what waits for its time, or was refused. */
export function retry(key?: string): Promise<void> {
  return change((row) => row.state !== 'conflict' && (key === undefined ? row.state === 'waiting' && !row.delayed : row.key === key), (row) => ({
    ...row,
    state: 'waiting',
    nextAt: 0,
    refusal: null,
  }))
}

/** Second thoughts are over: of one lead, or of all. */
export function release(leadId?: string): Promise<void> {
  return change((row) => row.delayed && (leadId === undefined || row.base.id === leadId), (row) => ({ ...row, delayed: false, nextAt: 0 }))
}

/** What the person decided to keep of a conflict, on top of what the server has. */
export function keepMine(key: string, body?: Record<string, unknown>): Promise<void> {
  return change((row) => row.key === key, (row) => {
    const base = row.theirs ?? row.base
    return { ...row, body: body ?? row.body, base, version: base.version, theirs: null, state: 'waiting', nextAt: 0 }
  })
}

/** Everything on the way of one person is told to nobody else: they may sign in again and it goes. */
export function end(): void {
  clearTimeout(timer)
  tellHopeful(null)
  giveUpWaiting()
  waiters.clear()
  lingering.clear()
  opened = null
  owner = null
  outbox.set([])
}

/** Watches for signs that something can go. */
export function watch(): () => void {
  const back = () => void drain()
  const visibility = () => {
    if (document.visibilityState === 'visible') back()
    else void release()
  }
  const stop = reach.subscribe(() => {
    // Every backoff was for a server that was away.
    if (reach.get() === 'online' && outbox.get().some((row) => row.tries > 0)) void retry()
  })
  document.addEventListener('visibilitychange', visibility)
  window.addEventListener('focus', back)
  window.addEventListener('online', back)
  window.addEventListener('pagehide', visibility)
  return () => {
    stop()
    document.removeEventListener('visibilitychange', visibility)
    window.removeEventListener('focus', back)
    window.removeEventListener('online', back)
    window.removeEventListener('pagehide', visibility)
  }
}
