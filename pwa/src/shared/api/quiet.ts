import { hashKey, type QueryClient, type QueryFilters, type QueryKey } from '@tanstack/react-query'

const quietly = new Map<string, number>()

/**
 * Refetches what is shown without keeping the session alive. The server ends a session when no *person* did anything;
 * refetches that only follow the live stream must not look like one.
 */
export async function refetchQuietly(client: QueryClient, filters: QueryFilters): Promise<void> {
  const hashes = client
    .getQueryCache()
    .findAll(filters)
    .map((query) => query.queryHash)
  for (const hash of hashes) quietly.set(hash, (quietly.get(hash) ?? 0) + 1)
  try {
    await client.invalidateQueries(filters, { cancelRefetch: true })
  } finally {
    for (const hash of hashes) {
      const left = (quietly.get(hash) ?? 1) - 1
      if (left > 0) quietly.set(hash, left)
      else quietly.delete(hash)
    }
  }
}

export function background(key: QueryKey): Record<string, string> {
  return quietly.has(hashKey(key)) ? { 'X-Background': '1' } : {}
}
