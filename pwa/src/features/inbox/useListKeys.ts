import { useNavigate } from '@tanstack/react-router'
import type { Lead } from '@/shared/api/types'
import { useDesk } from '@/shared/device/media'
import { useKeys } from '@/shared/device/keys'

/** j and k walk the list on a desktop. */
export function useListKeys(items: Lead[], selected: string | undefined): void {
  const navigate = useNavigate()
  const desk = useDesk()
  const step = (by: number) => {
    if (!desk) return
    const at = items.findIndex((lead) => lead.id === selected)
    const next = items[at === -1 ? 0 : Math.min(items.length - 1, Math.max(0, at + by))]
    if (next && next.id !== selected) void navigate({ to: '/leads/$leadId', params: { leadId: next.id }, search: true, replace: at !== -1 })
  }
  useKeys({ j: () => step(1), k: () => step(-1) })
}
