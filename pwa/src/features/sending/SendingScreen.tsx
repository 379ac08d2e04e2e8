import { useState, type FormEvent } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Mail, MessageSquareText } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { ApiError, inWords, isStatus } from '@/shared/api/problem'
import type { MessageChannel, SendingSettings } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Field } from '@/shared/ui/Field'
import { Failed, Waiting } from '@/shared/ui/List'
import { Group, Page } from '@/shared/ui/Page'
import { toast } from '@/shared/ui/toasts'
import { sendingOptions } from './queries'
import { Suppressions } from './Suppressions'
import { standingInWords } from './words'

/** For owners: as whom SMS and e-mails are sent, whether they arrive, and who gets none. */
export function SendingScreen() {
  const { data: settings, error, refetch } = useQuery(sendingOptions)
  return (
    <Page title={m.sending_title()} hint={m.sending_row_hint()}>
      {error ? <Failed error={error} again={() => void refetch()} /> : settings ? <Sender key={settings.version} settings={settings} /> : <Waiting lines={3} />}
      {settings && (
        <Group title={m.sending_test()} hint={m.sending_test_hint()}>
          <div className="flex flex-wrap gap-3">
            <Test channel="sms" available={settings.sms_available} />
            <Test channel="email" available={settings.email_available} />
          </div>
        </Group>
      )}
      <Suppressions />
    </Page>
  )
}

function Sender({ settings }: { settings: SendingSettings }) {
  const client = useQueryClient()
  const [sender, setSender] = useState(settings.sms_sender ?? '')
  const [replyTo, setReplyTo] = useState(settings.reply_to ?? '')
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PUT('/api/messages/settings', {
          params: { header: { 'If-Match': `"${settings.version}"` } },
          body: { sms_sender: sender.trim() || null, reply_to: replyTo.trim() || null },
          headers: once(),
        }),
      ),
    onSuccess: (saved) => {
      client.setQueryData(sendingOptions.queryKey, saved)
      toast(m.toast_saved())
    },
    onError: (failed) => {
      if (isStatus(failed, 412)) void client.invalidateQueries({ queryKey: sendingOptions.queryKey })
    },
  })
  const refused = save.error instanceof ApiError ? save.error : null
  const about = (field: string) => (refused?.field === field || (field === 'sms_sender' && refused?.reason === 'sender_taken') ? inWords(refused) : undefined)
  const elsewhere = save.isError && !about('sms_sender') && !about('reply_to')
  const isName = sender.trim() !== '' && !sender.trim().startsWith('+')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form noValidate onSubmit={submit} className="space-y-9">
      <Group title={m.sending_sms()} hint={settings.sms_available ? undefined : m.sending_sms_off()}>
        <Field
          label={m.sending_sender()}
          hint={isName || (sender.trim() === '' && !settings.takes_answers) ? m.sending_sender_name_hint() : m.sending_sender_hint()}
          placeholder={settings.default_sender ?? undefined}
          value={sender}
          maxLength={16}
          autoCapitalize="words"
          onChange={(event) => setSender(event.target.value)}
          error={about('sms_sender')}
        />
      </Group>
      <Group title={m.sending_email()} hint={settings.email_available ? undefined : m.sending_email_off()}>
        <Field
          label={m.sending_reply_to()}
          hint={m.sending_reply_to_hint()}
          type="email"
          autoComplete="email"
          value={replyTo}
          onChange={(event) => setReplyTo(event.target.value)}
          error={about('reply_to')}
        />
      </Group>
      <div role="alert">{elsewhere && <p className="text-15 text-late-text">{inWords(save.error)}</p>}</div>
      <Button kind="primary" type="submit" className="w-full" disabled={save.isPending}>
        {m.save()}
      </Button>
    </form>
  )
}

/** Sends oneself a message, and watches what becomes of it for a while. */
function Test({ channel, available }: { channel: MessageChannel; available: boolean }) {
  const send = useMutation({
    mutationFn: () => ask(api.POST('/api/messages/test', { body: { channel }, headers: once() })),
    onError: (failed) => toast(inWords(failed), { tone: 'error' }),
  })
  const id = send.data?.id
  const standing = useQuery({
    queryKey: ['message', id],
    queryFn: ({ signal }) => ask(api.GET('/api/messages/{id}', { params: { path: { id: id ?? '' } }, signal })),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data && !['queued', 'sending', 'sent'].includes(state.data.state) ? false : state.dataUpdateCount > 20 ? false : 1500),
  })
  const now = standing.data ?? send.data
  return (
    <div className="min-w-56 flex-1 space-y-1.5">
      <Button
        kind="soft"
        className="w-full"
        icon={channel === 'sms' ? <MessageSquareText size={18} aria-hidden /> : <Mail size={18} aria-hidden />}
        disabled={!available || send.isPending}
        onClick={() => send.mutate()}
      >
        {channel === 'sms' ? m.sending_test_sms() : m.sending_test_email()}
      </Button>
      <p role="status" className="text-13 text-ink-3">
        {now && standingInWords(now.state, now.family)}
      </p>
    </div>
  )
}
