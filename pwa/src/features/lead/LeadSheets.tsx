import { useEffect } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { closeOutcome, open } from '@/shared/contact/waiting'
import { overlay } from '@/shared/leads/overlay'
import { knownLead } from '@/shared/leads/queries'
import { leadSheet } from '@/shared/leads/sheets'
import { outbox } from '@/shared/offline/waiting'
import { useSession } from '@/shared/session/queries'
import { useStore } from '@/shared/store'
import { AssignSheet } from './AssignSheet'
import { LostSheet } from './LostSheet'
import { NextSheet } from './NextSheet'
import { OutcomeSheet } from './OutcomeSheet'
import { SnoozeSheet } from './SnoozeSheet'

/** The sheets about a lead that any screen may ask for. */
export function LeadSheets() {
  const sheet = useStore(leadSheet)
  const outcome = useStore(open)
  const rows = useStore(outbox)
  const client = useQueryClient()
  const session = useSession()
  const close = () => leadSheet.set(null)

  useEffect(() => () => leadSheet.set(null), [])

  if (outcome?.asking) return <OutcomeSheet open={outcome} onClose={closeOutcome} />
  if (!sheet) return null
  // Since the sheet was asked for, the lead may have moved on.
  const lead = overlay(knownLead(client, sheet.lead.id) ?? sheet.lead, rows)
  switch (sheet.kind) {
    case 'snooze':
      return <SnoozeSheet lead={lead} onClose={close} />
    case 'lost':
      return <LostSheet lead={lead} onClose={close} />
    case 'next':
      return <NextSheet lead={lead} onClose={close} />
    case 'assign':
      return <AssignSheet lead={lead} session={session} onClose={close} />
  }
}
