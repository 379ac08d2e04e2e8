import { m } from '@/paraglide/messages'
import type { AlertChannel, NotificationKind } from '@/shared/api/types'

export const WAYS: AlertChannel[] = ['push', 'sms', 'email']

const ways: Record<AlertChannel, () => string> = {
  push: () => m.reach_way_push(),
  sms: () => m.channel_sms(),
  email: () => m.channel_email(),
}

export function wayLabel(way: AlertChannel): string {
  return ways[way]()
}

interface Kind {
  kind: NotificationKind
  label: () => string
  hint: () => string
  /** Cannot be muted, and comes at night. */
  critical?: boolean
  /** Only owners are told. */
  owners?: boolean
}

/** What can be chosen; of a test there is nothing to choose. */
export const KINDS: Kind[] = [
  { kind: 'new_lead', label: () => m.reach_new_lead(), hint: () => m.reach_new_lead_hint() },
  { kind: 'lead_assigned', label: () => m.reach_assigned(), hint: () => m.reach_assigned_hint() },
  { kind: 'lead_waiting', label: () => m.reach_waiting(), hint: () => m.reach_waiting_hint(), critical: true },
  { kind: 'lead_replied', label: () => m.reach_replied(), hint: () => m.reach_replied_hint() },
  { kind: 'connection_broken', label: () => m.reach_broken(), hint: () => m.reach_broken_hint(), critical: true, owners: true },
  { kind: 'connection_mended', label: () => m.reach_mended(), hint: () => m.reach_mended_hint(), owners: true },
]

/** How a refusal is taken back: no page may ask again, and every browser keeps it somewhere else. */
export function allowWords(agent = navigator.userAgent): string {
  if (/iPhone|iPad|iPod/.test(agent)) return m.reach_allow_ios()
  if (agent.includes('Firefox/')) return m.reach_allow_firefox()
  if (agent.includes('Android')) return m.reach_allow_android()
  return agent.includes('Safari/') && !agent.includes('Chrome/') ? m.reach_allow_safari() : m.reach_allow_chrome()
}
