import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords as problemInWords, isStatus } from '@/shared/api/problem'
import type { SlaPolicy } from '@/shared/api/types'
import { Hours } from '@/shared/hours/Hours'
import { OFFICE } from '@/shared/hours/hours'
import { sessionOptions } from '@/shared/session/queries'
import { Chip } from '@/shared/ui/Filters'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { slaOptions } from './queries'

const MINUTES = [5, 10, 15, 30, 60]
/** For owners: how soon new leads are called, and when somebody is there. Each change is saved as it is made. */
export function HoursScreen() {
  const client = useQueryClient()
  const { data: policy, error, refetch } = useQuery(slaOptions)
  const save = useMutation({
    mutationFn: ({ minutes, schedule, version }: Pick<SlaPolicy, 'minutes' | 'schedule' | 'version'>) =>
      ask(api.PUT('/api/sla', { params: { header: { 'If-Match': `"${version}"` } }, body: { minutes, schedule } })),
    onSuccess: (saved) => {
      client.setQueryData(slaOptions.queryKey, saved)
      void client.invalidateQueries({ queryKey: sessionOptions.queryKey })
      toast(m.hours_saved())
    },
    onError: (failed) => {
      if (isStatus(failed, 412)) void refetch()
      toast(refusal(failed), { tone: 'error' })
    },
  })
  if (error) return <Page title={m.hours_title()}><Failed error={error} again={() => void refetch()} /></Page>
  return (
    <Page title={m.hours_title()} hint={m.hours_row_hint()}>
      {policy ? <Policy policy={policy} pending={save.isPending} onChange={(change) => save.mutate({ ...policy, ...change })} /> : <Waiting lines={6} />}
    </Page>
  )
}

function refusal(failed: unknown): string {
  const reason = isStatus(failed, 422) ? failed.reason : null
  if (reason === 'never_open') return m.hours_never()
  return reason === 'hours_invalid' ? m.hours_overlap() : problemInWords(failed)
}

interface PolicyProps {
  policy: SlaPolicy
  pending: boolean
  onChange: (change: Partial<Pick<SlaPolicy, 'minutes' | 'schedule'>>) => void
}

function Policy({ policy, pending, onChange }: PolicyProps) {
  const { minutes, schedule } = policy
  return (
    <>
      <Group title={m.hours_within()} hint={m.hours_within_hint()}>
        <div role="group" aria-label={m.hours_within()} className="flex flex-wrap gap-2">
          {[...new Set([...MINUTES, minutes])].sort((a, b) => a - b).map((one) => (
            <Chip key={one} on={one === minutes} onClick={() => one !== minutes && onChange({ minutes: one })} label={m.unit_minutes({ n: one })} />
          ))}
        </div>
      </Group>
      <Group title={m.hours_when()} hint={m.hours_when_hint()}>
        <div role="group" aria-label={m.hours_when()} className="flex flex-wrap gap-2">
          <Chip on={schedule === null} onClick={() => schedule && onChange({ schedule: null })} label={m.hours_always()} />
          <Chip on={schedule !== null} onClick={() => schedule ?? onChange({ schedule: OFFICE })} label={m.hours_by_schedule()} />
        </div>
      </Group>
      {schedule && <Hours schedule={schedule} holidays={policy.next_holidays} pending={pending} onChange={(change) => onChange({ schedule: { ...schedule, ...change } })} />}
    </>
  )
}
