import { m } from '@/paraglide/messages'
import type { Shift } from '@/shared/api/types'
import { when, type Place } from '@/shared/i18n/time'

/** Whether somebody is there, and until when. */
export function standing(shift: Shift, now: Date, place: Place): string {
  const at = shift.changes_at ? when(new Date(shift.changes_at), now, place) : null
  if (shift.pause) return shift.pause.until ? m.rota_paused_until({ when: when(new Date(shift.pause.until), now, place) }) : m.rota_paused()
  if (shift.is_there) return at ? m.rota_there_until({ when: at }) : m.rota_there()
  return at ? m.rota_off_until({ when: at }) : m.rota_off()
}
