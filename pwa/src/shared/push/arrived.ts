/** A network that has just come back for the push may be gone again for the answer. Together shorter than a browser lets a worker work. */
const WAITS = [0, 1000, 4000, 10_000]

/** Tells the server that a push has been shown: until then it goes on to the next way, and to the next person. */
export async function arrived(token: string): Promise<boolean> {
  for (const wait of WAITS) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait))
    try {
      const { ok, status } = await fetch('/api/push/arrived', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ token }),
        keepalive: true,
      })
      if (ok) return true
      // It will not be another one the next time.
      if (status < 500 && status !== 408 && status !== 429) return false
    } catch {
      // Once more.
    }
  }
  return false
}
