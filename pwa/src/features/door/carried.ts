/** What is carried from one of these screens to the next: in memory only, never in an address. */
export const carried: { email: string; code: string } = { email: '', code: '' }
