import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Inbox, Keyboard, ListChecks, Moon, Search, Sun, UserRound, Wrench } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { Session } from '@/shared/api/types'
import { setPrefs } from '@/shared/device/prefs'
import { nameOf, summaryOf } from '@/shared/leads/labels'
import { leadListOptions } from '@/shared/leads/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { cx } from '@/shared/ui/classes'
import type { AppRouter } from './router'

interface Option {
  id: string
  label: string
  hint?: string
  icon: ReactNode
  run: () => void
}

interface Props {
  session: Session
  router: AppRouter
  onClose: () => void
  onHelp: () => void
}

/** Anything by its name: a place, a setting, or a person. */
export function Palette({ session, router, onClose, onHelp }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useId()
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const q = useSettled(text.trim(), 180)
  const { id, role } = { id: session.user.id, role: session.role }
  const filters = useMemo(() => ({ view: 'all' as const, q }), [q])
  const found = useInfiniteQuery({
    ...leadListOptions(filters, { id, role }),
    enabled: q.length > 1 && session.organization !== null,
    placeholderData: keepPreviousData,
  })

  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    if (element && !element.open) element.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])

  const commands = commandsOf(session, router, onHelp).filter((option) => option.label.toLowerCase().includes(text.trim().toLowerCase()))
  const people: Option[] =
    text.trim().length > 1
      ? (found.data?.pages[0]?.items.slice(0, 8) ?? []).map((lead) => ({
          id: lead.id,
          label: nameOf(lead),
          hint: summaryOf(lead, undefined),
          icon: <Avatar name={nameOf(lead)} size="s" />,
          run: () => void router.navigate({ to: '/leads/$leadId', params: { leadId: lead.id } }),
        }))
      : []
  const options = [...people, ...commands]
  const current = Math.min(active, options.length - 1)

  const run = (option: Option | undefined) => {
    if (!option) return
    onClose()
    option.run()
  }
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setActive((current + 1) % Math.max(1, options.length))
    else if (event.key === 'ArrowUp') setActive((current - 1 + options.length) % Math.max(1, options.length))
    else if (event.key === 'Enter') run(options[current])
    else return
    event.preventDefault()
  }

  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- Escape closes it too
    <dialog
      ref={dialog}
      aria-label={m.palette()}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
      className="sheet mx-auto mt-[12dvh] mb-auto w-[calc(100%-2rem)] max-w-xl overflow-hidden rounded-card bg-surface p-0 shadow-lift"
    >
      <div className="flex items-center gap-3 border-b border-hairline px-4">
        <Search size={20} className="text-ink-3" aria-hidden />
        <input
          role="combobox"
          aria-expanded
          aria-controls={list}
          aria-activedescendant={options[current] ? `${list}-${current}` : undefined}
          aria-label={m.palette()}
          placeholder={m.palette_placeholder()}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setActive(0)
          }}
          onKeyDown={pressed}
          className="h-14 flex-1 bg-transparent text-17 outline-none"
        />
      </div>
      <div id={list} role="listbox" aria-label={m.palette_results()} className="scrollable max-h-[50dvh] p-2">
        {options.map((option, index) => (
          // The combobox above moves through the options; they themselves take no focus.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={option.id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={() => run(option)}
            onPointerMove={() => setActive(index)}
            className={cx('flex min-h-12 cursor-pointer items-center gap-3 rounded-control px-3 text-15', index === current && 'bg-sunken')}
          >
            <span className="grid w-7 shrink-0 place-items-center text-ink-3">{option.icon}</span>
            <span className="shrink-0 font-medium">{option.label}</span>
            {option.hint && <span className="truncate text-ink-3">{option.hint}</span>}
          </div>
        ))}
        {options.length === 0 && <p className="px-3 py-4 text-15 text-ink-3">{m.search_none({ q: text })}</p>}
      </div>
    </dialog>
  )
}

function commandsOf(session: Session, router: AppRouter, onHelp: () => void): Option[] {
  const desk: Option[] = [
    { id: 'todo', label: `${m.nav_inbox()}: ${m.view_todo()}`, icon: <ListChecks size={18} />, run: () => void router.navigate({ to: '/', search: {} }) },
    { id: 'mine', label: `${m.nav_inbox()}: ${m.view_mine()}`, icon: <Inbox size={18} />, run: () => void router.navigate({ to: '/', search: { view: 'mine' } }) },
    { id: 'all', label: `${m.nav_inbox()}: ${m.view_all()}`, icon: <Inbox size={18} />, run: () => void router.navigate({ to: '/', search: { view: 'all' } }) },
    { id: 'search', label: m.nav_search(), icon: <Search size={18} />, run: () => void router.navigate({ to: '/search' }) },
  ]
  const operator: Option[] = [{ id: 'operator', label: m.nav_operator(), icon: <Wrench size={18} />, run: () => void router.navigate({ to: '/operator' }) }]
  return [
    ...(session.organization ? desk : []),
    ...(session.role === 'operator_admin' ? operator : []),
    { id: 'profile', label: m.nav_profile(), icon: <UserRound size={18} />, run: () => void router.navigate({ to: '/profile' }) },
    { id: 'light', label: `${m.theme()}: ${m.theme_light()}`, icon: <Sun size={18} />, run: () => setPrefs({ theme: 'light' }) },
    { id: 'dark', label: `${m.theme()}: ${m.theme_dark()}`, icon: <Moon size={18} />, run: () => setPrefs({ theme: 'dark' }) },
    { id: 'help', label: m.help(), icon: <Keyboard size={18} />, run: onHelp },
  ]
}

function useSettled(value: string, after: number): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), after)
    return () => clearTimeout(timer)
  }, [value, after])
  return settled
}
