import { noteHeard, wasHeard } from './heard'
import { again, readAbout, type Shown } from './payload'

/** As much of a service worker's registration as showing takes. */
type Screen = Pick<ServiceWorkerRegistration, 'showNotification' | 'getNotifications'>

/** What is being shown: the same alert, coming meanwhile, waits until that is noted. Others do not wait for each other. */
const underWay = new Map<string, Promise<void>>()

/**
 * Shows a push, and lets it be heard unless its alert was heard before. Something is shown each time: a browser counts pushes that show nothing, and ends the
 * subscription.
 */
export async function show(screen: Screen, shown: Shown): Promise<void> {
  const { alert } = shown
  if (!alert) return screen.showNotification(shown.title, shown.options)
  const before = underWay.get(alert)
  const mine = (before ?? Promise.resolve()).catch(() => {}).then(() => showOnce(screen, shown, alert))
  underWay.set(alert, mine)
  try {
    await mine
  } finally {
    if (underWay.get(alert) === mine) underWay.delete(alert)
  }
}

async function showOnce(screen: Screen, shown: Shown, alert: string): Promise<void> {
  const { tag } = shown.options
  const [there] = tag ? await screen.getNotifications({ tag }).catch(() => []) : []
  const isThere = there !== undefined && readAbout(there.data, []).alert === alert
  const isAgain = isThere || (await wasHeard(alert))
  // Where something newer has taken its place, that stays.
  const { title, options } = isAgain ? again(shown, isThere ? undefined : there) : shown
  await screen.showNotification(title, options)
  await noteHeard(alert)
}
