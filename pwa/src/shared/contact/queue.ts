import { api, ask, once } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import type { Attempt, Channel, Outcome } from '@/shared/api/types'
import { createStore } from '@/shared/store'

/**
 * An attempt and what came of it, on the way to the server. Each of the two has its own Idempotency-Key that stays the
 * same through every retry, so that a lost answer never makes two attempts of one call.
 */
export interface Entry {
  key: string
  leadId: string
  channel: Channel
  startedAt: string
  attempt: Attempt | null
  outcome: { key: string; outcome: Outcome } | null
  state: 'sending' | 'waiting' | 'stored' | 'rejected'
  tries: number
  nextAt: number
  error: ApiError | null
}

export interface Queue {
  entries: ReturnType<typeof createStore<Entry[]>>
  add(leadId: string, channel: Channel): Stored
  setOutcome(key: string, outcome: Outcome): Promise<boolean>
  /** Asks again now for all that waits: the phone is back online, or the person signed in again. */
  drain(): void
  clear(): void
}

interface Stored {
  key: string
  /** Resolves with the attempt once the server has it, or with null when it refused. */
  stored: Promise<Attempt | null>
}

export interface QueueOptions {
  onStored?: (entry: Entry) => void
  onRejected?: (entry: Entry) => void
  now?: () => number
}

const FIRST_RETRY = 1000
const LAST_RETRY = 30_000

export function createQueue({ onStored, onRejected, now = Date.now }: QueueOptions = {}): Queue {
  const entries = createStore<Entry[]>([])
  const waiters = new Map<string, (attempt: Attempt | null) => void>()
  const sending = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const get = (key: string) => entries.get().find((entry) => entry.key === key)
  const update = (key: string, change: Partial<Entry>) =>
    entries.set((all) => all.map((entry) => (entry.key === key ? { ...entry, ...change } : entry)))

  function add(leadId: string, channel: Channel): Stored {
    const key = crypto.randomUUID()
    const entry: Entry = {
      key,
      leadId,
      channel,
      startedAt: new Date(now()).toISOString(),
      attempt: null,
      outcome: null,
      state: 'sending',
      tries: 0,
      nextAt: 0,
      error: null,
    }
    entries.set((all) => [...all.filter((one) => one.state !== 'stored' || one.leadId !== leadId), entry])
    const stored = new Promise<Attempt | null>((resolve) => waiters.set(key, resolve))
    void send(key)
    return { key, stored }
  }

  async function setOutcome(key: string, outcome: Outcome): Promise<boolean> {
    if (!get(key)) return false
    update(key, { outcome: { key: crypto.randomUUID(), outcome } })
    await send(key)
    return get(key)?.state === 'stored'
  }

  async function send(key: string): Promise<void> {
    // The keyed set, not the state, guards against two at once: the state is also 'sending' before the first try.
    if (sending.has(key)) return
    sending.add(key)
    try {
      await storeAttempt(key)
      await storeOutcome(key)
    } catch (error) {
      failed(key, error instanceof ApiError ? error : new ApiError(0, null))
    } finally {
      sending.delete(key)
      plan()
    }
    // An outcome given while the attempt was on its way finds it stored now.
    const entry = get(key)
    if (entry?.state === 'stored' && entry.outcome && entry.attempt && entry.attempt.outcome === null) await send(key)
  }

  async function storeAttempt(key: string): Promise<void> {
    const entry = get(key)
    if (!entry || entry.attempt) return
    update(key, { state: 'sending' })
    const attempt = await ask(
      api.POST('/api/leads/{id}/attempts', {
        params: { path: { id: entry.leadId } },
        body: { channel: entry.channel, started_at: entry.startedAt },
        headers: once(entry.key),
        // The other app may take the screen before the answer is here.
        keepalive: true,
      }),
    )
    update(key, { attempt, state: 'stored', error: null })
    waiters.get(key)?.(attempt)
    waiters.delete(key)
    const stored = get(key)
    if (stored) onStored?.(stored)
  }

  async function storeOutcome(key: string): Promise<void> {
    const entry = get(key)
    if (!entry?.attempt || !entry.outcome || entry.attempt.outcome !== null) return
    update(key, { state: 'sending' })
    const attempt = await ask(
      api.POST('/api/leads/{id}/attempts/{attempt_id}/outcome', {
        params: { path: { id: entry.leadId, attempt_id: entry.attempt.id } },
        body: { outcome: entry.outcome.outcome },
        headers: once(entry.outcome.key),
        keepalive: true,
      }),
    )
    update(key, { attempt, state: 'stored', error: null })
    const stored = get(key)
    if (stored) onStored?.(stored)
  }

  function failed(key: string, error: ApiError): void {
    const entry = get(key)
    if (!entry) return
    // 401 is no refusal: the person signs in again and the attempt goes out then.
    if (error.passing || error.status === 401) {
      const tries = entry.tries + 1
      const wait = error.retryAfter ? error.retryAfter * 1000 : Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (tries - 1))
      update(key, { state: 'waiting', tries, nextAt: error.status === 401 ? Infinity : now() + wait, error })
      return
    }
    update(key, { state: 'rejected', error })
    waiters.get(key)?.(null)
    waiters.delete(key)
    const rejected = get(key)
    if (rejected) onRejected?.(rejected)
  }

  function plan(): void {
    clearTimeout(timer)
    const waiting = entries.get().filter((entry) => entry.state === 'waiting' && Number.isFinite(entry.nextAt))
    if (waiting.length === 0) return
    const soonest = Math.min(...waiting.map((entry) => entry.nextAt))
    timer = setTimeout(
      () => {
        for (const entry of entries.get()) if (entry.state === 'waiting' && entry.nextAt <= now()) void send(entry.key)
        plan()
      },
      Math.max(50, soonest - now()),
    )
  }

  function drain(): void {
    for (const entry of entries.get()) if (entry.state === 'waiting') void send(entry.key)
  }

  function clear(): void {
    clearTimeout(timer)
    entries.set([])
    waiters.clear()
  }

  return { entries, add, setOutcome, drain, clear }
}
