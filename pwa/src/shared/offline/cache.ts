import { hashKey, type QueryClient, type QueryKey } from '@tanstack/react-query'
import { transact } from './db'
import { keeper, lock, seal, unseal, type Keeper, type Sealed } from './seal'

/** Only these are kept, and no search: what people were looked for is nobody's business. */
const LISTS = 6
const PAGES = 2
const OPENED = 60
const WRITE_EVERY = 1000

interface Stored extends Sealed {
  owner: string
  /** `a:` what the first screen needs, `b:` leads that were opened. */
  id: string
  build: string
  /** When the server said so. */
  at: number
}

interface Read {
  key: QueryKey
  data: unknown
}

type Range = 'a:' | 'b:'

function rangeOf(key: QueryKey): Range | null {
  switch (key[0]) {
    case 'session':
    case 'team':
    case 'campaigns':
    case 'forms':
      return 'a:'
    case 'notices':
      return 'a:'
    case 'leads':
      if (key[1] === 'list') return (key[2] as { q?: string }).q === undefined ? 'a:' : null
      return key[1] === 'counts' ? 'a:' : key[1] === 'detail' || key[1] === 'timeline' ? 'b:' : null
    default:
      return null
  }
}

/** The key that opens the copies stays where it cannot be exported; long lists are kept as far as a thumb scrolls. */
function trimmed(key: QueryKey, data: unknown): unknown {
  if (key[0] === 'session') return { ...(data as object), offline_key: null }
  if (key[1] !== 'list') return data
  const list = data as { pages: unknown[]; pageParams: unknown[] }
  return { pages: list.pages.slice(0, PAGES), pageParams: list.pageParams.slice(0, PAGES) }
}

async function records(owner: string, from: Range): Promise<Stored[]> {
  const range = IDBKeyRange.bound([owner, from], [owner, `${from}\uffff`])
  return (await transact<Stored[]>('reads', 'readonly', (store) => store.getAll(range) as IDBRequest<Stored[]>)) ?? []
}

async function restore(client: QueryClient, { key }: Keeper, stored: Stored[]): Promise<void> {
  const reads = await Promise.all(
    stored.filter((one) => one.build === __BUILD__).map(async (one) => ({ at: one.at, read: await unseal<Read>(key, one) })),
  )
  for (const { at, read } of reads) {
    // What has been asked for meanwhile is newer.
    if (read && client.getQueryData(read.key) === undefined) client.setQueryData(read.key, read.data, { updatedAt: at })
  }
}

interface Found {
  known: Keeper
  stored: Stored[]
}

/** Reads from the disk what the first screen needs. Begun before the app's code has run: the disk and the processor work at the same time. */
export async function findReads(): Promise<Found | null> {
  const known = await keeper()
  return known && { known, stored: await records(known.owner, 'a:') }
}

/** Brings back what the first screen needs, without asking anybody; answers for whom. Other lists are for later. */
export async function wakeUp(client: QueryClient, found: Promise<Found | null> = findReads()): Promise<Keeper | null> {
  const at = await found
  if (!at) return null
  const view = new URLSearchParams(window.location.search).get('view') ?? 'todo'
  await restore(client, at.known, at.stored.filter(({ id }) => !id.includes('["leads","list"') || id.includes(`"view":"${view}"`)))
  return at.known
}

/** Brings back the other lists and the leads that were opened, once the first screen stands. */
export async function wakeUpLeads(client: QueryClient, known: Keeper): Promise<void> {
  await restore(client, known, await records(known.owner, 'b:'))
  await restore(client, known, await records(known.owner, 'a:'))
}

/** Keeps what is read from now on; answers how to end it. */
export function keepReads(client: QueryClient, known: Keeper): () => void {
  const changed = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false

  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    const hashes = [...changed]
    changed.clear()
    const puts: Stored[] = []
    for (const hash of hashes) {
      const query = client.getQueryCache().get(hash)
      if (query?.state.data === undefined) continue
      const { queryKey: key, state } = query
      const sealed = await seal(known.key, { key, data: trimmed(key, state.data) } satisfies Read)
      puts.push({ owner: known.owner, id: `${rangeOf(key)}${hash}`, build: __BUILD__, at: state.dataUpdatedAt, ...sealed })
    }
    if (over || puts.length === 0) return
    await transact('reads', 'readwrite', (store) => {
      for (const one of puts) store.put(one)
      return undefined
    })
    await prune(known.owner)
  }
  const quietly = () => void flush().catch(() => {})
  const note = (key: QueryKey, hash: string) => {
    if (!rangeOf(key)) return
    changed.add(hash)
    timer ??= setTimeout(quietly, WRITE_EVERY)
  }
  for (const query of client.getQueryCache().getAll()) if (query.state.data !== undefined) note(query.queryKey, query.queryHash)
  const stop = client.getQueryCache().subscribe((event) => {
    if (event.type === 'updated' && event.action.type === 'success') note(event.query.queryKey, event.query.queryHash)
    if (event.type === 'updated' && event.action.type === 'error' && isGone(event.action.error)) void forgetRead(known.owner, event.query.queryKey)
  })
  document.addEventListener('visibilitychange', quietly)
  return () => {
    over = true
    clearTimeout(timer)
    stop()
    document.removeEventListener('visibilitychange', quietly)
  }
}

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { status?: unknown }).status === 404
}

/** No longer ours to see: then not from a copy either. */
async function forgetRead(owner: string, key: QueryKey): Promise<void> {
  await transact('reads', 'readwrite', (store) => void store.delete([owner, `${rangeOf(key)}${hashKey(key)}`])).catch(() => {})
}

/** The oldest go. A lead's detail and timeline are two. */
async function prune(owner: string): Promise<void> {
  for (const [range, most] of [['a:', LISTS + 7], ['b:', OPENED * 2]] as const) {
    const stored = await records(owner, range)
    const extra = stored.filter((one) => !one.id.includes('"session"')).sort((a, b) => b.at - a.at).slice(most)
    if (extra.length === 0) continue
    await transact('reads', 'readwrite', (store) => {
      for (const one of extra) store.delete([owner, one.id])
      return undefined
    })
  }
}

export { lock }
