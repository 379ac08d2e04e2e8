import type { FormQuestion, ReadLead, Target } from '@/shared/api/types'

/** What was chosen and is not saved: question key → where it goes. */
export type Draft = Record<string, Target>

interface Asked {
  questions: FormQuestion[]
}

/** All decisions that the form would have. What goes where it goes by itself is no decision. */
export function decisionsOf(form: Asked, draft: Draft): Record<string, Target> {
  const decisions: Record<string, Target> = {}
  for (const question of form.questions) {
    const target = draft[question.key] ?? question.target
    if (target !== question.guess) decisions[question.key] = target
  }
  return decisions
}

export function differs(form: Asked, draft: Draft): boolean {
  return form.questions.some((question) => (draft[question.key] ?? question.target) !== question.target)
}

export interface Line {
  /** A place of the lead, or the words of a question. */
  target: Target | null
  label: string
  before: string | null
  after: string | null
}

const FIELDS = [
  ['full_name', 'full_name'],
  ['phone', 'phone'],
  ['email', 'email'],
  ['postal_code', 'postal_code'],
  ['city', 'city'],
  ['service', 'service'],
  ['message', 'message'],
] as const satisfies [keyof ReadLead, Target][]

/** A lead line by line, as it is read and as it would be. What is empty both ways is left out. */
export function linesOf(before: ReadLead, after: ReadLead): Line[] {
  const fields: Line[] = FIELDS.map(([field, target]) => ({ target, label: field, before: before[field], after: after[field] }))
  fields.push({ target: 'consent', label: 'consent', before: before.consents.join(', ') || null, after: after.consents.join(', ') || null })
  const said = (lead: ReadLead, key: string) => lead.answers.find((answer) => answer.key === key)?.values.join(', ') ?? null
  const labels = new Map([...before.answers, ...after.answers].map((answer) => [answer.key, answer.label]))
  const answers = [...labels].map(([key, label]): Line => ({ target: null, label, before: said(before, key), after: said(after, key) }))
  return [...fields, ...answers].filter((line) => line.before !== null || line.after !== null)
}
