import { useState } from 'react'
import { m } from '@/paraglide/messages'
import type { Lead } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Sheet } from '@/shared/ui/Sheet'
import { FIELDS, fieldLabel, fieldsOf, type LeadFields } from './editing'

interface Props {
  base: Lead
  mine: LeadFields
  theirs: Lead
  onMine: () => Promise<void>
  onTheirs: () => void
  onClose: () => void
}

/** Somebody was faster: both versions side by side, and the person decides. Nothing is dropped in silence. */
export function Conflict({ base, mine, theirs, onMine, onTheirs, onClose }: Props) {
  const [busy, setBusy] = useState(false)
  const before = fieldsOf(base)
  const now = fieldsOf(theirs)
  const shown = FIELDS.filter((field) => mine[field].trim() !== before[field] || now[field] !== before[field])
  return (
    <Sheet title={m.conflict_title()} hint={m.conflict_hint()} onClose={onClose} wide>
      <table className="w-full table-fixed border-collapse text-left text-15">
        <thead>
          <tr className="text-13 text-ink-3">
            <th scope="col" className="py-2 pr-2 font-medium">{m.conflict_field()}</th>
            <th scope="col" className="py-2 pr-2 font-medium">{m.conflict_mine()}</th>
            <th scope="col" className="py-2 font-medium">{m.conflict_theirs()}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((field) => (
            <tr key={field} className="border-t border-hairline align-top">
              <th scope="row" className="py-3 pr-2 font-medium text-ink-2">{fieldLabel(field)}</th>
              <td className="py-3 pr-2 break-words">{mine[field] || '–'}</td>
              <td className="py-3 break-words">{now[field] || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="mt-5 flex flex-col gap-3">
        <Button
          kind="primary"
          disabled={busy}
          onClick={() => {
            setBusy(true)
            void onMine().finally(() => setBusy(false))
          }}
        >
          {m.conflict_keep_mine()}
        </Button>
        <Button onClick={onTheirs}>{m.conflict_keep_theirs()}</Button>
      </div>
    </Sheet>
  )
}
