import { m } from '@/paraglide/messages'
import { pickLocale, type Locale } from '@/shared/i18n/pick'

/** Read by the service worker, which has no session and no catalogue of its own: everything here follows from the push alone. */

/** What a tap on a notification needs to know; it stays with the notification. */
export interface About {
  kind: string
  path: string
  leadId: string | null
  locale: Locale
  /** Which alert it is: it may come twice. */
  alert: string | null
}

/** What is to be shown, and what is to be said back. */
export interface Shown {
  title: string
  options: ShownOptions
  alert: string | null
  /** Tells the server that it arrived; null where it did not come from ours. */
  token: string | null
  /** For the app's icon; null where nobody said. */
  unseen: number | null
}

/** What browsers know and TypeScript's library not yet. */
export interface ShownOptions extends NotificationOptions {
  data: About
  renotify?: boolean
  requireInteraction?: boolean
  actions?: { action: Action; title: string }[]
}

export type Action = 'call' | 'claim'

const ICONS = { icon: '/icons/any-192.png', badge: '/icons/badge-96.png' }

/**
 * Reads a push. Of whatever shape it is, something comes of it that can be shown: a browser that gets three pushes without a notification ends the
 * subscription.
 */
export function readPush(payload: unknown, languages: readonly string[]): Shown {
  const told = record(record(payload).notification)
  const ours = { ...record(told.data), ...record(record(payload).nextmove) }
  const locale = pickLocale([text(told.lang), ...languages])
  const leadId = text(ours.lead_id)
  const kind = text(ours.kind) ?? 'unknown'
  const tag = text(told.tag)
  const alert = text(ours.alert)
  return {
    title: text(told.title) ?? 'NextMove',
    options: {
      ...ICONS,
      body: text(told.body) ?? m.push_unknown({}, { locale }),
      lang: text(told.lang) ?? locale,
      dir: 'ltr',
      // What comes later takes the place of what came before, and is heard all the same.
      ...(tag ? { tag, renotify: true } : {}),
      // Nobody has called: it stays until somebody looks.
      requireInteraction: kind === 'lead_waiting',
      actions: leadId ? actions(ours.may_claim === true, locale) : [],
      data: { kind, path: pathOf(text(ours.path)), leadId, locale, alert },
    },
    alert,
    token: text(ours.token),
    unseen: typeof ours.unseen === 'number' ? ours.unseen : null,
  }
}

function actions(mayClaim: boolean, locale: Locale): { action: Action; title: string }[] {
  const call = { action: 'call' as const, title: m.channel_call({}, { locale }) }
  return mayClaim ? [call, { action: 'claim', title: m.action_claim({}, { locale }) }] : [call]
}

/** What was heard before comes again: without a sound, and in the place of what stands there. That stays as it is where it is of something else, which came later. */
export function again({ title, options }: Pick<Shown, 'title' | 'options'>, later?: Notification): { title: string; options: ShownOptions } {
  const quiet = { renotify: false, silent: true }
  if (!later) return { title, options: { ...options, ...quiet } }
  // An older browser tells less of what it shows.
  const { body, lang, dir, tag, data, requireInteraction, actions = [] } = later as Notification & Pick<ShownOptions, 'data' | 'requireInteraction' | 'actions'>
  return { title: later.title, options: { ...ICONS, body, lang, dir, tag, data, requireInteraction, actions, ...quiet } }
}

/** What was kept with a notification; one of an older version may have kept something else. */
export function readAbout(data: unknown, languages: readonly string[]): About {
  const kept = record(data)
  return { kind: text(kept.kind) ?? 'unknown', path: pathOf(text(kept.path)), leadId: text(kept.leadId), locale: pickLocale([text(kept.locale), ...languages]), alert: text(kept.alert) }
}

/** What came of a claim from a notification. */
export type Claimed = 'yours' | 'taken' | 'signed-out' | 'failed'

export function claimed(status: number): Claimed {
  if (status >= 200 && status < 300) return 'yours'
  if (status === 409) return 'taken'
  return status === 401 ? 'signed-out' : 'failed'
}

/** Whoever tapped "Claim" on a locked screen is told there, too. */
export function answerTo(came: Claimed, about: About): { title: string; options: ShownOptions } {
  const { locale } = about
  const words: Record<Claimed, [title: string, body: string]> = {
    yours: [m.push_yours({}, { locale }), m.push_yours_hint({}, { locale })],
    taken: [m.error_claimed({}, { locale }), m.push_taken_hint({}, { locale })],
    'signed-out': [m.push_signed_out({}, { locale }), m.push_signed_out_hint({}, { locale })],
    failed: [m.push_failed({}, { locale }), m.push_failed_hint({}, { locale })],
  }
  const [title, body] = words[came]
  return { title, options: { ...ICONS, body, lang: locale, tag: 'claimed', renotify: true, actions: came === 'yours' ? actions(false, locale) : [], data: about } }
}

/** Within the app: never somebody else's address. */
function pathOf(path: string | null): string {
  return path && /^\/(?![/\\])/.test(path) ? path : '/'
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
