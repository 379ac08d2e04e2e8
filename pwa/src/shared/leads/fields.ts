import { m } from '@/paraglide/messages'
import type { Lead, LeadPatch } from '@/shared/api/types'

export const FIELDS = ['full_name', 'phone', 'email', 'postal_code', 'service'] as const
export type LeadField = (typeof FIELDS)[number]
export type LeadFields = Record<LeadField, string>

const labels: Record<LeadField, () => string> = {
  full_name: () => m.field_name(),
  phone: () => m.field_phone(),
  email: () => m.field_email(),
  postal_code: () => m.field_postal_code(),
  service: () => m.field_service(),
}

export function fieldLabel(field: LeadField): string {
  return labels[field]()
}

export function fieldsOf(lead: Lead): LeadFields {
  return {
    full_name: lead.full_name ?? '',
    // An unusable number is shown as it was typed: that is what the person can mend.
    phone: lead.phone ?? lead.phone_given ?? '',
    email: lead.email ?? '',
    postal_code: lead.postal_code ?? '',
    service: lead.service ?? '',
  }
}

/** Only what was changed is sent: the rest may have been changed by somebody else. */
export function differences(before: LeadFields, after: LeadFields): LeadPatch {
  const patch: LeadPatch = {}
  for (const field of FIELDS) {
    const value = after[field].trim()
    if (value !== before[field]) patch[field] = value === '' ? null : value
  }
  return patch
}

export function isField(field: string | null): field is LeadField {
  return FIELDS.some((one) => one === field)
}
