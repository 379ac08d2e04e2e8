import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'
import type { NewSequence, Sequence } from '@/shared/api/types'

export const sequencesOptions = queryOptions({
  queryKey: ['sequences'],
  queryFn: ({ queryKey, signal }) =>
    ask(api.GET('/api/sequences', { signal, headers: background(queryKey) })).then((listed) => listed.items),
})

/** The part of a sequence that its owner writes. */
export function draftOf({ name, is_active, trigger, filter, steps }: Sequence): NewSequence {
  return { name, is_active, trigger, filter, steps }
}
