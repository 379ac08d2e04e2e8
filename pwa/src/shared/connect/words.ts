import { m } from '@/paraglide/messages'
import type { DayTally, Mend, TestStep, Trouble } from '@/shared/api/types'

const steps: Record<TestStep['step'], () => string> = {
  webhook_address: () => m.connect_step_webhook_address(),
  app_secret: () => m.connect_step_app_secret(),
  token: () => m.connect_step_token(),
  page: () => m.connect_step_page(),
  subscription: () => m.connect_step_subscription(),
  forms: () => m.connect_step_forms(),
  lead: () => m.connect_step_lead(),
}

export const stepLabel = (step: TestStep['step']) => steps[step]()

const mends: Record<Mend, () => string> = {
  address_unreachable: () => m.connect_mend_address_unreachable(),
  address_redirects: () => m.connect_mend_address_redirects(),
  handshake_refused: () => m.connect_mend_handshake_refused(),
  handshake_other: () => m.connect_mend_handshake_other(),
  signature_refused: () => m.connect_mend_signature_refused(),
  app_id_missing: () => m.connect_mend_app_id_missing(),
  app_credentials: () => m.connect_mend_app_credentials(),
  token_invalid: () => m.connect_mend_token_invalid(),
  token_expired: () => m.connect_mend_token_expired(),
  token_password: () => m.connect_mend_token_password(),
  token_app_removed: () => m.connect_mend_token_app_removed(),
  token_checkpoint: () => m.connect_mend_token_checkpoint(),
  token_other_app: () => m.connect_mend_token_other_app(),
  token_expires_soon: () => m.connect_mend_token_expires_soon(),
  data_access_expired: () => m.connect_mend_data_access_expired(),
  scopes_missing: () => m.connect_mend_scopes_missing(),
  token_other_page: () => m.connect_mend_token_other_page(),
  not_subscribed: () => m.connect_mend_not_subscribed(),
  lead_terms: () => m.connect_mend_lead_terms(),
  lead_access: () => m.connect_mend_lead_access(),
  no_forms: () => m.connect_mend_no_forms(),
  no_lead: () => m.connect_mend_no_lead(),
  permission: () => m.connect_mend_permission(),
  throttled: () => m.connect_mend_throttled(),
  meta_away: () => m.connect_mend_meta_away(),
  policy_blocked: () => m.connect_mend_policy_blocked(),
  gone: () => m.connect_mend_gone(),
  meta_odd: () => m.connect_mend_meta_odd(),
  meta_refused: () => m.connect_mend_meta_refused(),
  too_slow: () => m.connect_mend_too_slow(),
}

/** What a person does about it. */
export const mendWords = (mend: Mend) => mends[mend]()

/** What a count has to say besides its two numbers: of which kind, and why it differs where that is known. */
export function tallyFacts(day: DayTally): string[] {
  const facts: [number, (count: { n: number }) => string][] = [
    [day.on_the_way, m.tally_on_the_way],
    [day.waiting, m.tally_waiting],
    [day.given_up, m.tally_given_up],
    [day.discarded, m.tally_discarded],
    [day.gone, m.tally_gone],
    [day.unlisted, m.tally_unlisted],
    [day.found, m.tally_found],
    [day.tests, m.tally_tests],
    [day.fresh, m.tally_fresh],
  ]
  return facts.filter(([n]) => n > 0).map(([n, say]) => say({ n }))
}

/** Whether every lead that Meta has is here. */
export const agrees = (day: DayTally) => day.meta === day.ours - day.unlisted

const kinds: Record<Trouble['kind'], () => string> = {
  missing: () => m.trouble_kind_missing(),
  late: () => m.trouble_kind_late(),
  ends_soon: () => m.trouble_kind_ends(),
}

export const troubleLabel = (kind: Trouble['kind']) => kinds[kind]()
