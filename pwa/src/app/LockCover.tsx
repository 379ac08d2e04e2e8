import { useEffect, useRef } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { LockedCard } from '@/shared/factor/LockedCard'
import { locked } from '@/shared/factor/lock'
import { unlock } from '@/shared/factor/unlock'
import { leave } from '@/shared/session/enter'
import { forgetSession } from '@/shared/session/forget'
import type { AppRouter } from './router'

/** Covers everything while the session is locked. What was begun stays where it is underneath, out of sight and reach. */
export function LockCover({ router }: { router: AppRouter }) {
  const client = useQueryClient()
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    if (dialog && !dialog.open) dialog.showModal()
    // Not the way out, which is all there is to focus until the ways in are known.
    dialog?.focus()
    // What opens by itself underneath, such as the question how a call went, must not come to lie on top.
    const stacking = new MutationObserver((changes) => {
      if (!dialog || !changes.some(({ target }) => target !== dialog && target instanceof HTMLDialogElement && target.open)) return
      dialog.close()
      dialog.showModal()
    })
    stacking.observe(document.body, { subtree: true, attributeFilter: ['open'] })
    return () => {
      stacking.disconnect()
      if (dialog?.open) dialog.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  const other = async () => {
    await leave().catch(() => {})
    await router.navigate({ to: '/login', replace: true })
    await forgetSession(client)
    locked.set(false)
  }
  return (
    <dialog
      ref={ref}
      aria-labelledby="locked-title"
      tabIndex={-1}
      className="scrollable fixed inset-0 m-0 h-dvh max-h-none w-full max-w-none bg-paper px-safe pt-safe text-ink outline-none backdrop:bg-paper"
      onCancel={(event) => event.preventDefault()}
    >
      <div className="mx-auto flex min-h-full w-full max-w-sm flex-col justify-center py-10">
        <LockedCard onUnlocked={(session) => unlock(client, session)} onOther={() => void other()} />
      </div>
    </dialog>
  )
}
