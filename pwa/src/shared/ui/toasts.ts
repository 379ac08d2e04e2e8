import { createStore } from '@/shared/store'

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'error'
  undo?: () => void
  action?: { label: string; run: () => void }
  /** Milliseconds it stays. */
  stays: number
}

export const toasts = createStore<Toast[]>([])

let next = 1

export function toast(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): number {
  const one: Toast = { id: next++, text, tone: 'plain', stays: options.undo ? 6000 : 4500, ...options }
  // Two at most: a third would cover the thumb bar.
  toasts.set((shown) => [...shown.slice(-1), one])
  return one.id
}

export function dismiss(id: number): void {
  toasts.set((shown) => (shown.some((one) => one.id === id) ? shown.filter((one) => one.id !== id) : shown))
}
