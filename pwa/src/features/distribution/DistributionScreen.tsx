import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil, Plus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { Distribution, DistributionPolicy, DistributionRule, Member } from '@/shared/api/types'
import { useLocale } from '@/shared/i18n/locale'
import { teamOptions, useCampaigns, useForms, useTeam } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { isWhole, moved, newRule, same, type WayKind } from './draft'
import { PreviewCard } from './PreviewCard'
import { distributionOptions } from './queries'
import { RuleSheet } from './RuleSheet'
import { Mover, WayEditor } from './WayEditor'
import { conditionInWords, wayInWords } from './words'

const KINDS: WayKind[] = ['everybody', 'round_robin', 'roll_out']

/** For owners: who gets a new lead. Tried out before it is saved. */
export function DistributionScreen() {
  const { data, error, refetch } = useQuery(distributionOptions)
  const team = useQuery(teamOptions).data
  return (
    <Page title={m.give_title()} hint={m.give_hint()}>
      {data && team ? <Editor key={data.version} saved={data} team={team} /> : error ? <Failed error={error} again={() => void refetch()} /> : <Waiting lines={6} />}
    </Page>
  )
}

function Editor({ saved, team }: { saved: Distribution; team: Member[] }) {
  const client = useQueryClient()
  const [draft, setDraft] = useState<DistributionPolicy>(saved)
  const save = useMutation({
    mutationFn: () => ask(api.PUT('/api/distribution', { params: { header: { 'If-Match': `"${saved.version}"` } }, body: { way: draft.way, rules: draft.rules } })),
    onSuccess: (policy) => {
      client.setQueryData(distributionOptions.queryKey, policy)
      toast(m.give_saved())
    },
    onError: (failed) => {
      if (isStatus(failed, 412)) void client.invalidateQueries({ queryKey: distributionOptions.queryKey })
      toast(inWords(failed), { tone: 'error' })
    },
  })
  const changed = !same(draft, saved)
  return (
    <>
      <Group title={m.give_who()}>
        <WayEditor way={draft.way} kinds={KINDS} team={team} onChange={(way) => setDraft({ ...draft, way })} />
      </Group>
      <Rules rules={draft.rules} team={team} onChange={(rules) => setDraft({ ...draft, rules })} />
      <Group title={m.give_preview()} hint={m.give_preview_hint()}>
        {isWhole(draft.way) ? <PreviewCard policy={draft} /> : <p className="text-15 text-ink-3">{m.give_incomplete()}</p>}
      </Group>
      {changed && (
        <div className="sticky bottom-0 -mx-2 flex gap-3 rounded-card border border-hairline bg-raised p-3 shadow-lift">
          <Button className="flex-1" onClick={() => setDraft(saved)}>
            {m.give_discard()}
          </Button>
          <Button kind="primary" className="flex-1" disabled={!isWhole(draft.way) || save.isPending} onClick={() => save.mutate()}>
            {m.save()}
          </Button>
        </div>
      )}
    </>
  )
}

interface RulesProps {
  rules: DistributionRule[]
  team: Member[]
  onChange: (rules: DistributionRule[]) => void
}

function Rules({ rules, team, onChange }: RulesProps) {
  const locale = useLocale()
  const people = useTeam()
  const forms = useForms()
  const campaigns = useCampaigns()
  const [open, setOpen] = useState<number | 'new' | null>(null)
  const name = (id: string) => people.get(id)?.name ?? m.someone()
  const names = { locale, form: (id: string) => forms.get(id)?.name ?? '?', campaign: (id: string) => campaigns.get(id)?.name ?? '?' }
  const remove = (index: number) => {
    const before = rules
    onChange(rules.filter((_, at) => at !== index))
    toast(m.give_rule_removed(), { undo: () => onChange(before) })
  }
  const edited = open === 'new' ? newRule() : open === null ? undefined : rules[open]
  return (
    <Group title={m.give_rules()} hint={m.give_rules_hint()}>
      <div className="space-y-4">
        {rules.length > 0 && (
          <ol className="overflow-hidden rounded-card border border-hairline bg-surface">
            {rules.map((rule, index) => (
              <li key={rule.id ?? index} className="flex flex-wrap items-center gap-x-2 border-b border-hairline py-2 pr-1 pl-4 last:border-b-0">
                <span className="w-5 shrink-0 text-15 font-semibold text-ink-3 tabular-nums">{index + 1}</span>
                <div className="min-w-0 flex-1 basis-48 py-1">
                  <p className="text-15 text-ink-2">{conditionInWords(rule.when, names)}</p>
                  <p className="text-17 font-medium break-words">→ {wayInWords(rule.way, name, locale)}</p>
                  {rule.waits && <p className="text-13 text-ink-3">{m.give_waits()}</p>}
                </div>
                <div className="ml-auto flex">
                  <Mover index={index} last={rules.length - 1} name={m.give_rule({ n: index + 1 })} onMove={(by) => onChange(moved(rules, index, by))} />
                  <IconButton label={m.give_rule_edit({ n: index + 1 })} onClick={() => setOpen(index)}>
                    <Pencil size={18} aria-hidden />
                  </IconButton>
                  <IconButton label={m.give_rule_remove({ n: index + 1 })} onClick={() => remove(index)}>
                    <X size={18} aria-hidden />
                  </IconButton>
                </div>
              </li>
            ))}
          </ol>
        )}
        <Button kind="soft" icon={<Plus size={18} aria-hidden />} disabled={rules.length >= 50} onClick={() => setOpen('new')}>
          {m.give_rule_add()}
        </Button>
      </div>
      {edited && (
        <RuleSheet
          rule={edited}
          number={typeof open === 'number' ? open + 1 : undefined}
          team={team}
          onSave={(rule) => {
            onChange(open === 'new' ? [...rules, rule] : rules.map((one, at) => (at === open ? rule : one)))
            setOpen(null)
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </Group>
  )
}
