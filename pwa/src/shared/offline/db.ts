/** The app's own database on the phone. Shared by the page and the service worker; knows no lead and no query. */

const NAME = 'nextmove'
const VERSION = 1

export type StoreName = 'keys' | 'outbox' | 'reads'

let opening: Promise<IDBDatabase> | null = null

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION)
    request.onupgradeneeded = () => {
      const db = request.result
      db.createObjectStore('keys')
      db.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true })
      db.createObjectStore('reads', { keyPath: ['owner', 'id'] })
    }
    request.onsuccess = () => {
      const db = request.result
      // A newer version of the app in another tab must not wait for this one.
      db.onversionchange = () => close()
      db.onclose = () => (opening = null)
      resolve(db)
    }
    request.onerror = () => reject(request.error ?? new Error('no database'))
  }).catch((error: unknown) => {
    opening = null
    throw error
  })
  return opening
}

function close(): void {
  void opening?.then((db) => db.close()).catch(() => {})
  opening = null
}

/** Answers once the transaction is complete; a write that answered is on the disk, not on its way there. */
export async function transact<T>(name: StoreName, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T> | undefined): Promise<T | undefined> {
  const db = await open()
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(name, mode, { durability: mode === 'readwrite' && name === 'outbox' ? 'strict' : 'default' })
    const request = work(transaction.objectStore(name))
    transaction.oncomplete = () => resolve(request?.result)
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('aborted'))
  })
}

export function get<T>(name: StoreName, key: IDBValidKey): Promise<T | undefined> {
  return transact<T>(name, 'readonly', (store) => store.get(key) as IDBRequest<T>)
}
