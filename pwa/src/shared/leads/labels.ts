import { m } from '@/paraglide/messages'
import type { Campaign, Lead, LeadStatus } from '@/shared/api/types'

export function nameOf(lead: Pick<Lead, 'full_name' | 'phone' | 'phone_given' | 'email'>): string {
  return lead.full_name || lead.phone || lead.phone_given || lead.email || m.lead_nameless()
}

/** Service, place and campaign on one line, as far as they are known. */
export function summaryOf(lead: Lead, campaign: Campaign | undefined): string {
  const place = [lead.postal_code, lead.city].filter(Boolean).join(' ')
  return [lead.service, place, campaign?.name].filter(Boolean).join(' · ')
}

const statuses: Record<LeadStatus, () => string> = {
  new: () => m.status_new(),
  contacted: () => m.status_contacted(),
  no_answer: () => m.status_no_answer(),
  scheduled: () => m.status_scheduled(),
  won: () => m.status_won(),
  lost: () => m.status_lost(),
}

export function statusLabel(status: string): string {
  return statuses[status as LeadStatus]?.() ?? status
}
