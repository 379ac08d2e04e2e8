import { createStore, useStore } from '@/shared/store'

interface InstallPrompt extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>
}

type State = 'unknown' | 'offered' | 'ios' | 'installed'

let offered: InstallPrompt | null = null

function initial(): State {
  if (window.matchMedia('(display-mode: standalone)').matches) return 'installed'
  // iPads call themselves Macs, but Macs have no touch points.
  const ios = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes('Mac') && navigator.maxTouchPoints > 1)
  return ios ? 'ios' : 'unknown'
}

const state = createStore<State>(initial())

/** The browser offers once, early: whoever asks later needs the offer kept. */
export function watchInstall(): void {
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offered = event as InstallPrompt
    state.set('offered')
  })
  window.addEventListener('appinstalled', () => state.set('installed'))
}

export async function install(): Promise<void> {
  const prompt = offered
  offered = null
  const answer = await prompt?.prompt()
  state.set(answer?.outcome === 'accepted' ? 'installed' : 'unknown')
}

export function useInstall(): State {
  return useStore(state)
}
