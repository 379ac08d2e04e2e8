/** Groups as people of the country read them; what we do not know stays as E.164. For the eye only. */
const GROUPS: Record<string, number[]> = { '47': [3, 2, 3], '45': [2, 2, 2, 2], '31': [1, 2, 2, 2, 2], '46': [2, 3, 2, 2] }

export function readablePhone(phone: string): string {
  const country = phone.slice(1, 3)
  const groups = GROUPS[country]
  const rest = phone.slice(3)
  if (!groups || rest.length !== groups.reduce((sum, size) => sum + size, 0)) return phone
  let at = 0
  return [`+${country}`, ...groups.map((size) => rest.slice(at, (at += size)))].join(' ')
}
