import { m } from '@/paraglide/messages'
import type { Problem } from './types'

/** What the server answered when it did not do what was asked; status 0 means that it could not be reached. */
export class ApiError extends Error {
  readonly status: number
  readonly reason: string | null
  readonly field: string | null
  readonly retryAfter: number | null

  constructor(status: number, problem: Partial<Problem> | null, retryAfter: number | null = null) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.reason = problem?.reason ?? null
    this.field = problem?.field ?? null
    this.retryAfter = problem?.retry_after ?? retryAfter
  }

  /** Worth asking again later with the same Idempotency-Key: nothing says that the server refused. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

export function isStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status
}

const reasons: Record<string, () => string> = {
  credentials: () => m.error_credentials(),
  claimed: () => m.error_claimed(),
  transition: () => m.error_transition(),
  phone_invalid: () => m.error_phone_invalid(),
  email_invalid: () => m.error_email_invalid(),
}

/** Reasons that only some screens meet: their words come with those screens, and not with the first load. */
export function teach(more: Record<string, () => string>): void {
  Object.assign(reasons, more)
}

/** The error in words for the person who reads it; `own`: those that only this screen has for a reason. */
export function inWords(error: unknown, own: Record<string, () => string> = {}): string {
  if (!(error instanceof ApiError)) return m.error_unknown()
  const worded = error.reason ? (own[error.reason] ?? reasons[error.reason]) : undefined
  if (worded) return worded()
  switch (error.status) {
    case 0:
      return m.error_offline()
    case 401:
      return m.error_session()
    case 403:
      return m.error_forbidden()
    case 404:
      return m.error_not_found()
    case 409:
      return m.error_conflict()
    case 412:
      return m.error_moved_on()
    case 413:
    case 422:
      return m.error_invalid()
    case 429:
      return m.error_too_many()
    default:
      return error.status >= 500 ? m.error_server() : m.error_unknown()
  }
}
