import { useDeferredValue, useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowRight, Pencil, Plus, X } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask } from '@/shared/api/client'
import { inWords, isStatus } from '@/shared/api/problem'
import type { Scoring, ScoreRule } from '@/shared/api/types'
import { useLocale } from '@/shared/i18n/locale'
import { pointsInWords, signInWords } from '@/shared/leads/scoreWords'
import { useCampaigns, useForms } from '@/shared/session/queries'
import { Button, IconButton } from '@/shared/ui/Button'
import { Failed, Line, List, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { scoringOptions, triedOptions } from './queries'
import { RuleSheet } from './RuleSheet'

const FRESH: ScoreRule = { sign: { kind: 'has', field: 'message' }, points: 10 }

/** For owners: what makes a lead a good one. Tried on the last leads before it is saved. */
export function ScoringScreen() {
  const { data, error, refetch } = useQuery(scoringOptions)
  return (
    <Page title={m.score_title()} hint={m.score_hint()}>
      {data ? <Editor key={data.version} saved={data} /> : error ? <Failed error={error} again={() => void refetch()} /> : <Waiting lines={6} />}
    </Page>
  )
}

function Editor({ saved }: { saved: Scoring }) {
  const client = useQueryClient()
  const [rules, setRules] = useState(saved.rules)
  const [open, setOpen] = useState<number | 'new' | null>(null)
  const locale = useLocale()
  const forms = useForms()
  const campaigns = useCampaigns()
  const names = { locale, form: (id: string) => forms.get(id)?.name ?? '?', campaign: (id: string) => campaigns.get(id)?.name ?? '?' }
  const save = useMutation({
    mutationFn: () => ask(api.PUT('/api/scoring', { params: { header: { 'If-Match': `"${saved.version}"` } }, body: { rules } })),
    onSuccess: (scoring) => {
      client.setQueryData(scoringOptions.queryKey, scoring)
      toast(m.score_saved())
    },
    onError: (failed) => {
      if (isStatus(failed, 412)) void client.invalidateQueries({ queryKey: scoringOptions.queryKey })
      toast(inWords(failed), { tone: 'error' })
    },
  })
  const changed = JSON.stringify(rules) !== JSON.stringify(saved.rules)
  const edited = open === 'new' ? FRESH : open === null ? undefined : rules[open]
  const remove = (index: number) => {
    const before = rules
    setRules(rules.filter((_, at) => at !== index))
    toast(m.score_removed(), { undo: () => setRules(before) })
  }
  return (
    <>
      <Group title={m.score_rules()} hint={m.score_rules_hint()}>
        <div className="space-y-4">
          {rules.length > 0 && (
            <ul className="overflow-hidden rounded-card border border-hairline bg-surface">
              {rules.map((rule, index) => (
                <li key={index} className="flex min-h-14 items-center gap-1 border-b border-hairline py-1.5 pr-1 pl-4 last:border-b-0">
                  <span className={`w-10 shrink-0 text-right text-17 font-semibold tabular-nums ${rule.points < 0 ? 'text-late-text' : ''}`}>{pointsInWords(rule.points)}</span>
                  <span className="min-w-0 flex-1 pl-2 text-17 break-words">{signInWords(rule.sign, names)}</span>
                  <IconButton label={m.score_edit({ n: index + 1 })} onClick={() => setOpen(index)}>
                    <Pencil size={18} aria-hidden />
                  </IconButton>
                  <IconButton label={m.score_remove({ n: index + 1 })} onClick={() => remove(index)}>
                    <X size={18} aria-hidden />
                  </IconButton>
                </li>
              ))}
            </ul>
          )}
          <Button kind="soft" icon={<Plus size={18} aria-hidden />} disabled={rules.length >= 50} onClick={() => setOpen('new')}>
            {m.score_add()}
          </Button>
        </div>
      </Group>
      <Tried rules={rules} />
      {changed && (
        <div className="sticky bottom-0 -mx-2 flex gap-3 rounded-card border border-hairline bg-raised p-3 shadow-lift">
          <Button className="flex-1" onClick={() => setRules(saved.rules)}>
            {m.score_discard()}
          </Button>
          <Button kind="primary" className="flex-1" disabled={save.isPending} onClick={() => save.mutate()}>
            {m.save()}
          </Button>
        </div>
      )}
      {edited && (
        <RuleSheet
          rule={edited}
          title={open === 'new' ? m.score_add() : m.give_rule({ n: Number(open) + 1 })}
          onSave={(rule) => {
            setRules(open === 'new' ? [...rules, rule] : rules.map((one, at) => (at === open ? rule : one)))
            setOpen(null)
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  )
}

/** The last leads by these rules, those first whose score would change most. */
function Tried({ rules }: { rules: ScoreRule[] }) {
  const { data, error } = useQuery({ ...triedOptions(useDeferredValue(rules)), placeholderData: (before) => before })
  const change = ({ before, after }: { before: number; after: number }) => Math.abs(after - before)
  const moved = data?.filter((one) => change(one) > 0) ?? []
  const shown = [...(data ?? [])].sort((a, b) => change(b) - change(a)).slice(0, 12)
  return (
    <Group title={m.score_preview()} hint={m.score_preview_hint()}>
      {error ? (
        <p className="text-15 text-late-text">{inWords(error)}</p>
      ) : !data ? (
        <Waiting lines={4} />
      ) : (
        <div className="space-y-3">
          <p aria-live="polite" className="text-15 text-ink-2">
            {data.length === 0 ? m.score_preview_none() : moved.length === 0 ? m.score_preview_same() : m.score_preview_some({ n: moved.length, all: data.length })}
          </p>
          {shown.length > 0 && (
            <List>
              {shown.map((one) => (
                <Line
                  key={one.lead_id}
                  title={one.full_name ?? m.someone()}
                  action={
                    <span className="flex items-center gap-2 text-17 tabular-nums">
                      <span className="text-ink-3">{one.before}</span>
                      <ArrowRight size={15} className="text-ink-3" aria-hidden />
                      <span className={one.after > one.before ? 'font-semibold text-fresh-text' : one.after < one.before ? 'font-semibold text-late-text' : ''}>{one.after}</span>
                    </span>
                  }
                />
              ))}
            </List>
          )}
        </div>
      )}
    </Group>
  )
}
