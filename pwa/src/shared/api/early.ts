/** What the page has asked for while the app's code was still on its way (boot.ts), by address without the origin. */
export type Early = Map<string, { asked: number; answer: Promise<Response> }>

declare global {
  interface Window {
    nextmoveEarly?: Early
  }
}

/** Afterwards it is no news any more. */
const FRESH = 10_000

/** Each answer is good for one question: the first that a person's coming asks. */
export async function takeEarly(request: Request): Promise<{ asked: number; answer: Response } | null> {
  const waiting = window.nextmoveEarly
  const address = request.url.slice(window.location.origin.length)
  const found = request.method === 'GET' && !request.headers.has('X-Background') ? waiting?.get(address) : undefined
  if (!found) return null
  waiting?.delete(address)
  if (Date.now() - found.asked > FRESH) return null
  const answer = await found.answer
  // What was refused may be allowed by now; only who is there is known from a refusal too, and what there is not.
  return answer.ok || answer.status === 404 || address === '/api/session' ? { asked: found.asked, answer } : null
}

/** Somebody else is there now: what was asked before is not theirs. */
export function forgetEarly(): void {
  window.nextmoveEarly?.clear()
}
