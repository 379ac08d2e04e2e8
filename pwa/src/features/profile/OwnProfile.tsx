import { useRef, useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ImagePlus, KeyRound, Pencil, Trash2 } from 'lucide-react'
import { m } from '@/paraglide/messages'
import { api, ask, once } from '@/shared/api/client'
import { ApiError, teach } from '@/shared/api/problem'
import type { Session } from '@/shared/api/types'
import { inWords } from '@/shared/session/problem'
import { sessionOptions, useSession } from '@/shared/session/queries'
import { Avatar } from '@/shared/ui/Avatar'
import { Button, IconButton } from '@/shared/ui/Button'
import { Notice } from '@/shared/ui/Door'
import { Field } from '@/shared/ui/Field'
import { NewPassword } from '@/shared/ui/NewPassword'
import { Sheet } from '@/shared/ui/Sheet'
import { toast } from '@/shared/ui/toasts'
import { removePicture, sendPicture } from './picture'

teach({ phone_not_mobile: () => m.error_phone_not_mobile() })

/** Name, picture, number and password of the person who is signed in. */
export function OwnProfile() {
  const [open, setOpen] = useState<'profile' | 'password' | null>(null)
  return (
    <>
      <IconButton label={m.profile_edit()} onClick={() => setOpen('profile')}>
        <Pencil size={20} aria-hidden />
      </IconButton>
      {open === 'profile' && <EditProfile onPassword={() => setOpen('password')} onClose={() => setOpen(null)} />}
      {open === 'password' && <ChangePassword onClose={() => setOpen(null)} />}
    </>
  )
}

function EditProfile({ onPassword, onClose }: { onPassword: () => void; onClose: () => void }) {
  const client = useQueryClient()
  const { user } = useSession()
  const [name, setName] = useState(user.name)
  const [phone, setPhone] = useState(user.phone ?? '')
  const file = useRef<HTMLInputElement>(null)
  const changed = (session: Session) => {
    client.setQueryData(sessionOptions.queryKey, session)
    void client.invalidateQueries({ queryKey: ['team'] })
  }
  const picture = useMutation({ mutationFn: (chosen: File | null) => (chosen ? sendPicture(chosen) : removePicture()), onSuccess: changed })
  const rename = useMutation({
    mutationFn: () => ask(api.PATCH('/api/me', { body: { name, phone: phone.trim() || null }, headers: once() })),
    onSuccess: (session) => {
      changed(session)
      toast(m.toast_saved())
      onClose()
    },
  })
  const aboutPhone = rename.error instanceof ApiError && rename.error.field === 'phone'
  return (
    <Sheet title={m.profile_edit()} onClose={onClose}>
      <form
        noValidate
        className="space-y-5 pt-1"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() === user.name && phone.trim() === (user.phone ?? '')) onClose()
          else rename.mutate()
        }}
      >
        <div className="flex items-center gap-4">
          <Avatar name={user.name} picture={user.picture} size="l" />
          <div className="min-w-0 flex-1 space-y-2">
            <input
              ref={file}
              type="file"
              accept="image/jpeg,image/png,image/webp,image/*"
              aria-label={m.profile_picture()}
              tabIndex={-1}
              className="sr-only"
              onChange={(event) => {
                const chosen = event.target.files?.[0]
                event.target.value = ''
                if (chosen) picture.mutate(chosen)
              }}
            />
            <div className="flex flex-wrap gap-2">
              <Button icon={<ImagePlus size={18} aria-hidden />} disabled={picture.isPending} onClick={() => file.current?.click()}>
                {m.profile_picture_choose()}
              </Button>
              {user.picture && (
                <IconButton label={m.profile_picture_remove()} disabled={picture.isPending} onClick={() => picture.mutate(null)}>
                  <Trash2 size={20} aria-hidden />
                </IconButton>
              )}
            </div>
            <p className="text-13 text-ink-3">{m.profile_picture_hint()}</p>
          </div>
        </div>
        <div role="alert">{picture.isError && <Notice>{inWords(picture.error)}</Notice>}</div>
        <Field
          label={m.field_name()}
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={rename.isError && !aboutPhone ? (name.trim() === '' ? m.error_name_missing() : inWords(rename.error)) : undefined}
        />
        <Field
          label={m.profile_phone()}
          hint={m.profile_phone_hint()}
          type="tel"
          autoComplete="tel"
          value={phone}
          onChange={(event) => setPhone(event.target.value)}
          error={aboutPhone ? inWords(rename.error) : undefined}
        />
        <Button kind="plain" className="-ml-4" icon={<KeyRound size={18} aria-hidden />} onClick={onPassword}>
          {m.password_change()}
        </Button>
        <Button kind="primary" type="submit" className="w-full" disabled={rename.isPending}>
          {m.save()}
        </Button>
      </form>
    </Sheet>
  )
}

function ChangePassword({ onClose }: { onClose: () => void }) {
  const { user, organization } = useSession()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const change = useMutation({
    mutationFn: () => ask(api.PUT('/api/me/password', { body: { current, password }, headers: once() })),
    onSuccess: () => {
      toast(m.password_changed())
      onClose()
    },
  })
  const refused = change.error instanceof ApiError ? change.error : null
  const at = (field: string) => (refused?.field === field ? inWords(refused) : undefined)
  // What was refused is no longer what stands there.
  const changed = (set: (text: string) => void) => (text: string) => {
    set(text)
    change.reset()
  }
  const elsewhere = change.isError && !at('current') && !at('password')
  return (
    <Sheet title={m.password_change()} onClose={onClose}>
      <form
        noValidate
        className="space-y-5 pt-1"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate()
        }}
      >
        <input type="hidden" autoComplete="username" value={user.email} readOnly />
        <Field
          label={m.password_current()}
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={(event) => changed(setCurrent)(event.target.value)}
          error={at('current')}
        />
        <NewPassword
          label={m.password_new()}
          value={password}
          onChange={(event) => changed(setPassword)(event.target.value)}
          about={[user.name, user.email, organization?.name ?? '']}
          error={at('password')}
        />
        <div role="alert">{elsewhere && <Notice>{inWords(change.error)}</Notice>}</div>
        <Button kind="primary" type="submit" className="w-full" disabled={change.isPending || current === '' || password === ''}>
          {m.password_change()}
        </Button>
      </form>
    </Sheet>
  )
}
