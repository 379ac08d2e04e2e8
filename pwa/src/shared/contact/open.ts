import { m } from '@/paraglide/messages'
import type { Channel, Lead } from '@/shared/api/types'
import type { Locale } from '@/shared/i18n/locale'

/** Where one tap leads, or null when the lead has not left what the channel needs. */
export function addressOf(lead: Lead, channel: Channel, greeting: Greeting): string | null {
  if (channel === 'email') {
    if (!lead.email) return null
    const subject = encodeURIComponent(m.greeting_subject({ organization: greeting.organization }, { locale: greeting.locale }))
    return `mailto:${encodeURI(lead.email)}?subject=${subject}&body=${encodeURIComponent(greetingText(lead, greeting))}`
  }
  if (!lead.phone) return null
  if (channel === 'call') return `tel:${lead.phone}`
  const text = encodeURIComponent(greetingText(lead, greeting))
  if (channel === 'sms') return `sms:${lead.phone}?&body=${text}`
  return `https://wa.me/${lead.phone.replace(/\D/g, '')}?text=${text}`
}

export interface Greeting {
  me: string
  organization: string
  /** The organization's language, which is its customers'; the agent may read the app in another. */
  locale: Locale
}

function greetingText(lead: Lead, { me, organization, locale }: Greeting): string {
  const name = lead.full_name?.split(' ')[0] ?? ''
  return name ? m.greeting_named({ name, me, organization }, { locale }) : m.greeting_plain({ me, organization }, { locale })
}

/**
 * Opens the phone, the messages, the mail. A link that is clicked keeps the app where it is, which an assigned location
 * does not: on a desktop `https://wa.me` would replace it.
 */
export function openExternal(address: string): void {
  const link = document.createElement('a')
  link.href = address
  // A phone hands https://wa.me to the app itself, and would block a new tab that opens after waiting for the server.
  if (address.startsWith('https:') && !window.matchMedia('(pointer: coarse)').matches) link.target = '_blank'
  link.rel = 'noopener'
  link.hidden = true
  document.body.append(link)
  link.click()
  link.remove()
}
