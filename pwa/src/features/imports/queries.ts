import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/shared/api/client'
import { background } from '@/shared/api/quiet'

export const importsOptions = queryOptions({
  queryKey: ['imports', 'all'],
  queryFn: ({ queryKey, signal }) => ask(api.GET('/api/imports', { signal, headers: background(queryKey) })).then((page) => page.items),
})

export const importOptions = (id: string) =>
  queryOptions({
    queryKey: ['imports', 'one', id],
    queryFn: ({ queryKey, signal }) => ask(api.GET('/api/imports/{id}', { signal, params: { path: { id } }, headers: background(queryKey) })),
  })
