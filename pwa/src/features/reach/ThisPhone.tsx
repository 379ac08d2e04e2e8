import { createElement, type ReactNode } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { BellOff, BellRing, CircleCheck, CircleSlash, Smartphone, type LucideIcon } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import { ApiError } from '@/shared/api/problem'
import { setPrefs, usePrefs } from '@/shared/device/prefs'
import { usePermission } from '@/shared/push/permission'
import { devicesOptions } from '@/shared/push/queries'
import { drop, enable } from '@/shared/push/subscribe'
import { Button } from '@/shared/ui/Button'
import { cx } from '@/shared/ui/classes'
import { toast } from '@/shared/ui/toasts'
import { HomeScreenGuide } from './HomeScreenGuide'
import { allowWords } from './words'

/** Whether this browser may show notifications, and what to do about it. */
export function ThisPhone() {
  const client = useQueryClient()
  const permission = usePermission()
  const { push } = usePrefs()
  const isKnown = useQuery(devicesOptions).data?.items.some((device) => device.is_this) ?? null
  const changed = () => client.invalidateQueries({ queryKey: devicesOptions.queryKey })
  const on = useMutation({
    mutationFn: enable,
    onSuccess: (device) => device && toast(m.reach_on_now()),
    onError: (error) => toast(error instanceof ApiError ? inWords(error) : m.reach_no_service(), { tone: 'error' }),
    onSettled: changed,
  })
  const off = useMutation({
    mutationFn: async () => {
      setPrefs({ push: false })
      await drop()
    },
    onSettled: changed,
  })
  const turnOn = (
    <Button kind="primary" icon={<BellRing size={18} aria-hidden />} disabled={on.isPending} onClick={() => on.mutate()}>
      {on.isPending ? m.reach_turning_on() : m.reach_turn_on()}
    </Button>
  )
  switch (permission) {
    case 'install':
      return (
        <Card icon={Smartphone} title={m.reach_install()} hint={m.reach_install_hint()}>
          <HomeScreenGuide />
        </Card>
      )
    case 'unsupported':
      return <Card icon={CircleSlash} title={m.reach_unsupported()} hint={m.reach_unsupported_hint()} />
    case 'denied':
      return <Card icon={BellOff} tone="late" title={m.reach_denied()} hint={allowWords()} />
    case 'default':
      return (
        <Card icon={BellRing} title={m.reach_ask()} hint={m.reach_ask_hint()}>
          {turnOn}
        </Card>
      )
    case 'granted':
      if (!push || isKnown === false) {
        return (
          <Card icon={BellOff} title={m.reach_off()} hint={m.reach_off_hint()}>
            {turnOn}
          </Card>
        )
      }
      return (
        <Card icon={CircleCheck} tone="fresh" title={m.reach_on()} hint={m.reach_on_hint()}>
          <Button disabled={off.isPending} onClick={() => off.mutate()}>
            {m.reach_turn_off()}
          </Button>
        </Card>
      )
  }
}

const tones = { plain: 'bg-accent-soft text-accent-text', late: 'bg-late-soft text-late-text', fresh: 'bg-fresh-soft text-fresh-text' }

interface CardProps {
  icon: LucideIcon
  tone?: keyof typeof tones
  title: string
  hint: string
  children?: ReactNode
}

function Card({ icon, tone = 'plain', title, hint, children }: CardProps) {
  return (
    <div className="rounded-card border border-hairline bg-surface p-5">
      <div role="status" className="flex gap-4">
        <span className={cx('grid size-11 shrink-0 place-items-center rounded-full', tones[tone])} aria-hidden>
          {createElement(icon, { size: 21 })}
        </span>
        <div className="min-w-0">
          <p className="text-17 font-semibold">{title}</p>
          <p className="mt-0.5 text-15 text-pretty text-ink-2">{hint}</p>
        </div>
      </div>
      {children && <div className="mt-4">{children}</div>}
    </div>
  )
}
