import { Plus, Share, Smartphone } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { install, useInstall } from '@/shared/device/install'
import { Button } from '@/shared/ui/Button'

/** How to get the app on the home screen; on iOS nothing else brings push, and there is no button for it. */
export function InstallHint() {
  const state = useInstall()
  if (state === 'installed' || state === 'unknown') return null
  return (
    <section aria-label={m.install_title()} className="rounded-card bg-sunken p-5">
      <h2 className="flex items-center gap-2 text-17 font-semibold">
        <Smartphone size={19} className="text-accent-text" aria-hidden />
        {m.install_title()}
      </h2>
      <p className="mt-1 text-15 text-ink-2">{m.install_hint()}</p>
      {state === 'offered' ? (
        <Button kind="primary" className="mt-4" onClick={() => void install()}>
          {m.install_action()}
        </Button>
      ) : (
        <ol className="mt-4 space-y-3 text-15">
          <li className="flex items-center gap-3">
            <Share size={19} className="shrink-0 text-accent-text" aria-hidden /> {m.install_ios_share()}
          </li>
          <li className="flex items-center gap-3">
            <Plus size={19} className="shrink-0 text-accent-text" aria-hidden /> {m.install_ios_add()}
          </li>
          <li className="flex items-center gap-3">
            <Smartphone size={19} className="shrink-0 text-accent-text" aria-hidden /> {m.install_ios_open()}
          </li>
        </ol>
      )}
    </section>
  )
}
