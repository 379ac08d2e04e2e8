import { useEffect, useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleCheck, Monitor, Send, Smartphone, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import type { PushDevice } from '@/shared/api/types'
import { setPrefs } from '@/shared/device/prefs'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { devicesOptions } from '@/shared/push/queries'
import { drop } from '@/shared/push/subscribe'
import { Button, IconButton } from '@/shared/ui/Button'
import { Failed, Line, List, Waiting } from '@/shared/ui/List'
import { toast } from '@/shared/ui/toasts'

/** So often it is looked whether a test has arrived, and so long. */
const LOOK_EVERY = 1000
const LOOK_FOR = 45_000

/** The browsers that are told, and the proof that they are. */
export function Devices() {
  const client = useQueryClient()
  const [test, setTest] = useState<{ at: number; before: PushDevice[] } | null>(null)
  const { data, error, refetch } = useQuery({ ...devicesOptions, refetchInterval: test ? LOOK_EVERY : false })
  const remove = useMutation({
    mutationFn: async (device: PushDevice) => {
      await ask(api.DELETE('/api/me/devices/{id}', { params: { path: { id: device.id } }, headers: once() }))
      if (!device.is_this) return
      setPrefs({ push: false })
      await drop()
    },
    onSuccess: (_, { is_this }) => toast(is_this ? m.reach_removed_here() : m.reach_removed()),
    onError: (failed) => toast(inWords(failed), { tone: 'error' }),
    onSettled: () => client.invalidateQueries({ queryKey: devicesOptions.queryKey }),
  })
  const send = useMutation({
    mutationFn: () => ask(api.POST('/api/me/devices/test', { headers: once() })),
    onMutate: () => setTest({ at: Date.now(), before: data?.items ?? [] }),
    onError: (failed) => {
      setTest(null)
      toast(inWords(failed), { tone: 'error' })
    },
  })
  const reached = test ? (data?.items ?? []).filter((device) => isNews(device, test.before)) : []
  const isAll = reached.length > 0 && reached.length === data?.items.length
  useEffect(() => {
    if (!test || isAll) return
    const late = setTimeout(() => setTest((now) => (now === test ? { ...test, at: 0 } : now)), LOOK_FOR)
    return () => clearTimeout(late)
  }, [test, isAll])
  if (error) return <Failed error={error} again={() => void refetch()} />
  if (!data) return <Waiting />
  const isLooking = test !== null && test.at > 0 && !isAll
  return (
    <div className="space-y-4">
      <List>
        {data.items.length === 0 && <Line title={<span className="text-15 font-normal text-ink-3">{m.reach_devices_none()}</span>} />}
        {data.items.map((device) => (
          <Line
            key={device.id}
            icon={/Android|iPhone|iPad|iOS/.test(device.label) ? <Smartphone size={20} aria-hidden /> : <Monitor size={20} aria-hidden />}
            title={device.label}
            hint={<Facts device={device} />}
            action={
              <IconButton label={m.reach_remove({ device: device.label })} disabled={remove.isPending} onClick={() => remove.mutate(device)}>
                <X size={18} aria-hidden />
              </IconButton>
            }
          />
        ))}
      </List>
      {data.items.length > 0 && (
        <Button kind="soft" icon={<Send size={18} aria-hidden />} disabled={send.isPending || isLooking} onClick={() => send.mutate()}>
          {m.reach_test()}
        </Button>
      )}
      <div role="status">
        {test && reached.length === 0 && <p className="text-15 text-pretty text-ink-2">{isLooking ? m.reach_test_sent() : m.reach_test_late()}</p>}
        {reached.map((device) => (
          <p key={device.id} className="flex items-center gap-2 text-15 font-medium text-fresh-text">
            <CircleCheck size={18} className="shrink-0" aria-hidden />
            {m.reach_test_arrived({ device: device.label })}
          </p>
        ))}
      </div>
    </div>
  )
}

/** By the server's own times: this phone's clock may be wrong. */
function isNews(device: PushDevice, before: PushDevice[]): boolean {
  const was = before.find((one) => one.id === device.id)
  return device.acknowledged_at !== null && device.acknowledged_at !== (was?.acknowledged_at ?? null)
}

function Facts({ device }: { device: PushDevice }) {
  const now = new Date(useNow())
  const place = usePlace()
  const said = device.acknowledged_at
    ? m.reach_last({ when: when(new Date(device.acknowledged_at), now, place) })
    : device.sent_at
      ? m.reach_unheard({ when: when(new Date(device.sent_at), now, place) })
      : m.reach_never()
  return (
    <>
      {device.is_this && <span className="font-medium text-fresh-text">{m.reach_here()} · </span>}
      {said}
    </>
  )
}
