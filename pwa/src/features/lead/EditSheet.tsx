import { useState } from 'react'
import { valibotResolver } from '@hookform/resolvers/valibot'
import { useForm } from 'react-hook-form'
import * as v from 'valibot'
import { m } from '@/paraglide/messages'
import { inWords } from '@/shared/api/problem'
import type { Lead } from '@/shared/api/types'
import { edit } from '@/shared/leads/commands'
import { differences, FIELDS, fieldLabel, fieldsOf, isField, type LeadField } from '@/shared/leads/fields'
import { submit } from '@/shared/offline/engine'
import { offlineSheet } from '@/shared/offline/waiting'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'

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
  // What the person started from: changes of others while the sheet is open must not be overwritten unseen.
  const [base] = useState(lead)
  const form = useForm({ resolver: valibotResolver(schema), defaultValues: fieldsOf(lead) })
  const { errors, isSubmitting } = form.formState

  const save = async () => {
    const changed = differences(fieldsOf(base), form.getValues())
    if (Object.keys(changed).length === 0) return onClose()
    const verdict = await submit(edit(base, changed)).done
    if (verdict.state === 'rejected') {
      const { error } = verdict
      if (isField(error.field)) form.setError(error.field, { message: inWords(error) })
      else toast(inWords(error), { tone: 'error' })
      return
    }
    onClose()
    if (verdict.state === 'conflict') offlineSheet.set({ kind: 'conflict', key: verdict.key })
    else toast(verdict.state === 'sent' ? m.toast_saved() : m.offline_kept())
  }

  return (
    <Sheet title={m.edit_title()} onClose={onClose}>
      <form noValidate onSubmit={form.handleSubmit(save)} className="space-y-4 pt-1">
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
