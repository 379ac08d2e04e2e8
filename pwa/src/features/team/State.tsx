import { m } from '@/paraglide/messages'
import type { Invitation } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { cx } from '@/shared/ui/classes'

/** How far an invitation is. */
export function State({ invitation }: { invitation: Invitation }) {
  const place = usePlace()
  const now = useNow()
  const words = {
    sending: () => m.team_state_sending(),
    sent: () => m.team_state_sent({ when: when(new Date(invitation.sent_at ?? invitation.created_at), new Date(now), place) }),
    failed: () => m.team_state_failed(),
    shown: () => m.team_state_shown(),
    expired: () => m.team_state_expired(),
  }
  const bad = invitation.state === 'failed' || invitation.state === 'expired'
  return <span className={cx('block truncate text-13', bad ? 'text-late-text' : 'text-ink-3')}>{words[invitation.state]()}</span>
}
