import type { Lead } from '@/shared/api/types'

export type Kind = 'create' | 'attempt' | 'outcome' | 'note' | 'status' | 'edit' | 'claim' | 'release' | 'assign' | 'snooze' | 'wake'

/** What a person did to a lead, as it goes to the server. */
export interface Command {
  kind: Kind
  /** The lead as the person saw it: what they meant to change, and what it is compared with when somebody else did too. */
  base: Lead
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  body: Record<string, unknown> | null
  /** The field of the body that tells when it was done; set right by the server's clock on sending. */
  timeField?: 'started_at' | 'written_at' | 'entered_at'
  /** The version it changes. */
  version?: number
  /** The key of a command without which this one makes no sense. */
  needs?: string
}

export interface Refusal {
  status: number
  reason: string | null
  field: string | null
}

/** One command on its way. `conflict` and `rejected` wait for the person, everything else for the server. */
export interface Row extends Command {
  seq: number
  /** The Idempotency-Key, the same through every try. */
  key: string
  owner: string
  /** By this device's clock. */
  at: number
  state: 'waiting' | 'conflict' | 'rejected'
  tries: number
  nextAt: number
  /** It waits for second thoughts: what comes after it need not. */
  delayed: boolean
  /** What the server has, where that is not what the person saw. */
  theirs: Lead | null
  refusal: Refusal | null
}

const CLASHES: Partial<Record<Kind, (keyof Lead)[]>> = {
  // Whoever has it now may have reasons for where it stands.
  status: ['status', 'assignee_id'],
}

/** The fields that somebody else changed too. A change of other fields is no conflict: both count. */
export function clashes(row: Pick<Row, 'kind' | 'base' | 'body'>, theirs: Lead): (keyof Lead)[] {
  const fields = CLASHES[row.kind] ?? (Object.keys(row.body ?? {}) as (keyof Lead)[])
  return fields.filter((field) => theirs[field] !== row.base[field] && theirs[field] !== row.body?.[field])
}

/** The next that may go: the commands on one lead in their order, behind none that waits for the person. */
export function next(rows: Row[], now: number): Row | null {
  const held = new Set<string>()
  const refused = new Set<string>()
  for (const row of rows) {
    const lead = row.base.id
    if (row.state === 'rejected' || (row.needs && refused.has(row.needs))) refused.add(row.key)
    else if (row.state === 'conflict') held.add(lead)
    else if (held.has(lead)) continue
    else if (row.nextAt <= now) return row
    else if (!row.delayed) held.add(lead)
  }
  return null
}

/** When something may go again, or null where nothing waits for the clock. */
export function soonest(rows: Row[], now: number): number | null {
  const times = rows.filter((row) => row.state === 'waiting' && row.nextAt > now).map((row) => row.nextAt)
  return times.length === 0 ? null : Math.min(...times)
}
