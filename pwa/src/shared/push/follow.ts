import { GIVE, THERE_IS, type Intent } from './intent'

/**
 * Follows what is tapped on notifications. The window asks, also when it starts and when it comes back: on iOS what was posted to a page that lay asleep is
 * lost. That a call is begun by a message and not by an address keeps a link in somebody's letter from beginning one.
 */
export function followIntents(follow: (intent: Intent) => void): () => void {
  const container = navigator.serviceWorker
  if (!container) return () => {}
  const ask = () => void container.getRegistration().then((registration) => registration?.active?.postMessage(GIVE), () => {})
  const visible = () => {
    if (document.visibilityState === 'visible') ask()
  }
  const heard = ({ data }: MessageEvent) => {
    if (data === THERE_IS) ask()
    else if (isIntent(data)) follow(data)
  }
  container.addEventListener('message', heard)
  document.addEventListener('visibilitychange', visible)
  ask()
  return () => {
    container.removeEventListener('message', heard)
    document.removeEventListener('visibilitychange', visible)
  }
}

function isIntent(data: unknown): data is Intent {
  return typeof data === 'object' && data !== null && typeof (data as Partial<Intent>).path === 'string' && 'call' in data
}
