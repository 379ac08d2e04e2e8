import { offlineSheet, type OfflineSheet } from '@/shared/offline/waiting'
import { ConflictSheet } from './ConflictSheet'
import { WaitingSheet } from './WaitingSheet'

/** What waits to be sent, and what waits to be decided. */
export function OfflineSheets({ sheet }: { sheet: OfflineSheet }) {
  const close = () => offlineSheet.set(null)
  return sheet.kind === 'waiting' ? <WaitingSheet onClose={close} /> : <ConflictSheet key={sheet.key} rowKey={sheet.key} onClose={close} />
}
