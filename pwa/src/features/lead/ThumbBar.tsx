import { useQueryClient } from '@tanstack/react-query'
import { Mail, MessageCircle, MessageSquareText, Phone, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Channel, Lead, Session } from '@/shared/api/types'
import { canContact, contact } from '@/shared/contact/contact'
import { nameOf } from '@/shared/leads/labels'
import { channelLabel } from '@/shared/leads/words'
import { cx } from '@/shared/ui/classes'

const CHANNELS: { channel: Channel; icon: LucideIcon }[] = [
  { channel: 'call', icon: Phone },
  { channel: 'sms', icon: MessageSquareText },
  { channel: 'whatsapp', icon: MessageCircle },
  { channel: 'email', icon: Mail },
]

/** One tap each, where the thumb is. The call stands out: it is what turns a lead into a customer. */
export function ThumbBar({ lead, session }: { lead: Lead; session: Session }) {
  const client = useQueryClient()
  return (
    <nav aria-label={m.contact_bar({ name: nameOf(lead) })} className="border-t border-hairline bg-surface px-3 pt-3 pb-safe">
      {!lead.phone && (
        <p className="mx-auto mb-2 max-w-2xl px-2 text-15 text-ink-3">
          {lead.phone_given ? m.phone_unusable({ phone: lead.phone_given }) : m.phone_missing()}
        </p>
      )}
      <div className="mx-auto flex max-w-2xl gap-2">
        {CHANNELS.map(({ channel, icon: Icon }) => (
          <button
            key={channel}
            type="button"
            disabled={!canContact(lead, channel)}
            onClick={() => void contact(client, lead, channel, session)}
            className={cx(
              'flex min-h-16 min-w-0 flex-1 flex-col items-center justify-center gap-1 rounded-card text-13 font-semibold transition-[filter,background-color,transform] active:scale-[0.97] disabled:opacity-45',
              channel === 'call' ? 'flex-[1.45] bg-accent text-on-accent' : 'bg-sunken text-ink-2 active:bg-pressed',
            )}
          >
            <Icon size={channel === 'call' ? 24 : 21} strokeWidth={2} aria-hidden />
            <span className="max-w-full truncate">{channelLabel(channel)}</span>
          </button>
        ))}
      </div>
    </nav>
  )
}
