import { useState } from 'react'
import { m } from '@/paraglide/messages'
import type { DistributionCondition, DistributionRule, Member } from '@/shared/api/types'
import { useLocale } from '@/shared/i18n/locale'
import { useCampaigns, useForms } from '@/shared/session/queries'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Chip, Group } from '@/shared/ui/Filters'
import { Sheet } from '@/shared/ui/Sheet'
import { isArea, isNarrowed, isWhole, readAreas, type WayKind } from './draft'
import { WayEditor } from './WayEditor'

const KINDS: WayKind[] = ['person', 'people', 'round_robin', 'roll_out', 'everybody']
const LANGUAGES = ['nb', 'de', 'nl', 'en']
const COUNTRIES = ['NO', 'SE', 'DK', 'DE', 'NL']

interface Props {
  rule: DistributionRule
  /** Counted from 1; nothing of a new one. */
  number?: number
  team: Member[]
  onSave: (rule: DistributionRule) => void
  onClose: () => void
}

/** One rule: for which leads it is, and who gets them. */
export function RuleSheet({ rule, number, team, onSave, onClose }: Props) {
  const locale = useLocale()
  const forms = [...useForms().values()]
  const campaigns = [...useCampaigns().values()]
  const [when, setWhen] = useState(rule.when)
  const [areas, setAreas] = useState(rule.when.areas.join(', '))
  const [way, setWay] = useState(rule.way)
  const [waits, setWaits] = useState(rule.waits)
  const read = readAreas(areas)
  const wrong = read.find((area) => !isArea(area))
  const condition = { ...when, areas: read }
  const flip = (list: Exclude<keyof DistributionCondition, 'areas'>, one: string) =>
    setWhen((before) => ({ ...before, [list]: before[list].includes(one) ? before[list].filter((other) => other !== one) : [...before[list], one] }))
  const languages = new Intl.DisplayNames(locale, { type: 'language' })
  const countries = new Intl.DisplayNames(locale, { type: 'region' })
  const chips = (label: string, list: Exclude<keyof DistributionCondition, 'areas'>, options: { id: string; name: string }[]) =>
    options.length > 0 && (
      <Group label={label}>
        {options.map(({ id, name }) => (
          <Chip key={id} on={when[list].includes(id)} onClick={() => flip(list, id)} label={name} />
        ))}
      </Group>
    )
  const known = (listed: string[], usual: string[]) => [...new Set([...usual, ...listed])]
  return (
    <Sheet
      wide
      title={number ? m.give_rule({ n: number }) : m.give_rule_add()}
      hint={m.give_rule_hint()}
      onClose={onClose}
      footer={
        <Button kind="primary" className="w-full" disabled={wrong !== undefined || !isNarrowed(condition) || !isWhole(way)} onClick={() => onSave({ ...rule, when: condition, way, waits })}>
          {m.give_rule_done()}
        </Button>
      }
    >
      <div className="space-y-6">
        <div>
          <Field label={m.give_areas()} value={areas} placeholder="0150-0299, 50*" autoComplete="off" error={wrong === undefined ? undefined : m.give_area_wrong({ area: wrong })} onChange={(event) => setAreas(event.target.value)} />
          <p className="mt-1.5 text-13 text-pretty text-ink-3">{m.give_areas_hint()}</p>
        </div>
        {chips(m.give_forms(), 'forms', forms)}
        {chips(m.give_campaigns(), 'campaigns', campaigns)}
        {chips(m.give_languages(), 'languages', known(when.languages, LANGUAGES).map((id) => ({ id, name: languages.of(id) ?? id })))}
        {chips(m.give_countries(), 'countries', known(when.countries, COUNTRIES).map((id) => ({ id, name: countries.of(id) ?? id })))}
        <div className="space-y-2">
          <h3 className="text-15 font-semibold text-ink-2">{m.give_go_to()}</h3>
          <WayEditor way={way} kinds={KINDS} team={team} onChange={setWay} />
        </div>
        {way.kind !== 'everybody' && (
          <label className="flex min-h-12 cursor-pointer items-center gap-3 text-17">
            <input type="checkbox" checked={waits} onChange={(event) => setWaits(event.target.checked)} className="size-5 shrink-0 accent-accent" />
            <span>
              {m.give_waits()}
              <span className="block text-13 text-pretty text-ink-3">{m.give_waits_hint()}</span>
            </span>
          </label>
        )}
      </div>
    </Sheet>
  )
}
