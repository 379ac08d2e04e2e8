import { useState } from 'react'
import { m } from '@/paraglide/messages'
import type { ScoreRule, ScoreSign } from '@/shared/api/types'
import { FIELDS, fieldName } from '@/shared/leads/scoreWords'
import { useCampaigns, useForms } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Chip, Group } from '@/shared/ui/Filters'
import { Sheet } from '@/shared/ui/Sheet'
import { begin, isWhole, KINDS, listed, type SignKind } from './sign'

const SELECT = 'h-12 w-full rounded-control border border-edge bg-surface px-3 text-17'
/** Stands for the key of a question, which is typed. */
const ANSWER = ''

interface Props {
  rule: ScoreRule
  title: string
  onSave: (rule: ScoreRule) => void
  onClose: () => void
}

/** One rule: what is looked for, and what it is worth. */
export function RuleSheet({ rule, title, onSave, onClose }: Props) {
  const [sign, setSign] = useState(rule.sign)
  const [points, setPoints] = useState(rule.points)
  return (
    <Sheet
      title={title}
      onClose={onClose}
      footer={
        <Button kind="primary" className="w-full" disabled={!isWhole(sign) || !(points >= -100 && points <= 100)} onClick={() => onSave({ sign, points })}>
          {m.give_rule_done()}
        </Button>
      }
    >
      <div className="space-y-5">
        <label className="block">
          <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.score_sign()}</span>
          <select value={sign.kind} onChange={(event) => setSign(begin(event.target.value as SignKind, sign))} className={SELECT}>
            {Object.entries(KINDS).map(([kind, name]) => (
              <option key={kind} value={kind}>
                {name()}
              </option>
            ))}
          </select>
        </label>
        <Details sign={sign} onChange={setSign} />
        <Field label={m.score_points()} type="number" min={-100} max={100} value={Number.isNaN(points) ? '' : points} onChange={(event) => setPoints(event.target.valueAsNumber)} className="max-w-40" />
      </div>
    </Sheet>
  )
}

function Details({ sign, onChange }: { sign: ScoreSign; onChange: (sign: ScoreSign) => void }) {
  const forms = [...useForms().values()]
  const campaigns = [...useCampaigns().values()]
  const [text, setText] = useState(sign.kind === 'email_domain' ? sign.domains.join(', ') : sign.kind === 'postcode_in' ? sign.areas.join(', ') : '')
  const flip = (list: string[], one: string) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one])
  const whole = (value: number) => (Number.isNaN(value) ? 0 : Math.round(value))
  switch (sign.kind) {
    case 'has':
    case 'is':
    case 'contains': {
      const isKnown = (FIELDS as readonly string[]).includes(sign.field)
      return (
        <>
          <label className="block">
            <span className="mb-1.5 block text-15 font-medium text-ink-2">{m.score_field()}</span>
            <select value={isKnown ? sign.field : ANSWER} onChange={(event) => onChange({ ...sign, field: event.target.value })} className={SELECT}>
              {FIELDS.map((field) => (
                <option key={field} value={field}>
                  {fieldName(field)}
                </option>
              ))}
              <option value={ANSWER}>{m.score_field_answer()}</option>
            </select>
          </label>
          {!isKnown && <Field label={m.score_field_key()} value={sign.field} autoComplete="off" maxLength={100} onChange={(event) => onChange({ ...sign, field: event.target.value })} />}
          {sign.kind !== 'has' && <Field label={m.score_value()} value={sign.value} autoComplete="off" maxLength={100} onChange={(event) => onChange({ ...sign, value: event.target.value })} />}
        </>
      )
    }
    case 'email_domain':
    case 'postcode_in':
      return (
        <Field
          label={m.score_list()}
          value={text}
          autoComplete="off"
          placeholder={sign.kind === 'email_domain' ? 'example.com' : '0150-0299, 50*'}
          onChange={(event) => {
            setText(event.target.value)
            const items = listed(event.target.value)
            onChange(sign.kind === 'email_domain' ? { ...sign, domains: items } : { ...sign, areas: items })
          }}
        />
      )
    case 'form_is':
      return (
        <Group label={KINDS.form_is()}>
          {forms.map(({ id, name }) => (
            <Chip key={id} on={sign.forms.includes(id)} onClick={() => onChange({ ...sign, forms: flip(sign.forms, id) })} label={name} />
          ))}
        </Group>
      )
    case 'campaign_is':
      return (
        <Group label={KINDS.campaign_is()}>
          {campaigns.map(({ id, name }) => (
            <Chip key={id} on={sign.campaigns.includes(id)} onClick={() => onChange({ ...sign, campaigns: flip(sign.campaigns, id) })} label={name} />
          ))}
        </Group>
      )
    case 'tried_within':
      return <Field label={m.score_minutes()} type="number" min={1} max={10_080} value={sign.minutes || ''} onChange={(event) => onChange({ ...sign, minutes: whole(event.target.valueAsNumber) })} />
    case 'asked_again':
      return <Field label={m.score_times()} type="number" min={2} max={100} value={sign.times || ''} onChange={(event) => onChange({ ...sign, times: whole(event.target.valueAsNumber) })} />
    default:
      return null
  }
}
