import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import { api, ask } from '@/shared/api/client'
import type { Session } from '@/shared/api/types'

interface Challenge {
  ceremony: string
  options: unknown
}

export interface PasskeyAnswer {
  ceremony: string
  credential: Record<string, never>
}

/** The person closed the device's own window, or waited too long in front of it. Nothing to excuse. */
export class Dismissed extends Error {}

export const hasPasskeys = (): boolean => typeof window.PublicKeyCredential === 'function'

const library = () => import('@simplewebauthn/browser')

async function unlessDismissed<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Error && (error.name === 'NotAllowedError' || error.name === 'AbortError')) throw new Dismissed()
    throw error
  }
}

/** Has the device make a passkey. */
export async function makePasskey({ ceremony, options }: Challenge): Promise<PasskeyAnswer> {
  const { startRegistration } = await library()
  const credential = await unlessDismissed(startRegistration({ optionsJSON: options as PublicKeyCredentialCreationOptionsJSON }))
  return { ceremony, credential: credential as unknown as Record<string, never> }
}

/** Has the device show one. */
export async function showPasskey({ ceremony, options }: Challenge): Promise<PasskeyAnswer> {
  const { startAuthentication } = await library()
  const credential = await unlessDismissed(startAuthentication({ optionsJSON: options as PublicKeyCredentialRequestOptionsJSON }))
  return { ceremony, credential: credential as unknown as Record<string, never> }
}

/** In without a password: the device knows whose it is. */
export async function signInByPasskey(): Promise<Session> {
  return ask(api.POST('/api/session/passkey', { body: await showPasskey(await ask(api.POST('/api/session/passkey/challenge'))) }))
}
