import createClient from 'openapi-fetch'
import { heard, unheard } from '@/shared/offline/health'
import { takeEarly } from './early'
import { ApiError } from './problem'
import type { paths } from './schema'
import type { Problem } from './types'

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: async (request) => {
    const early = await takeEarly(request)
    if (early) {
      heard(early.answer, early.asked)
      return early.answer
    }
    const asked = Date.now()
    // Looked up at call time, so that a test's interceptor is honoured.
    const answer = await globalThis.fetch(request)
    heard(answer, asked)
    return answer
  },
})

const sessionLost = new Set<() => void>()

/** Told on every 401 that is not the answer to a login. */
export function onSessionLost(listener: () => void): () => void {
  sessionLost.add(listener)
  return () => sessionLost.delete(listener)
}

const sessionLocked = new Set<() => void>()

/** Told on every 401 of a session that was idle for too long and can be unlocked. */
export function onSessionLocked(listener: () => void): () => void {
  sessionLocked.add(listener)
  return () => sessionLocked.delete(listener)
}

/** Refusals of what was just typed, or of half a session: no session is lost by them. */
const NO_LOSS = ['credentials', 'step']

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** Gives what the server answered, or throws an ApiError. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await call
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    unheard()
    throw new ApiError(0, null)
  }
  const { response } = answer
  if (response.ok) return answer.data as T
  const problem = asProblem(answer.error)
  if (response.status === 401 && !NO_LOSS.includes(problem?.reason ?? '')) {
    for (const listener of problem?.reason === 'locked' ? sessionLocked : sessionLost) listener()
  }
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
  throw new ApiError(response.status, problem, Number.isNaN(retryAfter) ? null : retryAfter)
}

function asProblem(body: unknown): Partial<Problem> | null {
  return typeof body === 'object' && body !== null ? body : null
}

/** Every write carries a key, so that a repeated one acts once. */
export function once(key: string = crypto.randomUUID()): Record<string, string> {
  return { 'Idempotency-Key': key }
}
