import type { Lead, LeadDetail, Member, Session } from '@/shared/api/types'

/** Acme and its people, as on the server: owner Asha, manager Mats, agent Ravi. */
export const asha: Member = { id: 'u-asha', name: 'Asha Berg', email: 'asha@acme.test', role: 'owner', picture: null }
export const mats: Member = { id: 'u-mats', name: 'Mats Lindqvist', email: 'mats@acme.test', role: 'manager', picture: null }
export const ravi: Member = { id: 'u-ravi', name: 'Ravi Sandhu', email: 'ravi@acme.test', role: 'agent', picture: null }

export function sessionOf(member: Member): Session {
  return {
    user: { id: member.id, name: member.name, email: member.email, locale: 'en', picture: null, phone: null },
    role: member.role,
    organization: {
      id: 'o-acme',
      name: 'Acme Roofing',
      slug: 'acme',
      country: 'NO',
      time_zone: 'Europe/Oslo',
      locale: 'nb',
      brand_color: null,
      logo_url: null,
      sla_minutes: 15,
      lead_visibility: 'team',
    },
    memberships: [],
    idle_timeout_seconds: 1800,
    has_second_factor: false,
    needs_second_factor: false,
    offline_key: 'AAECAwQFBgcICQoLDA0ODw==',
    demo: false,
  }
}

let number = 0

export function leadOf(change: Partial<Lead> = {}): Lead {
  number += 1
  const created = new Date(Date.now() - number * 60_000).toISOString()
  return {
    id: `lead-${String(1000 - number)}`,
    version: 1,
    status: 'new',
    lost_reason: null,
    full_name: `Person ${number}`,
    phone: '+4791234567',
    phone_given: null,
    email: 'person@example.test',
    city: null,
    postal_code: '0586 Oslo',
    service: 'New roof',
    message: null,
    source: 'meta',
    platform: 'fb',
    meta_lead_id: null,
    is_test: false,
    is_organic: false,
    enquiry_count: 1,
    score: 60,
    campaign_id: null,
    form_id: null,
    adset_name: null,
    ad_name: null,
    assignee_id: null,
    claimed_at: null,
    attempt_count: 0,
    first_attempt_at: null,
    last_attempt_at: null,
    first_contact_at: null,
    last_contact_at: null,
    snoozed_until: null,
    response_seconds: null,
    response_business_seconds: null,
    opens_at: created,
    due_at: new Date(Date.parse(created) + 15 * 60_000).toISOString(),
    next_at: new Date(Date.parse(created) + 15 * 60_000).toISOString(),
    created_at: created,
    received_at: created,
    updated_at: created,
    ...change,
  }
}

export function detailOf(lead: Lead): LeadDetail {
  const at = Date.parse(lead.created_at)
  return {
    ...lead,
    answers: [{ key: 'roof', label: 'How old is the roof?', values: ['30 years'] }],
    consents: [
      { key: 'contact', text: 'Acme may call me.', given: true, inferred: false, at: lead.created_at, text_version: '3', privacy_policy_url: null },
    ],
    score_reasons: [],
    trace: {
      meta_created_at: lead.created_at,
      received_at: new Date(at + 4000).toISOString(),
      fetched_at: new Date(at + 4500).toISOString(),
      stored_at: new Date(at + 4600).toISOString(),
      emitted_at: new Date(at + 4700).toISOString(),
      acknowledged_at: new Date(at + 7000).toISOString(),
      opened_at: null,
      first_attempt_at: null,
    },
  }
}
