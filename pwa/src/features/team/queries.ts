import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'

/** Under the team's key: what changes the team changes this. */
export const invitationsOptions = queryOptions({
  queryKey: ['team', 'invitations'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/invitations', { signal, headers: background(queryKey) })),
})
