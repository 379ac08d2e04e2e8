import { useState } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { ApiError, inWords } from '@/shared/api/problem'
import type { Lead } from '@/shared/api/types'
import { applyChange } from '@/shared/leads/apply'
import { isConflict, patchLead } from '@/shared/leads/moves'
import { leadKeys } from '@/shared/leads/queries'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { Conflict } from './Conflict'
import { differences, FIELDS, fieldLabel, fieldsOf, type LeadField } from './editing'

const schema = v.object({
  full_name: v.pipe(v.string(), v.trim(), v.maxLength(200)),
  phone: v.pipe(v.string(), v.trim(), v.maxLength(40)),
  email: v.pipe(v.string(), v.trim(), v.check((value) => value === '' || /^[^\s@]+@[^\s@]+$/.test(value), () => m.error_email_invalid())),
  postal_code: v.pipe(v.string(), v.trim(), v.maxLength(20)),
  service: v.pipe(v.string(), v.trim(), v.maxLength(200)),
})

const TYPES: Partial<Record<LeadField, { type: string; autoComplete: string }>> = {
  phone: { type: 'tel', autoComplete: 'off' },
  email: { type: 'email', autoComplete: 'off' },
}

export function EditSheet({ lead, onClose }: { lead: Lead; onClose: () => void }) {
  const client = useQueryClient()
  // What the person started from: changes of others while the sheet is open must not be overwritten unseen.
  const [base, setBase] = useState(lead)
  const [theirs, setTheirs] = useState<Lead | null>(null)
  const form = useForm({ resolver: valibotResolver(schema), defaultValues: fieldsOf(lead) })
  const { errors, isSubmitting } = form.formState

  const save = async (on: Lead) => {
    const changed = differences(fieldsOf(base), form.getValues())
    if (Object.keys(changed).length === 0) return onClose()
    try {
      const saved = await patchLead(lead.id, on.version, changed)
      applyChange(client, { id: lead.id, lead: saved })
      void client.invalidateQueries({ queryKey: leadKeys.timeline(lead.id) })
      toast(m.toast_saved())
      onClose()
    } catch (error) {
      if (isConflict(error)) setTheirs(await latest(lead.id, on))
      else if (error instanceof ApiError && isField(error.field)) form.setError(error.field, { message: inWords(error) })
      else toast(inWords(error), { tone: 'error' })
    }
  }

  if (theirs) {
    return (
      <Conflict
        base={base}
        mine={form.getValues()}
        theirs={theirs}
        onMine={() => {
          setTheirs(null)
          return save(theirs)
        }}
        onTheirs={() => {
          applyChange(client, { id: theirs.id, lead: theirs })
          setBase(theirs)
          onClose()
        }}
        onClose={() => setTheirs(null)}
      />
    )
  }
  return (
    <Sheet title={m.edit_title()} onClose={onClose}>
      <form noValidate onSubmit={form.handleSubmit(() => save(base))} className="space-y-4 pt-1">
        {FIELDS.map((field) => (
          <Field key={field} label={fieldLabel(field)} error={errors[field]?.message} {...TYPES[field]} {...form.register(field)} />
        ))}
        <div className="flex gap-3 pt-2">
          <Button className="flex-1" onClick={onClose}>
            {m.cancel()}
          </Button>
          <Button kind="primary" type="submit" className="flex-1" disabled={isSubmitting}>
            {m.save()}
          </Button>
        </div>
      </form>
    </Sheet>
  )
}

async function latest(id: string, fallback: Lead): Promise<Lead> {
  try {
    return await ask(api.GET('/api/leads/{id}', { params: { path: { id } } }))
  } catch {
    return fallback
  }
}

function isField(field: string | null): field is LeadField {
  return FIELDS.some((one) => one === field)
}
