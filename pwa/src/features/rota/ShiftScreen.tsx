import { useQuery } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { rotaOptions, useOwnShift, useSaveShift } from '@/shared/rota/queries'
import { ShiftEditor } from '@/shared/rota/ShiftEditor'
import { useSession } from '@/shared/session/queries'
import { Failed, Waiting } from '@/shared/ui/List'
import { Page } from '@/shared/ui/Page'

/** For everybody: when one works. */
export function ShiftScreen() {
  const { user } = useSession()
  const shift = useOwnShift()
  const { error, refetch } = useQuery(rotaOptions)
  const save = useSaveShift(user.id, true)
  return (
    <Page title={m.rota_own_title()}>
      {error && !shift ? (
        <Failed error={error} again={() => void refetch()} />
      ) : shift ? (
        <ShiftEditor shift={shift} own pending={save.isPending} onChange={(change) => save.mutate({ ...shift, ...change })} />
      ) : (
        <Waiting lines={5} />
      )}
    </Page>
  )
}
