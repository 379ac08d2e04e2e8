import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ShieldCheck, UserRound } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api } from '@/shared/api/client'
import { ApiError, inWords, isStatus } from '@/shared/api/problem'
import type { EscalationLadder, EscalationStep } from '@/shared/api/types'
import { askVersioned, type Versioned } from '@/shared/api/versioned'
import { useSession } from '@/shared/session/queries'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { Logo } from '@/shared/ui/Logo'
import { toast } from '@/shared/ui/toasts'
import { Toggle } from '@/shared/ui/Toggle'
import { ladderOptions } from './queries'
import { StepSheet, type Refused } from './StepSheet'
import { Steps } from './Steps'
import { MOST_STEPS, nextStep, withStep } from './words'

/** Who is told, and how, while nobody calls a lead. Owners change it; managers see what holds. */
export function LadderScreen() {
  const { data, error, refetch } = useQuery(ladderOptions)
  return (
    <Page title={m.ladder_title()} hint={m.ladder_hint()}>
      {data ? <Ladder read={data} refetch={() => void refetch()} /> : error ? <Failed error={error} again={() => void refetch()} /> : <Waiting lines={4} />}
    </Page>
  )
}

function Ladder({ read, refetch }: { read: Versioned<EscalationLadder>; refetch: () => void }) {
  const client = useQueryClient()
  const { role } = useSession()
  const isOwner = role === 'owner'
  const [open, setOpen] = useState<number | 'new' | null>(null)
  const { value } = read
  const save = useMutation({
    mutationFn: (body: EscalationLadder) => {
      const tag = client.getQueryData(ladderOptions.queryKey)?.tag ?? read.tag
      return askVersioned(api.PUT('/api/escalation', { params: { header: { 'If-Match': tag } }, body }))
    },
    onSuccess: (saved) => client.setQueryData(ladderOptions.queryKey, saved),
    onError: (failed) => {
      if (!isStatus(failed, 412)) return
      // What was being changed is no longer what stands there.
      setOpen(null)
      refetch()
    },
  })
  const tell = (failed: unknown) => toast(isStatus(failed, 412) ? m.ladder_moved() : inWords(failed), { tone: 'error' })

  const put = async (index: number | null, step: EscalationStep): Promise<Refused | null> => {
    const { steps, at } = withStep(value.steps, index, step)
    try {
      await save.mutateAsync({ ...value, steps })
      setOpen(null)
      toast(m.toast_saved())
      return null
    } catch (failed) {
      const refused = refusal(failed, at)
      if (!refused) tell(failed)
      return refused
    }
  }
  const remove = (index: number) => {
    const undo = () => {
      const before = value.steps[index]
      const now = client.getQueryData(ladderOptions.queryKey)?.value
      if (before && now) save.mutate({ ...now, steps: withStep(now.steps, null, before).steps }, { onError: tell })
    }
    setOpen(null)
    save.mutate({ ...value, steps: value.steps.filter((_, at) => at !== index) }, { onSuccess: () => toast(m.ladder_removed(), { undo }), onError: tell })
  }
  const opened = open === 'new' ? nextStep(value.steps) : open === null ? null : value.steps[open]
  return (
    <>
      <Group title={m.ladder_steps()} hint={isOwner ? undefined : m.ladder_read_only()}>
        <Steps steps={value.steps} busy={save.isPending} onOpen={isOwner ? setOpen : null} onAdd={isOwner && value.steps.length < MOST_STEPS ? () => setOpen('new') : null} />
      </Group>
      <Group title={m.ladder_lock_screen()}>
        <LockScreen names={value.names_on_lock_screen} />
        <div className="mt-3">
          <Toggle
            label={m.ladder_names()}
            hint={value.names_on_lock_screen ? m.ladder_names_on() : m.ladder_names_off()}
            on={value.names_on_lock_screen}
            disabled={!isOwner || save.isPending}
            onChange={(on) => save.mutate({ ...value, names_on_lock_screen: on }, { onError: tell })}
          />
        </div>
      </Group>
      {opened && (
        <StepSheet
          key={String(open)}
          title={open === 'new' ? m.ladder_add() : m.ladder_edit()}
          step={opened}
          pending={save.isPending}
          onSave={(step) => put(open === 'new' ? null : open, step)}
          onRemove={typeof open === 'number' ? () => remove(open) : null}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  )
}

/** Where in the step the server found something wrong; null where it was not there. */
function refusal(failed: unknown, at: number): Refused | null {
  if (!(failed instanceof ApiError) || failed.status !== 422) return null
  const [, index, field] = /^steps\.(\d+)\.(\w+)$/.exec(failed.field ?? '') ?? []
  if (field === 'channels') return { field, words: m.ladder_channels_none() }
  if (field !== 'after_minutes') return null
  // Of two at one time it names the second, which may be the one that was there before.
  if (failed.reason === 'not_later') return { field, words: m.ladder_same_time() }
  return Number(index) === at ? { field, words: m.ladder_out_of_range() } : null
}

/** How a push looks to whoever passes the phone. */
function LockScreen({ names }: { names: boolean }) {
  return (
    <div className="rounded-card bg-sunken p-4" aria-hidden>
      <div className="mx-auto flex max-w-sm items-center gap-3 rounded-card bg-raised p-3.5 shadow-lift">
        <Logo className="size-10 shrink-0" />
        <div className="min-w-0 flex-1">
          <p className="text-15 font-semibold">{m.notice_new_lead_plain()}</p>
          <p className="truncate text-15 text-ink-2">{names ? m.ladder_sample_named() : m.ladder_sample()}</p>
        </div>
        {names ? <UserRound size={18} className="text-ink-3" /> : <ShieldCheck size={18} className="text-fresh-text" />}
      </div>
    </div>
  )
}
