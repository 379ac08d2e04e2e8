import { queryOptions, useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import { background } from '@/shared/api/quiet'
import type { ChangeShift, Shift } from '@/shared/api/types'
import { useSession } from '@/shared/session/queries'
import { toast } from '@/shared/ui/toasts'

/** Somebody comes or goes by themselves at the soonest in so many milliseconds; asked again then, and never more often than once a second. */
function untilChange(shifts: Shift[] | undefined): number | false {
  const next = (shifts ?? []).map(({ changes_at }) => (changes_at ? Date.parse(changes_at) - Date.now() : Infinity)).filter((left) => left > 0)
  const soonest = Math.min(...next)
  // A timer holds 24 days.
  return Number.isFinite(soonest) ? Math.min(Math.max(soonest + 500, 1000), 86_400_000) : false
}

export const rotaOptions = queryOptions({
  queryKey: ['rota', 'all'],
  queryFn: ({ queryKey, signal }): Promise<Shift[]> => ask(api.GET('/api/rota', { signal, headers: background(queryKey) })).then((rota) => rota.items),
  refetchInterval: ({ state }) => untilChange(state.data),
})

export const weekOptions = (day: string | null) =>
  queryOptions({
    queryKey: ['rota', 'week', day],
    queryFn: ({ queryKey, signal }) => ask(api.GET('/api/rota/week', { params: { query: day ? { day } : {} }, signal, headers: background(queryKey) })),
  })

/** The shift of the person who is signed in; nothing until it is known, or without an organization. */
export function useOwnShift(): Shift | undefined {
  const { user, organization } = useSession()
  const { data } = useQuery({ ...rotaOptions, enabled: organization !== null })
  return data?.find(({ user_id }) => user_id === user.id)
}

function keep(client: QueryClient, shift: Shift): void {
  client.setQueryData(rotaOptions.queryKey, (before) => before?.map((one) => (one.user_id === shift.user_id ? shift : one)))
  void client.invalidateQueries({ queryKey: ['rota', 'week'] })
}

/** Goes away for some minutes, or until one is back (`null`); comes back (`'back'`). Of a colleague: for managers. */
export function usePause(user?: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (minutes: number | null | 'back') => {
      const headers = once()
      if (user === undefined) {
        return minutes === 'back' ? ask(api.DELETE('/api/me/pause', { headers })) : ask(api.POST('/api/me/pause', { body: { minutes }, headers }))
      }
      const params = { path: { id: user } }
      return minutes === 'back'
        ? ask(api.DELETE('/api/team/{id}/pause', { params, headers }))
        : ask(api.POST('/api/team/{id}/pause', { params, body: { minutes }, headers }))
    },
    onSuccess: (shift) => keep(client, shift),
    onError: (failed) => toast(inWords(failed), { tone: 'error' }),
  })
}

/** Saves a shift: one's own hours, or all of a colleague's. */
export function useSaveShift(user: string, own: boolean) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ version, schedule, away, takes_leads, weight, capacity }: ChangeShift & { version: number }) => {
      const header = { 'If-Match': `"${version}"` }
      return own
        ? ask(api.PUT('/api/me/shift', { params: { header }, body: { schedule, away } }))
        : ask(api.PUT('/api/team/{id}/shift', { params: { path: { id: user }, header }, body: { schedule, away, takes_leads, weight, capacity } }))
    },
    onSuccess: (shift) => {
      keep(client, shift)
      toast(m.rota_saved())
    },
    onError: (failed) => {
      if (isStatus(failed, 412)) void client.invalidateQueries({ queryKey: ['rota'] })
      toast(isStatus(failed, 422) && failed.reason === 'hours_invalid' ? m.hours_overlap() : inWords(failed), { tone: 'error' })
    },
  })
}
