import { get, transact } from './db'

/**
 * What lies on the phone is sealed (AES-GCM) under a key of the person in the organization, which the server derives and tells with the
 * session. It is kept as a CryptoKey that cannot be exported, and goes with the session: what is left behind opens only for the same person.
 */
export interface Keeper {
  /** `<user id>/<organization id>`, as the server reads it in X-Acting-As. */
  owner: string
  key: CryptoKey
}

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>
  data: ArrayBuffer
}

interface Kept extends Keeper {
  /** The session ends by then, whatever happens; so does what was read with it. */
  until: number
}

const CURRENT = 'current'
/** A session's longest life on the server. */
const WORKING_DAY = 12 * 60 * 60_000

export async function importKey(base64: string): Promise<CryptoKey> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

export async function seal(key: CryptoKey, value: unknown): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode(JSON.stringify(value)))
  return { iv, data }
}

/** Undefined where it does not open: another key, or damaged. */
export async function unseal<T>(key: CryptoKey, { iv, data }: Sealed): Promise<T | undefined> {
  try {
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, data))) as T
  } catch {
    return undefined
  }
}

/** Who was here last and has not signed out: for a start without a server, and for the service worker. */
export async function keeper(): Promise<Keeper | null> {
  const kept = await get<Kept>('keys', CURRENT)
  return kept && kept.until > Date.now() ? kept : null
}

/** The server has just said that the session lives. */
export async function keep({ owner, key }: Keeper): Promise<void> {
  const kept: Kept = { owner, key, until: Date.now() + WORKING_DAY }
  await transact('keys', 'readwrite', (store) => store.put(kept, CURRENT))
}

/** First the key, so that whatever else fails, nothing can be read. */
export async function lock(): Promise<void> {
  await transact('keys', 'readwrite', (store) => void store.clear())
  await transact('reads', 'readwrite', (store) => void store.clear())
}
