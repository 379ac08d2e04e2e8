import { transact } from './db'
import type { Command, Row } from './row'
import { seal, unseal, type Keeper, type Sealed } from './seal'

/** What of a row is in the clear: nothing about the lead. */
interface Stored extends Sealed {
  seq: number
  key: string
  owner: string
}

type Contents = Omit<Row, keyof Stored>

/** The rows of one person, in the order in which they were made. Another person's stay where they are, and closed. */
export async function rows({ owner, key }: Keeper): Promise<Row[]> {
  const stored = (await transact<Stored[]>('outbox', 'readonly', (store) => store.getAll() as IDBRequest<Stored[]>)) ?? []
  const opened = await Promise.all(
    stored
      .filter((one) => one.owner === owner)
      .map(async (one) => {
        const contents = await unseal<Contents>(key, one)
        return contents && { ...contents, seq: one.seq, key: one.key, owner }
      }),
  )
  return opened.filter((row) => row !== undefined)
}

/** Answers once it is on the disk. */
export async function add({ owner, key }: Keeper, command: Command, id: string, nextAt = 0): Promise<Row> {
  const contents: Contents = { ...command, at: Date.now(), state: 'waiting', tries: 0, nextAt, delayed: nextAt > 0, theirs: null, refusal: null }
  const sealed = await seal(key, contents)
  const seq = await transact('outbox', 'readwrite', (store) => store.add({ key: id, owner, ...sealed }))
  return { ...contents, seq: Number(seq), key: id, owner }
}

/** Writes a row anew, also one that had been removed; never one that was sent meanwhile, unless `back`. */
export async function put({ owner, key }: Keeper, row: Row, back = false): Promise<void> {
  const { seq, key: id } = row
  const sealed = await seal(key, { ...row, seq: undefined, key: undefined, owner: undefined })
  await transact('outbox', 'readwrite', (store) => {
    const write = () => store.put({ seq, key: id, owner, ...sealed })
    if (back) {
      write()
      return undefined
    }
    const known = store.getKey(seq)
    known.onsuccess = () => {
      if (known.result !== undefined) write()
    }
    return undefined
  })
}

export async function remove(seq: number): Promise<void> {
  await transact('outbox', 'readwrite', (store) => store.delete(seq))
}
