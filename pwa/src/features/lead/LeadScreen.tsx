import { useEffect, useState } from 'react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams, useRouter } from '@tanstack/react-router'
import { ArrowLeft, Eye, EyeOff, Pencil, WifiOff } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { Lead, LeadDetail } from '@/shared/api/types'
import { contact } from '@/shared/contact/contact'
import { useKeys } from '@/shared/device/keys'
import { useDesk } from '@/shared/device/media'
import { useOverlaid } from '@/shared/leads/overlay'
import { knownLead, leadDetailOptions } from '@/shared/leads/queries'
import { nameOf } from '@/shared/leads/labels'
import { useSession } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Empty } from '@/shared/ui/Empty'
import { Bar } from '@/shared/ui/Skeleton'
import { Answers } from './Answers'
import { EditSheet } from './EditSheet'
import { LeadMoves } from './LeadMoves'
import { LeadPerson } from './LeadPerson'
import { LeadSequence } from './LeadSequence'
import { OpenOutcome } from './OpenOutcome'
import { PlacementNote } from './PlacementNote'
import { Score } from './Score'
import { ThumbBar } from './ThumbBar'
import { Timeline } from './Timeline'
import { TraceStrip } from './TraceStrip'
import { Unsettled } from './Unsettled'

export function LeadScreen() {
  const { leadId } = useParams({ strict: false })
  return leadId ? <LeadView key={leadId} id={leadId} /> : null
}

function LeadView({ id }: { id: string }) {
  const client = useQueryClient()
  const router = useRouter()
  const session = useSession()
  const detail = useQuery(leadDetailOptions(id))
  const lead = useOverlaid<Lead>(detail.data ?? knownLead(client, id))
  const full: LeadDetail | undefined = detail.data
  const [editing, setEditing] = useState(false)
  const opened = full !== undefined

  useEffect(() => {
    // Goes into the latency trace: "opened" is when the person is on the screen, not when it was asked for.
    if (opened) void ask(api.PUT('/api/leads/{id}/opened', { params: { path: { id } } })).catch(() => {})
  }, [id, opened])

  useKeys({
    c: () => {
      if (lead) void contact(client, lead, 'call', session)
    },
  })

  if (detail.isError && (!lead || isStatus(detail.error, 404))) {
    return (
      <Frame title={isStatus(detail.error, 404) ? m.lead_gone() : inWords(detail.error)}>
        {isStatus(detail.error, 404) ? (
          <Empty alone icon={<EyeOff size={26} />} title={m.lead_gone()}>
            <p>{m.lead_gone_hint()}</p>
            <Button kind="soft" onClick={() => void router.navigate({ to: '/', search: true, replace: true })}>{m.back_to_inbox()}</Button>
          </Empty>
        ) : (
          <Empty alone icon={<WifiOff size={26} />} title={inWords(detail.error)}>
            <Button onClick={() => void detail.refetch()}>{m.try_again()}</Button>
          </Empty>
        )}
      </Frame>
    )
  }
  if (!lead) return <LeadSkeleton />

  return (
    <Frame
      title={nameOf(lead)}
      action={
        <IconButton label={m.action_edit()} onClick={() => setEditing(true)}>
          <Pencil size={19} aria-hidden />
        </IconButton>
      }
      bar={<ThumbBar lead={lead} session={session} />}
    >
      <LeadPerson lead={lead} session={session} />
      <PlacementNote lead={lead} />
      <Unsettled leadId={id} />
      <OpenOutcome lead={lead} session={session} />
      <LeadMoves lead={lead} session={session} />
      <LeadSequence lead={lead} />
      {full ? <Answers lead={full} /> : <AnswersSkeleton />}
      {full && <Score lead={full} />}
      {full && <TraceStrip trace={full.trace} attempted={lead.first_attempt_at} />}
      <Timeline lead={lead} />
      {session.role === 'owner' && (
        <Link to="/settings/audit" search={{ lead: id }} className="inline-flex min-h-12 items-center gap-2 text-15 font-medium text-ink-3">
          <Eye size={17} aria-hidden />
          {m.audit_seen_by()}
        </Link>
      )}
      {editing && <EditSheet lead={lead} onClose={() => setEditing(false)} />}
    </Frame>
  )
}

interface FrameProps {
  title: string
  action?: React.ReactNode
  bar?: React.ReactNode
  children: React.ReactNode
}

function Frame({ title, action, bar, children }: FrameProps) {
  const desk = useDesk()
  const router = useRouter()
  const back = () => {
    if (router.history.canGoBack()) router.history.back()
    else void router.navigate({ to: '/', search: true, replace: true })
  }
  return (
    <section aria-label={title} className="flex h-full min-h-0 flex-col bg-paper">
      <div className="scrollable min-h-0 flex-1 [overflow-anchor:none]">
        <div className="sticky top-0 z-10 flex items-center justify-between bg-paper/95 px-2 pt-2 backdrop-blur-sm lg:pt-3">
          {desk ? (
            <span />
          ) : (
            <IconButton label={m.back_to_inbox()} onClick={back}>
              <ArrowLeft size={22} aria-hidden />
            </IconButton>
          )}
          {action}
        </div>
        <div className="mx-auto max-w-2xl space-y-7 px-safe pb-10">{children}</div>
      </div>
      {bar}
    </section>
  )
}

function LeadSkeleton() {
  return (
    <Frame title={m.loading()}>
      <div role="status" aria-label={m.loading()} className="shimmer space-y-8">
        <div className="flex items-center gap-4">
          <div className="flex-1 space-y-3">
            <Bar className="h-7 w-48" />
            <Bar className="h-4 w-36" />
          </div>
          <Bar className="size-18" />
        </div>
        <AnswersSkeleton />
      </div>
    </Frame>
  )
}

function AnswersSkeleton() {
  return (
    <div className="shimmer space-y-5" aria-hidden>
      {['w-2/3', 'w-1/2', 'w-3/5'].map((width) => (
        <div key={width} className="space-y-2">
          <Bar className="h-3 w-24" />
          <Bar className={`h-4 ${width}`} />
        </div>
      ))}
    </div>
  )
}
