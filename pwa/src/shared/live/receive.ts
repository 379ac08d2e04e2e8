import type { QueryClient } from '@tanstack/react-query'
import { refetchQuietly } from '@/shared/api/quiet'
import type { Lead } from '@/shared/api/types'
import { ping } from '@/shared/device/ping'
import { applyChange } from '@/shared/leads/apply'
import { nameOf, summaryOf } from '@/shared/leads/labels'
import { leadKeys } from '@/shared/leads/queries'
import { noticeKeys } from '@/shared/notices/queries'
import { arrive } from './state'

export interface LeadEvent {
  sequence: number
  lead: Lead
}

export interface ChangedEvent {
  sequence: number
  topic: string
  id: string
  version: number
}

export interface NotifiedEvent {
  sequence: number
  unseen: number
}

/** Under a burst of leads the counts are asked for once a second, not once a lead. */
const COUNTS_EVERY = 1000

/** Brings what the live stream says into the caches. Holds the highest sequence it has seen. */
export class Receiver {
  sequence: number | null = null
  private settled = true
  private heard = 0
  private readonly client: QueryClient
  private readonly seen = new Map<string, number>()
  private counts: ReturnType<typeof setTimeout> | undefined

  constructor(client: QueryClient) {
    this.client = client
  }

  created({ sequence, lead }: LeadEvent, replayed: boolean): void {
    const known = this.seen.has(lead.id)
    this.lead({ sequence, lead })
    if (known || lead.is_test || replayed) return
    arrive({ id: lead.id, name: nameOf(lead), summary: summaryOf(lead, undefined), at: Date.now() })
    ping()
  }

  lead({ sequence, lead }: LeadEvent): void {
    this.at(sequence)
    if ((this.seen.get(lead.id) ?? -1) >= lead.version) return
    this.seen.set(lead.id, lead.version)
    applyChange(this.client, { id: lead.id, lead })
    // A claim or a new status is a line of the history too, and comes as the lead alone.
    void refetchQuietly(this.client, { queryKey: leadKeys.timeline(lead.id) })
    this.recount()
  }

  hidden({ sequence, id }: { sequence: number; id: string }): void {
    this.at(sequence)
    this.seen.delete(id)
    applyChange(this.client, { id, lead: null })
    this.recount()
  }

  changed({ sequence, topic, id }: ChangedEvent): void {
    this.at(sequence)
    switch (topic) {
      case 'timeline':
        void refetchQuietly(this.client, { queryKey: leadKeys.timeline(id) })
        void refetchQuietly(this.client, { queryKey: leadKeys.detail(id) })
        return
      case 'imports':
        // Many leads may have come or gone at once.
        void refetchQuietly(this.client, { queryKey: ['imports'] })
        void refetchQuietly(this.client, { queryKey: leadKeys.lists })
        this.recount()
        return
      case 'connections':
        void refetchQuietly(this.client, { queryKey: ['connections'] })
        void refetchQuietly(this.client, { queryKey: ['connect'] })
        return
      case 'organization':
        void refetchQuietly(this.client, { queryKey: ['session'] })
        return
      case 'team':
        // Who is what decides what the app offers, and whoever it is about may be the one who is looking.
        void refetchQuietly(this.client, { queryKey: ['team'] })
        void refetchQuietly(this.client, { queryKey: ['session'] })
        return
      default:
        void refetchQuietly(this.client, { queryKey: [topic] })
    }
  }

  /** To this person alone: how many notifications they have not seen. */
  notified({ sequence, unseen }: NotifiedEvent): void {
    this.at(sequence)
    this.client.setQueryData(noticeKeys.unseen, { unseen })
    void refetchQuietly(this.client, { queryKey: noticeKeys.list })
  }

  refetch({ sequence }: { sequence: number }): void {
    this.at(sequence)
    this.seen.clear()
    void refetchQuietly(this.client, {})
  }

  /** Until the server says hello, what was missed may still be on its way: a higher sequence is not where we stand yet. */
  awaitHello(): void {
    this.settled = false
  }

  hello(sequence: number): void {
    this.settled = true
    this.at(Math.max(sequence, this.heard))
  }

  at(sequence: number): void {
    if (!this.settled) {
      this.heard = Math.max(this.heard, sequence)
      return
    }
    if (this.sequence === null || sequence > this.sequence) this.sequence = sequence
  }

  stop(): void {
    clearTimeout(this.counts)
  }

  private recount(): void {
    if (this.counts) return
    this.counts = setTimeout(() => {
      this.counts = undefined
      void refetchQuietly(this.client, { queryKey: leadKeys.counts })
    }, COUNTS_EVERY)
  }
}
