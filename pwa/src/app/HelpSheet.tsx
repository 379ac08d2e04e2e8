import { m } from '@/paraglide/messages'
import { Sheet } from '@/shared/ui/Sheet'

export function HelpSheet({ onClose }: { onClose: () => void }) {
  const keys: [string[], string][] = [
    [['J'], m.key_next()],
    [['K'], m.key_previous()],
    [['C'], m.key_call()],
    [['/'], m.key_search()],
    [['⌘ K', 'Ctrl K'], m.key_palette()],
    [['?'], m.key_help()],
    [['Esc'], m.key_close()],
  ]
  return (
    <Sheet title={m.help()} onClose={onClose}>
      <dl className="divide-y divide-hairline">
        {keys.map(([names, does]) => (
          <div key={does} className="flex min-h-12 items-center justify-between gap-4">
            <dt className="order-2 flex gap-1.5">
              {names.map((name) => (
                <kbd key={name} className="rounded-[6px] border border-edge px-2 py-0.5 font-sans text-13 font-semibold text-ink-2">
                  {name}
                </kbd>
              ))}
            </dt>
            <dd className="text-15">{does}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  )
}
