import type { LeadList } from './LeadList'

interface Loaded {
  default: typeof LeadList
}

let ready: Loaded | null = null

/** The code of the rows, asked for beside the session and the first page. */
export async function loadRows(): Promise<Loaded> {
  ready ??= { default: (await import('./LeadList')).LeadList }
  return ready
}

/** For React's `lazy`: what is there already is drawn at once. A promise would show the skeleton first, and then hold the rows back for a third of a second. */
export function rows(): Promise<Loaded> {
  const here = ready
  return here ? ({ then: (resolve: (loaded: Loaded) => void) => resolve(here) } as Promise<Loaded>) : loadRows()
}
