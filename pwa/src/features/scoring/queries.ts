import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { ScoreRule } from '@/shared/api/types'

export const scoringOptions = queryOptions({
  queryKey: ['scoring'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/scoring', { signal, headers: background(queryKey) })),
})

export const triedOptions = (rules: ScoreRule[]) =>
  queryOptions({
    queryKey: ['scoring', 'tried', rules],
    queryFn: ({ signal }) => ask(api.POST('/api/scoring/preview', { body: { rules }, signal })).then(({ items }) => items),
    retry: false,
  })
