import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { SupposedLead } from '@/shared/api/types'

export const distributionOptions = queryOptions({
  queryKey: ['distribution'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/distribution', { signal, headers: background(queryKey) })),
})

export const previewOptions = (lead: SupposedLead) =>
  queryOptions({
    queryKey: ['rota', 'preview', lead],
    queryFn: ({ signal }) => ask(api.POST('/api/distribution/preview', { body: lead, signal })),
    retry: false,
  })
