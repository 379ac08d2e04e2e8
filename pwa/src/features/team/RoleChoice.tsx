import { m } from '@/paraglide/messages'
import type { MemberRole } from '@/shared/api/types'
import { roleLabel } from '@/shared/leads/words'
import { cx } from '@/shared/ui/classes'

const hints: Record<MemberRole, () => string> = {
  agent: () => m.team_role_agent_hint(),
  manager: () => m.team_role_manager_hint(),
  owner: () => m.team_role_owner_hint(),
}

/** What a person may do, in words: nobody should have to guess what a role means. */
export function RoleChoice({ value, roles, onChange }: { value: MemberRole; roles: MemberRole[]; onChange: (role: MemberRole) => void }) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-15 font-medium text-ink-2">{m.team_role()}</legend>
      <div className="overflow-hidden rounded-card border border-hairline">
        {roles.map((role) => (
          <label
            key={role}
            className="flex min-h-14 cursor-pointer items-center gap-3 border-b border-hairline px-4 py-2 last:border-b-0 has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent-text"
          >
            <input type="radio" name="role" value={role} checked={role === value} onChange={() => onChange(role)} className="peer sr-only" />
            <span
              aria-hidden
              className={cx('grid size-5 shrink-0 place-items-center rounded-full border-2', role === value ? 'border-accent bg-accent' : 'border-edge')}
            >
              {role === value && <span className="size-2 rounded-full bg-on-accent" />}
            </span>
            <span className="min-w-0 flex-1">
              <span className="block text-17 font-medium">{roleLabel(role)}</span>
              <span className="block text-13 text-ink-3">{hints[role]()}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
