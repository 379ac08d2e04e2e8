import { ask } from './client'

/** What changes only from a version that was read: it comes with the `ETag` to be given back as `If-Match`. */
export interface Versioned<T> {
  value: T
  tag: string
}

export async function askVersioned<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Versioned<T>> {
  const value = await ask(call)
  const { response } = await call
  return { value, tag: response.headers.get('ETag') ?? '"0"' }
}
