import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { ask, api } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { Campaign, LeadForm, Member, Role, Session } from '@/shared/api/types'

export const sessionOptions = queryOptions({
  queryKey: ['session'],
  queryFn: ({ queryKey, signal }): Promise<Session> => ask(api.GET('/api/session', { signal, headers: background(queryKey) })),
  staleTime: Infinity,
  gcTime: Infinity,
  retry: false,
})

/** The session of the person who is signed in; the router has loaded it before any screen that asks. */
export function useSession(): Session {
  return useSuspenseQuery(sessionOptions).data
}

export function leads(role: Role): boolean {
  return role === 'owner' || role === 'manager'
}

export const teamOptions = queryOptions({
  queryKey: ['team'],
  queryFn: ({ queryKey, signal }): Promise<Member[]> =>
    ask(api.GET('/api/team', { signal, headers: background(queryKey) })).then((team) => team.items),
  staleTime: 5 * 60_000,
})

export const campaignsOptions = queryOptions({
  queryKey: ['campaigns'],
  queryFn: ({ queryKey, signal }): Promise<Campaign[]> =>
    ask(api.GET('/api/campaigns', { signal, headers: background(queryKey) })).then((page) => page.items),
  staleTime: 5 * 60_000,
})

export const formsOptions = queryOptions({
  queryKey: ['forms'],
  queryFn: ({ queryKey, signal }): Promise<LeadForm[]> =>
    ask(api.GET('/api/forms', { signal, headers: background(queryKey) })).then((page) => page.items),
  staleTime: 5 * 60_000,
})

export function useTeam(): Map<string, Member> {
  return useQuery({ ...teamOptions, select: byId }).data ?? nobody
}

export function useCampaigns(): Map<string, Campaign> {
  return useQuery({ ...campaignsOptions, select: byId }).data ?? noCampaign
}

export function useForms(): Map<string, LeadForm> {
  return useQuery({ ...formsOptions, select: byId }).data ?? noForm
}

const nobody = new Map<string, Member>()
const noCampaign = new Map<string, Campaign>()
const noForm = new Map<string, LeadForm>()

function byId<T extends { id: string }>(items: T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]))
}
