import { useEffect, useId, useRef, type MouseEvent, type ReactNode } from 'react'
import { X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { IconButton } from './Button'
import { cx } from './classes'

interface Props {
  title: string
  hint?: ReactNode
  onClose: () => void
  children: ReactNode
  /** Stays in sight below what scrolls. */
  footer?: ReactNode
  wide?: boolean
}

/** A sheet from below on a phone, a card in the middle on a desktop. Native <dialog>: it traps and returns the focus. */
export function Sheet({ title, hint, onClose, children, footer, wide = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useId()

  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    if (dialog && !dialog.open) dialog.showModal()
    return () => {
      if (dialog?.open) dialog.close()
      // React removes the dialog in the same moment, before the browser could return the focus itself.
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])

  const outside = (event: MouseEvent<HTMLDialogElement>) => {
    if (event.target === ref.current) onClose()
  }

  return (
    // Escape closes it too: the click is a shortcut for those who point.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={ref}
      aria-labelledby={heading}
      className={cx(
        'sheet fixed inset-x-0 top-auto bottom-0 m-0 max-h-[92dvh] w-full max-w-none overflow-visible bg-transparent p-0',
        'lg:inset-0 lg:m-auto lg:h-fit',
        wide ? 'lg:max-w-2xl' : 'lg:max-w-md',
      )}
      onClick={outside}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <div className="flex max-h-[92dvh] flex-col rounded-t-sheet bg-surface shadow-lift lg:rounded-sheet">
        <div className="flex items-start gap-2 pt-4 pr-3 pb-2 pl-6">
          <div className="min-w-0 flex-1 pt-2">
            <h2 id={heading} className="text-20 font-semibold tracking-tight">
              {title}
            </h2>
            {hint && <p className="mt-1 text-15 text-ink-3">{hint}</p>}
          </div>
          <IconButton label={m.close()} onClick={onClose}>
            <X size={20} aria-hidden />
          </IconButton>
        </div>
        <div className={cx('scrollable min-h-0 px-6 pt-2', footer ? 'pb-4' : 'pb-[max(1.75rem,env(safe-area-inset-bottom))]')}>{children}</div>
        {footer && <div className="border-t border-hairline px-6 pt-3 pb-[max(1rem,env(safe-area-inset-bottom))]">{footer}</div>}
      </div>
    </dialog>
  )
}
