import { useDeferredValue, useState, type FormEvent } from 'react'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Mail, MessageSquareText, Plus, Undo2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { inWords } from '@/shared/api/problem'
import type { MessageChannel, Suppression } from '@/shared/api/types'
import { useNow } from '@/shared/i18n/now'
import { usePlace } from '@/shared/i18n/place'
import { when } from '@/shared/i18n/time'
import { Button, IconButton } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Failed, Line, List, Waiting } from '@/shared/ui/List'
import { Group } from '@/shared/ui/Page'
import { Segments } from '@/shared/ui/Segments'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { suppressionsOptions } from './queries'
import { reasonInWords } from './words'

/** Who gets no messages, and why. Addresses are shortened: enough to recognise one, too little to write to. */
export function Suppressions() {
  const client = useQueryClient()
  const now = useNow()
  const place = usePlace()
  const [search, setSearch] = useState('')
  const q = useDeferredValue(search.trim())
  const [adding, setAdding] = useState(false)
  const listed = useInfiniteQuery(suppressionsOptions(q))
  const again = () => client.invalidateQueries({ queryKey: ['suppressions'] })
  const remove = useMutation({
    mutationFn: (one: Suppression) => ask(api.DELETE('/api/suppressions/{id}', { params: { path: { id: one.id } }, headers: once() })),
    onSuccess: (_, one) => {
      toast(m.sending_list_removed({ address: one.address }))
      return again()
    },
    onError: (failed) => toast(inWords(failed), { tone: 'error' }),
  })
  const rows = listed.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Group title={m.sending_list()} hint={m.sending_list_hint()}>
      <div className="space-y-4">
        <Field label={m.sending_list_search()} type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
        {listed.error ? (
          <Failed error={listed.error} again={() => void listed.refetch()} />
        ) : listed.isPending ? (
          <Waiting lines={3} />
        ) : (
          <List>
            {rows.length === 0 && <Line title={<span className="text-15 font-normal text-ink-3">{q ? m.sending_list_not_found() : m.sending_list_none()}</span>} />}
            {rows.map((one) => (
              <Line
                key={one.id}
                icon={one.channel === 'sms' ? <MessageSquareText size={20} role="img" aria-label={m.channel_sms()} /> : <Mail size={20} role="img" aria-label={m.channel_email()} />}
                title={<span className="tabular-nums">{one.address}</span>}
                hint={`${reasonInWords(one.why)} · ${when(new Date(one.since), new Date(now), place)}`}
                action={
                  <IconButton label={m.sending_list_remove({ address: one.address })} disabled={remove.isPending} onClick={() => remove.mutate(one)}>
                    <Undo2 size={18} aria-hidden />
                  </IconButton>
                }
              />
            ))}
          </List>
        )}
        {listed.hasNextPage && (
          <Button className="w-full" disabled={listed.isFetchingNextPage} onClick={() => void listed.fetchNextPage()}>
            {m.sending_list_more()}
          </Button>
        )}
        <Button kind="soft" icon={<Plus size={18} aria-hidden />} onClick={() => setAdding(true)}>
          {m.sending_list_add()}
        </Button>
      </div>
      {adding && (
        <AddSheet
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false)
            void again()
          }}
        />
      )}
    </Group>
  )
}

function AddSheet({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [channel, setChannel] = useState<MessageChannel>('sms')
  const [address, setAddress] = useState('')
  const add = useMutation({
    mutationFn: () => ask(api.POST('/api/suppressions', { body: { channel, address: address.trim() }, headers: once() })),
    onSuccess: (one) => {
      toast(m.sending_list_added({ address: one.address }))
      onAdded()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate()
  }
  return (
    <Sheet title={m.sending_list_add()} hint={m.sending_list_add_hint()} onClose={onClose}>
      <form noValidate onSubmit={submit} className="space-y-5 pt-1">
        <Segments
          label={m.sending_list_channel()}
          value={channel}
          segments={[
            { value: 'sms', label: m.channel_sms() },
            { value: 'email', label: m.channel_email() },
          ]}
          onChange={(chosen) => {
            setChannel(chosen)
            add.reset()
          }}
        />
        <Field
          label={channel === 'sms' ? m.field_phone() : m.field_email()}
          type={channel === 'sms' ? 'tel' : 'email'}
          value={address}
          onChange={(event) => {
            setAddress(event.target.value)
            add.reset()
          }}
          error={add.isError ? inWords(add.error) : undefined}
        />
        <Button kind="primary" type="submit" className="w-full" disabled={add.isPending || address.trim() === ''}>
          {m.sending_list_add()}
        </Button>
      </form>
    </Sheet>
  )
}
