/**
 * Of which alerts this device has told. A server that is killed between the push service's answer and its own note sends the same push again, and so does one
 * that never got the answer. Kept in a database of its own: nobody's secret, and no reason to change the shape of the app's.
 */

interface Heard {
  alert: string
  at: number
}

/** A push waits at its service for four hours and is sent again for half an hour (src/alerts/send.rs): a day holds both, also where the clock is changed. */
const REMEMBERED = 24 * 3_600_000
/** More than anybody is told of on a busy day. */
const MOST = 200
/** A database that does not answer must not swallow a push. */
const PATIENCE = 1000

const NAME = 'nextmove-heard'
const STORE = 'heard'
const KEY = 'lately'

export async function wasHeard(alert: string, now = Date.now()): Promise<boolean> {
  const lately = await inTime(read()).catch(() => undefined)
  return fresh(lately, now).some((one) => one.alert === alert)
}

/** Told after it was shown: where one of both is lost, it is heard twice rather than never. */
export async function noteHeard(alert: string, now = Date.now()): Promise<void> {
  await inTime(
    transact('readwrite', (store) => {
      const lately = store.get(KEY) as IDBRequest<unknown>
      lately.onsuccess = () => store.put([{ alert, at: now }, ...fresh(lately.result, now).filter((one) => one.alert !== alert)].slice(0, MOST), KEY)
    }),
  ).catch(() => {})
}

function fresh(kept: unknown, now: number): Heard[] {
  return Array.isArray(kept) ? (kept as Heard[]).filter(({ at }) => Math.abs(now - at) < REMEMBERED) : []
}

async function read(): Promise<unknown> {
  let request: IDBRequest<unknown> | undefined
  await transact('readonly', (store) => (request = store.get(KEY)))
  return request?.result
}

async function transact(mode: IDBTransactionMode, work: (store: IDBObjectStore) => void): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('no database'))
  })
  try {
    await new Promise<void>((resolve, reject) => {
      const transaction = db.transaction(STORE, mode)
      work(transaction.objectStore(STORE))
      transaction.oncomplete = () => resolve()
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('aborted'))
    })
  } finally {
    db.close()
  }
}

function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database does not answer')), PATIENCE)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
