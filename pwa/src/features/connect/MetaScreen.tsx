import { useQuery } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { Button } from '@/shared/ui/Button'
import { Page } from '@/shared/ui/Page'
import { RowsSkeleton } from '@/shared/ui/Skeleton'
import { AppGroup } from './AppGroup'
import { Forms } from './Forms'
import { Graveyard } from './Graveyard'
import { Pages } from './Pages'
import { setupOptions } from './queries'
import { Receipts } from './Receipts'
import { told } from './words'

/** Where leads come from: the page, how it is, what mends it, and what became of everything that Meta told us. */
export function MetaScreen() {
  const setup = useQuery(setupOptions)
  return (
    <Page title={m.connect_title()} hint={m.connect_hint()}>
      {setup.isPending ? (
        <RowsSkeleton rows={4} />
      ) : setup.error ? (
        <div role="alert" className="flex flex-wrap items-center gap-4">
          <p className="text-15 text-late-text">{told(setup.error)}</p>
          <Button onClick={() => void setup.refetch()}>{m.try_again()}</Button>
        </div>
      ) : (
        <>
          <Pages pages={setup.data.pages} />
          <AppGroup setup={setup.data} />
          {setup.data.pages.length > 0 && <Forms />}
          <Receipts />
          <Graveyard />
        </>
      )}
    </Page>
  )
}
