import { prefs } from './prefs'

let context: AudioContext | null = null

/** Browsers let sound out only after a touch: the context is made with the first one. */
export function armPing(): () => void {
  const arm = () => {
    context ??= new AudioContext()
    if (context.state === 'suspended') void context.resume()
  }
  window.addEventListener('pointerdown', arm, { passive: true })
  window.addEventListener('keydown', arm)
  return () => {
    window.removeEventListener('pointerdown', arm)
    window.removeEventListener('keydown', arm)
  }
}

/** One short ping and a pulse for a new lead. */
export function ping(): void {
  const { sound, vibration } = prefs.get()
  if (vibration && 'vibrate' in navigator && navigator.userActivation?.hasBeenActive) navigator.vibrate(60)
  if (sound && context?.state === 'running') play(context)
}

function play(audio: AudioContext): void {
  const start = audio.currentTime
  const volume = audio.createGain()
  volume.gain.setValueAtTime(0, start)
  volume.gain.linearRampToValueAtTime(0.18, start + 0.012)
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.5)
  volume.connect(audio.destination)
  // A fifth upwards reads as "something came in"; a falling one would read as an error.
  for (const [pitch, after] of [
    [784, 0],
    [1175, 0.09],
  ] as const) {
    const tone = audio.createOscillator()
    tone.type = 'sine'
    tone.frequency.value = pitch
    tone.connect(volume)
    tone.start(start + after)
    tone.stop(start + 0.55)
  }
}
