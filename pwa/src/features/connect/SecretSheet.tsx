import { m } from '@/paraglide/messages'
import type { SourceWithSecret } from '@/shared/api/types'
import { Button } from '@/shared/ui/Button'
import { Sheet } from '@/shared/ui/Sheet'
import { Copyable } from './AppGroup'
import { snippetOf } from './snippet'

/** What has to be copied to the other side, the secret this once. */
export function SecretSheet({ made: { source, secret }, onClose }: { made: SourceWithSecret; onClose: () => void }) {
  return (
    <Sheet
      title={source.name}
      hint={secret ? m.source_secret_once() : m.source_snippet_hint()}
      onClose={onClose}
      footer={
        <Button kind="primary" className="w-full" onClick={onClose}>
          {m.source_copied_all()}
        </Button>
      }
    >
      <div className="space-y-4">
        <Copyable label={m.source_url()} text={source.url} />
        {secret ? <Copyable label={m.source_secret()} text={secret} /> : <Copyable label={m.source_snippet()} text={snippetOf(source.url)} code />}
      </div>
    </Sheet>
  )
}
