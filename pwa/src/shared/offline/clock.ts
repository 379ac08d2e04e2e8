/** So far apart are this device's clock and the server's before it is believed: `Date` tells whole seconds, and an answer takes a while. */
const MEANT = 3000

let skew = 0

/** Learns the server's time from an answer that was asked for at `asked`. */
export function learnTime(response: Response, asked: number): void {
  const told = Date.parse(response.headers.get('Date') ?? '')
  const now = Date.now()
  if (Number.isNaN(told) || now - asked > MEANT) return
  const apart = told + 500 - (asked + now) / 2
  skew = Math.abs(apart) < MEANT ? 0 : Math.round(apart)
}

/** A time of this device by the server's clock. */
export function rightTime(at: number): string {
  return new Date(at + skew).toISOString()
}
