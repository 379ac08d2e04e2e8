import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { ApiError } from '@/shared/api/problem'
import { wanted } from './lock'
import { showPasskey } from './passkeys'
import type { Ways } from './Prove'

export const proofOptions = queryOptions({
  queryKey: ['proof'],
  queryFn: ({ signal }) => ask(api.GET('/api/session/proof', { signal, headers: { 'X-Background': '1' } })),
  gcTime: 0,
  retry: false,
})

/** How one proves again who is there: to unlock, or before something dangerous. */
export const proving: Ways = {
  password: (password) => ask(api.POST('/api/session/proof', { body: { password } })),
  code: (code) => ask(api.POST('/api/session/proof', { body: { code } })),
  passkey: async () => ask(api.POST('/api/session/proof/passkey', { body: await showPasskey(await ask(api.POST('/api/session/proof/passkey/challenge'))) })),
}

/** The person did not want to prove it: what they began does not happen. */
export class Unproven extends Error {}

/** Does it; where the server asks for a proof first, has it given and does it then. */
export async function withProof<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'proof') throw error
    await new Promise<void>((resolve, reject) => {
      wanted.set({ given: () => resolve(), refused: () => reject(new Unproven()) })
    }).finally(() => wanted.set(null))
    return act()
  }
}
