import { useState } from 'react'
import { Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { EscalationStep } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Chip } from '@/shared/ui/Filters'
import { Sheet } from '@/shared/ui/Sheet'
import { AUDIENCES, audienceHint, audienceLabel, channelLabel, CHANNELS, LATEST } from './words'

export interface Refused {
  field: 'after_minutes' | 'channels'
  words: string
}

interface Props {
  title: string
  step: EscalationStep
  pending: boolean
  /** Answers what was wrong, for its place. */
  onSave: (step: EscalationStep) => Promise<Refused | null>
  onRemove: (() => void) | null
  onClose: () => void
}

/** When, who, and how. */
export function StepSheet({ title, step, pending, onSave, onRemove, onClose }: Props) {
  const [minutes, setMinutes] = useState(String(step.after_minutes))
  const [audience, setAudience] = useState(step.audience)
  const [channels, setChannels] = useState(step.channels)
  const [refused, setRefused] = useState<Refused | null>(null)
  const at = (field: Refused['field']) => (refused?.field === field ? refused.words : undefined)
  const save = async () => {
    const after = Number(minutes)
    if (minutes.trim() === '' || !Number.isInteger(after) || after < 0 || after > LATEST) return setRefused({ field: 'after_minutes', words: m.ladder_out_of_range() })
    if (channels.length === 0) return setRefused({ field: 'channels', words: m.ladder_channels_none() })
    setRefused(await onSave({ after_minutes: after, audience, channels }))
  }
  const toggle = (channel: (typeof CHANNELS)[number]) => {
    setRefused(null)
    setChannels((before) => CHANNELS.filter((one) => (one === channel ? !before.includes(one) : before.includes(one))))
  }
  return (
    <Sheet
      title={title}
      onClose={onClose}
      footer={
        <Button kind="primary" type="submit" form="step" className="w-full" disabled={pending}>
          {m.save()}
        </Button>
      }
    >
      <form
        id="step"
        noValidate
        className="space-y-6"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div>
          <Field
            label={m.ladder_minutes()}
            type="number"
            inputMode="numeric"
            min={0}
            max={LATEST}
            step={1}
            required
            value={minutes}
            error={at('after_minutes')}
            onChange={(event) => {
              setRefused(null)
              setMinutes(event.target.value)
            }}
          />
          <p className="mt-1.5 text-13 text-pretty text-ink-3">{m.ladder_minutes_hint()}</p>
        </div>
        <fieldset>
          <legend className="mb-1 text-15 font-medium text-ink-2">{m.ladder_who()}</legend>
          {AUDIENCES.map((one) => (
            <div key={one} className="relative -mx-3 flex min-h-14 items-center gap-4 rounded-control px-3 py-2 transition-colors hover:bg-sunken">
              <input
                type="radio"
                id={`audience-${one}`}
                name="audience"
                value={one}
                checked={one === audience}
                aria-describedby={`audience-${one}-hint`}
                onChange={() => setAudience(one)}
                className="relative z-10 size-5 shrink-0 accent-accent"
              />
              <div className="min-w-0">
                {/* All of the line is the thumb's. */}
                <label htmlFor={`audience-${one}`} className="block cursor-pointer text-17 font-medium before:absolute before:inset-0 before:content-['']">
                  {audienceLabel(one)}
                </label>
                <p id={`audience-${one}-hint`} className="text-13 text-pretty text-ink-3">
                  {audienceHint(one)}
                </p>
              </div>
            </div>
          ))}
        </fieldset>
        <div role="group" aria-label={m.ladder_how()} aria-describedby={at('channels') && 'step-channels'}>
          <p className="mb-2 text-15 font-medium text-ink-2" aria-hidden>
            {m.ladder_how()}
          </p>
          <div className="flex flex-wrap gap-2">
            {CHANNELS.map((channel) => (
              <Chip key={channel} on={channels.includes(channel)} onClick={() => toggle(channel)} label={channelLabel(channel)} />
            ))}
          </div>
          <div role="alert">
            {at('channels') && (
              <p id="step-channels" className="mt-2 text-15 text-late-text">
                {at('channels')}
              </p>
            )}
          </div>
          <p className="mt-2 text-13 text-pretty text-ink-3">{m.ladder_how_hint()}</p>
        </div>
        {onRemove && (
          <Button kind="danger" className="w-full" icon={<Trash2 size={18} aria-hidden />} disabled={pending} onClick={onRemove}>
            {m.ladder_remove()}
          </Button>
        )}
      </form>
    </Sheet>
  )
}
