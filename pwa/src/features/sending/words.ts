import { m } from '@/paraglide/messages'
import { teach } from '@/shared/api/problem'
import type { MessageFailure, MessageState, SuppressionReason } from '@/shared/api/types'

teach({
  sender_invalid: () => m.sending_sender_invalid(),
  sender_taken: () => m.sending_sender_taken(),
  no_phone: () => m.sending_test_no_phone(),
  phone_not_mobile: () => m.error_phone_not_mobile(),
})

const reasons: Record<SuppressionReason, () => string> = {
  stop: () => m.sending_why_stop(),
  bounce: () => m.sending_why_bounce(),
  complaint: () => m.sending_why_complaint(),
  link: () => m.sending_why_link(),
  hand: () => m.sending_why_hand(),
}

export function reasonInWords(why: SuppressionReason): string {
  return reasons[why]()
}

/** What became of a test. */
export function standingInWords(state: MessageState, family: MessageFailure | null): string {
  if (state === 'delivered') return m.sending_test_delivered()
  if (state === 'sent') return m.sending_test_sent()
  if (state === 'queued' || state === 'sending') return m.sending_test_waits()
  switch (family) {
    case 'opted_out':
      return m.sending_test_opted_out()
    case 'not_configured':
      return m.sending_test_not_configured()
    case 'blocked_sender':
      return m.sending_test_blocked_sender()
    case 'invalid_address':
    case 'not_mobile':
      return m.sending_test_invalid()
    default:
      return m.sending_test_failed()
  }
}
