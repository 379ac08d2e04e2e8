import { Copy, Download } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { Button } from '@/shared/ui/Button'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'

/** Shown this once: the server keeps no readable copy. */
export function RecoverySheet({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const text = codes.join('\n')
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    toast(m.security_copied())
  }
  const download = () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([`${m.security_recovery_file()}\n\n${text}\n`], { type: 'text/plain' }))
    link.download = 'nextmove-recovery-codes.txt'
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  }
  return (
    <Sheet
      title={m.security_recovery_title()}
      hint={m.security_recovery_once()}
      onClose={onClose}
      footer={
        <Button kind="primary" className="w-full" onClick={onClose}>
          {m.security_recovery_kept()}
        </Button>
      }
    >
      <ol className="grid grid-cols-2 gap-x-6 gap-y-1 rounded-card bg-sunken px-5 py-4 font-mono text-17 tabular-nums" aria-label={m.security_recovery()}>
        {codes.map((code) => (
          <li key={code} className="py-1">
            {code}
          </li>
        ))}
      </ol>
      <div className="mt-4 grid grid-cols-2 gap-2">
        <Button kind="quiet" icon={<Copy size={18} aria-hidden />} onClick={() => void copy()}>
          {m.security_copy()}
        </Button>
        <Button kind="quiet" icon={<Download size={18} aria-hidden />} onClick={download}>
          {m.security_download()}
        </Button>
      </div>
    </Sheet>
  )
}
