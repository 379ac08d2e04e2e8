import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import type { MappingWarning, Mend, Receipt, Target, TestStep } from '@/shared/api/types'

export { mendWords, stepLabel } from '@/shared/connect/words'

/** In the order in which they are tried. */
export const STEPS = ['webhook_address', 'app_secret', 'token', 'page', 'subscription', 'forms', 'lead'] as const satisfies TestStep['step'][]

/** In the order of the list to choose from. */
export const TARGETS = ['full_name', 'first_name', 'last_name', 'phone', 'email', 'postal_code', 'city', 'service', 'message', 'consent', 'answer', 'ignore'] as const satisfies Target[]

const targets: Record<Target, () => string> = {
  full_name: () => m.connect_target_full_name(),
  first_name: () => m.connect_target_first_name(),
  last_name: () => m.connect_target_last_name(),
  phone: () => m.connect_target_phone(),
  email: () => m.connect_target_email(),
  postal_code: () => m.connect_target_postal_code(),
  city: () => m.connect_target_city(),
  service: () => m.connect_target_service(),
  message: () => m.connect_target_message(),
  consent: () => m.connect_target_consent(),
  answer: () => m.connect_target_answer(),
  ignore: () => m.connect_target_ignore(),
}

export const targetLabel = (target: Target) => targets[target]()

const warnings: Record<MappingWarning, () => string> = {
  no_contact: () => m.connect_warn_no_contact(),
  two_phones: () => m.connect_warn_two_phones(),
  two_emails: () => m.connect_warn_two_emails(),
  two_names: () => m.connect_warn_two_names(),
  no_name: () => m.connect_warn_no_name(),
}

export const warningWords = (warning: MappingWarning) => warnings[warning]()

const reasons: Record<string, () => string> = {
  throttled: () => m.connect_reason_throttled(),
  temporary: () => m.connect_reason_temporary(),
  token_dead: () => m.connect_reason_token_dead(),
  permission: () => m.connect_reason_permission(),
  gone: () => m.connect_reason_gone(),
  policy_blocked: () => m.connect_reason_policy_blocked(),
  invalid: () => m.connect_reason_invalid(),
  refused: () => m.connect_reason_refused(),
  not_connected: () => m.connect_reason_not_connected(),
  broken: () => m.connect_reason_broken(),
  unknown_page: () => m.connect_reason_unknown_page(),
  unreadable: () => m.connect_reason_unreadable(),
  internal: () => m.connect_reason_internal(),
}

/** Why it was not done; what a newer server says is trouble of ours. */
export const reasonWords = (reason: string) => (reasons[reason] ?? m.connect_reason_internal)()

const jobs: Record<string, () => string> = {
  fetch_lead: () => m.connect_job_fetch_lead(),
  replay_quarantine: () => m.connect_job_replay_quarantine(),
  remap_form: () => m.connect_job_remap_form(),
  react: () => m.connect_job_react(),
  end_snooze: () => m.connect_job_end_snooze(),
}

export const jobLabel = (kind: string) => (jobs[kind] ?? m.connect_job_other)()

const errors: Record<string, () => string> = {
  token_dead: () => m.connect_error_token_dead(),
  token_refused: () => m.connect_error_token_refused(),
  page_taken: () => m.connect_error_page_taken(),
  meta_refuses: () => m.connect_error_meta_refuses(),
  still_nobodys: () => m.connect_error_still_nobodys(),
  test_running: () => m.connect_error_test_running(),
  not_connected: () => m.connect_reason_not_connected(),
  token_other_page: () => m.connect_mend_token_other_page(),
  page_id_invalid: () => m.connect_page_id_bad(),
  app_id_invalid: () => m.connect_app_id_bad(),
  secret_invalid: () => m.connect_secret_bad(),
}

/** The error in words, with those that only this page has. */
export const told = (error: unknown) => inWords(error, errors)

/** What mends a connection that Meta broke. */
export const brokenMend = (reason: string | null): Mend => (reason === 'permission' || reason === 'policy_blocked' ? reason : 'token_invalid')

export function receiptLabel(state: Receipt['state'], when: string): string {
  switch (state) {
    case 'waiting':
      return m.connect_receipt_waiting()
    case 'retrying':
      return m.connect_receipt_retrying({ when })
    case 'fetched':
      return m.connect_receipt_fetched()
    case 'failed':
      return m.connect_receipt_failed()
    case 'discarded':
      return m.connect_receipt_discarded()
    case 'quarantined':
      return m.connect_receipt_quarantined()
    default:
      return m.connect_receipt_gone()
  }
}

const sourceReasons: Record<string, () => string> = {
  no_json: () => m.source_reason_no_json(),
  no_object: () => m.source_reason_no_object(),
  empty: () => m.source_reason_empty(),
  too_much: () => m.source_reason_too_much(),
  no_contact: () => m.source_reason_no_contact(),
}

/** Why what came could not be read. */
export const sourceReasonWords = (reason: string | null) => (sourceReasons[reason ?? ''] ?? m.connect_reason_unreadable)()
