import { useEffect, useState } from 'react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import type { Strength } from '@/shared/api/types'

/** A pause in typing. */
const PAUSE = 250

/** What the server thinks of a password, while it is typed: the same judge as when it is sent. Neither side keeps it. */
export function useStrength(password: string, about: string[]): Strength | null {
  const [judged, setJudged] = useState<{ password: string; strength: Strength } | null>(null)
  const known = about.join('\n')
  useEffect(() => {
    if (password === '') return
    const leaving = new AbortController()
    const pause = setTimeout(() => {
      ask(api.POST('/api/password-strength', { body: { password, about: known.split('\n') }, signal: leaving.signal })).then(
        (strength) => setJudged({ password, strength }),
        // Without a judge there is no meter; the server decides when it is sent.
        () => setJudged(null),
      )
    }, PAUSE)
    return () => {
      clearTimeout(pause)
      leaving.abort()
    }
  }, [password, known])
  // What was said of the last one stays until the next word: a meter that empties with every letter says nothing.
  return password === '' ? null : (judged?.strength ?? null)
}

const weaknesses: Record<NonNullable<Strength['weakness']>, () => string> = {
  short: () => m.password_weak_short(),
  long: () => m.password_weak_long(),
  keyboard: () => m.password_weak_keyboard(),
  repeats: () => m.password_weak_repeats(),
  common: () => m.password_weak_common(),
  sequence: () => m.password_weak_sequence(),
  year: () => m.password_weak_year(),
  word: () => m.password_weak_word(),
  date: () => m.password_weak_date(),
  name: () => m.password_weak_name(),
}

const advices: Record<Strength['advice'][number], () => string> = {
  more_words: () => m.password_advice_more_words(),
  tricks_do_not_help: () => m.password_advice_tricks_do_not_help(),
  no_patterns: () => m.password_advice_no_patterns(),
  no_dates: () => m.password_advice_no_dates(),
}

export function strengthLabel({ score, enough }: Strength): string {
  if (enough) return score > 3 ? m.password_strength_strong() : m.password_strength_enough()
  return score < 2 ? m.password_strength_weak() : m.password_strength_fair()
}

/** What is wrong, or else what would help. */
export function strengthHint({ enough, weakness, advice }: Strength): string | null {
  if (enough) return null
  if (weakness) return weaknesses[weakness]()
  const first = advice[0]
  return first ? advices[first]() : m.password_advice_more_words()
}
