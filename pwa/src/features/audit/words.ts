import {
  ArrowRightLeft,
  Building2,
  CircleHelp,
  Clock3,
  Coffee,
  DoorClosed,
  DoorOpen,
  Download,
  Eye,
  Gauge,
  Hand,
  Inbox,
  KeyRound,
  Link2,
  LogIn,
  LogOut,
  Pencil,
  Phone,
  Repeat2,
  RotateCw,
  ScrollText,
  Search,
  Settings2,
  ShieldAlert,
  Shuffle,
  StickyNote,
  Trash2,
  Undo2,
  Unlink,
  UserPlus,
  UserRoundCog,
  UserX,
  AlarmClockOff,
  BellRing,
  CalendarClock,
  MessageSquareOff,
  MessageSquareText,
  Workflow,
  type LucideIcon,
} from 'lucide-react'
import { m } from '@/paraglide/messages'
import type { AuditAction, AuditEntry, AuditGroup, Channel, Outcome } from '@/shared/api/types'
import { statusLabel } from '@/shared/leads/labels'
import { lostReasonLabel, outcomeLabel } from '@/shared/leads/words'
import { deviceOf } from './device'

/** What a sentence may need: what people are called, and how a time is written. */
export interface Words {
  name: (id: string | null) => string
  time: (at: Date) => string
}

interface Telling {
  icon: LucideIcon
  /** To be read after the name of who did it. */
  say: (entry: AuditEntry, words: Words) => string
  /** It stands by itself: nobody is named before it. */
  alone?: boolean
}

const text = (entry: AuditEntry, field: string): string | null => {
  const value = entry.details[field]
  return typeof value === 'string' ? value : null
}

const attempts: Record<Channel, () => string> = {
  call: () => m.did_call(),
  sms: () => m.did_sms(),
  whatsapp: () => m.did_whatsapp(),
  email: () => m.did_email(),
}

const roles: Record<string, () => string> = { owner: () => m.role_owner(), manager: () => m.role_manager(), agent: () => m.role_agent() }

const role = (entry: AuditEntry, field: string) => roles[text(entry, field) ?? '']?.() ?? '–'

/** What somebody did with what is their own, or a colleague's. */
const of = (entry: AuditEntry, { name }: Words, own: () => string, theirs: (to: { name: string }) => string) =>
  entry.subject_id === entry.actor_id ? own() : theirs({ name: name(entry.subject_id) })

const status = (entry: AuditEntry) => {
  const why = text(entry, 'reason')
  return m.did_status({ status: statusLabel(text(entry, 'to') ?? '–') }) + (why ? ` (${lostReasonLabel(why)})` : '')
}

/** In the order of the server's. */
const tellings = {
  lead_captured: { icon: Inbox, say: () => m.did_captured(), alone: true },
  lead_enquired: { icon: Repeat2, say: () => m.did_enquiry(), alone: true },
  lead_status_changed: { icon: ArrowRightLeft, say: status },
  lead_edited: { icon: Pencil, say: () => m.did_edit() },
  lead_claimed: { icon: Hand, say: () => m.did_claim() },
  lead_released: { icon: Undo2, say: () => m.did_release() },
  lead_assigned: { icon: UserRoundCog, say: (entry, { name }) => (text(entry, 'to') ? m.did_assign({ name: name(text(entry, 'to')) }) : m.did_unassign()) },
  lead_snoozed: { icon: Clock3, say: (entry, { time }) => m.did_snooze({ when: time(new Date(text(entry, 'until') ?? entry.at)) }) },
  lead_woken: { icon: AlarmClockOff, say: (entry) => (entry.actor === 'system' ? m.did_wake_itself() : m.did_wake()) },
  note_added: { icon: StickyNote, say: () => m.did_note() },
  attempt_logged: { icon: Phone, say: (entry) => attempts[(text(entry, 'channel') ?? 'call') as Channel]?.() ?? m.did_call() },
  attempt_reported: {
    icon: MessageSquareText,
    say: (entry) => m.audit_did_report({ outcome: outcomeLabel((text(entry, 'outcome') ?? 'reached') as Outcome, (text(entry, 'channel') ?? 'call') as Channel) }),
  },
  lead_viewed: { icon: Eye, say: () => m.audit_did_view() },
  leads_searched: { icon: Search, say: () => m.audit_did_search() },
  leads_previewed: { icon: Eye, say: () => m.audit_did_preview_leads() },
  source_previewed: { icon: Eye, say: () => m.audit_did_preview_source() },
  import_viewed: { icon: Eye, say: () => m.audit_did_view_import() },
  audit_viewed: { icon: ScrollText, say: () => m.audit_did_read() },
  audit_exported: { icon: Download, say: () => m.audit_did_export() },
  graveyard_viewed: { icon: Eye, say: () => m.audit_did_see_graveyard() },
  quarantine_viewed: { icon: Eye, say: () => m.audit_did_see_quarantine() },
  signed_in: { icon: LogIn, say: () => m.audit_did_sign_in() },
  sign_in_failed: { icon: ShieldAlert, say: (entry, { name }) => m.audit_did_fail_sign_in({ name: name(entry.subject_id) }), alone: true },
  sign_in_unknown: { icon: ShieldAlert, say: () => m.audit_did_try_sign_in() },
  signed_out: { icon: LogOut, say: () => m.audit_did_sign_out() },
  organization_entered: { icon: DoorOpen, say: () => m.audit_did_enter() },
  organization_left: { icon: DoorClosed, say: () => m.audit_did_leave() },
  organization_created: { icon: Building2, say: () => m.audit_did_create_organization() },
  member_added: {
    icon: UserPlus,
    say: (entry, { name }) => m.audit_did_add_member({ name: name(entry.subject_id), role: role(entry, 'role') }),
  },
  member_invited: { icon: UserPlus, say: (entry) => m.audit_did_invite({ role: role(entry, 'role') }) },
  invitation_renewed: { icon: UserPlus, say: () => m.audit_did_renew_invitation() },
  invitation_withdrawn: { icon: UserX, say: () => m.audit_did_withdraw_invitation() },
  role_changed: { icon: UserRoundCog, say: (entry, { name }) => m.audit_did_change_role({ name: name(entry.subject_id), role: role(entry, 'to') }) },
  member_removed: { icon: UserX, say: (entry, { name }) => m.audit_did_remove_member({ name: name(entry.subject_id) }) },
  profile_changed: { icon: Pencil, say: () => m.audit_did_change_profile() },
  password_changed: { icon: KeyRound, say: () => m.audit_did_change_password() },
  password_reset: { icon: KeyRound, say: () => m.audit_did_reset_password() },
  reset_code_made: { icon: KeyRound, say: (entry, { name }) => m.audit_did_make_reset_code({ name: name(entry.subject_id) }) },
  factor_added: { icon: KeyRound, say: () => m.audit_did_add_factor() },
  factor_removed: { icon: KeyRound, say: () => m.audit_did_remove_factor() },
  recovery_codes_renewed: { icon: KeyRound, say: () => m.audit_did_renew_codes() },
  sessions_ended: { icon: LogOut, say: () => m.audit_did_end_sessions() },
  factors_reset: { icon: KeyRound, say: (entry, { name }) => m.audit_did_reset_factors({ name: name(entry.subject_id) }) },
  member_signed_out: { icon: LogOut, say: (entry, { name }) => m.audit_did_sign_out_member({ name: name(entry.subject_id) }) },
  access_rules_changed: { icon: Settings2, say: () => m.audit_did_change_access() },
  escalation_changed: { icon: BellRing, say: () => m.audit_did_change_escalation() },
  sla_changed: { icon: CalendarClock, say: () => m.audit_did_change_sla() },
  shift_changed: { icon: CalendarClock, say: (entry, words) => of(entry, words, m.audit_did_change_shift, m.audit_did_change_shift_of) },
  pause_begun: { icon: Coffee, say: (entry, words) => of(entry, words, m.audit_did_begin_pause, m.audit_did_begin_pause_of) },
  pause_ended: { icon: Coffee, say: (entry, words) => of(entry, words, m.audit_did_end_pause, m.audit_did_end_pause_of) },
  sending_settings_changed: { icon: MessageSquareText, say: () => m.audit_did_change_sending() },
  suppression_added: { icon: MessageSquareOff, say: (entry) => (text(entry, 'why') === 'hand' ? m.audit_did_suppress() : m.audit_did_suppress_self()) },
  suppression_removed: { icon: MessageSquareText, say: () => m.audit_did_unsuppress() },
  distribution_changed: { icon: Shuffle, say: () => m.audit_did_change_distribution() },
  scoring_changed: { icon: Gauge, say: () => m.audit_did_change_scoring() },
  sequence_saved: { icon: Workflow, say: () => m.audit_did_save_sequence() },
  sequence_archived: { icon: Workflow, say: () => m.audit_did_archive_sequence() },
  sequence_begun: { icon: Workflow, say: (entry) => (entry.actor === 'system' ? m.audit_did_begin_sequence_itself() : m.audit_did_begin_sequence()) },
  sequence_stopped: { icon: Workflow, say: (entry) => (entry.actor === 'system' ? m.audit_did_stop_sequence_itself() : m.audit_did_stop_sequence()) },
  meta_app_saved: { icon: Link2, say: () => m.audit_did_save_meta_app() },
  meta_app_removed: { icon: Unlink, say: () => m.audit_did_remove_meta_app() },
  page_token_replaced: { icon: KeyRound, say: () => m.audit_did_replace_token() },
  page_disconnected: { icon: Unlink, say: () => m.audit_did_disconnect_page() },
  connection_tested: { icon: Link2, say: () => m.audit_did_test_connection() },
  mapping_changed: { icon: Settings2, say: () => m.audit_did_change_mapping() },
  remap_asked: { icon: RotateCw, say: () => m.audit_did_ask_remap() },
  lead_remapped: { icon: RotateCw, say: () => m.audit_did_remap_lead(), alone: true },
  receipt_replayed: { icon: RotateCw, say: () => m.audit_did_replay_delivery() },
  receipts_replayed: { icon: RotateCw, say: () => m.audit_did_replay_deliveries() },
  job_discarded: { icon: Trash2, say: () => m.audit_did_discard_job() },
  page_connected: { icon: Link2, say: () => m.audit_did_connect_page() },
  connection_broken: { icon: Unlink, say: () => m.audit_did_break_connection(), alone: true },
  connection_mended: { icon: Link2, say: () => m.audit_did_mend_connection(), alone: true },
  source_created: { icon: Link2, say: () => m.audit_did_create_source() },
  source_changed: { icon: Settings2, say: () => m.audit_did_change_source() },
  source_secret_rotated: { icon: KeyRound, say: () => m.audit_did_rotate_source() },
  source_mapped: { icon: Settings2, say: () => m.audit_did_map_source() },
  source_removed: { icon: Unlink, say: () => m.audit_did_remove_source() },
  import_uploaded: { icon: Download, say: () => m.audit_did_upload_import() },
  import_started: { icon: Download, say: () => m.audit_did_start_import() },
  import_undone: { icon: Undo2, say: () => m.audit_did_undo_import() },
  page_subscribed: { icon: Link2, say: () => m.audit_did_subscribe_page(), alone: true },
  keys_rotated: { icon: KeyRound, say: () => m.audit_did_rotate_keys() },
  job_replayed: { icon: RotateCw, say: () => m.audit_did_replay_job() },
  delivery_replayed: { icon: RotateCw, say: () => m.audit_did_replay_delivery() },
  unknown: { icon: CircleHelp, say: () => m.audit_did_other() },
} satisfies Record<string, Telling>

/** Does not compile while an action of the server has no words. */
type Wordless = Exclude<AuditAction, keyof typeof tellings>
const wordless: Record<Wordless, never> = {}

/** A server that is newer than the app knows more. */
function telling({ action }: AuditEntry): Telling {
  const known: Partial<Record<string, Telling>> = { ...wordless, ...tellings }
  return known[action] ?? tellings.unknown
}

export function iconOf(entry: AuditEntry): LucideIcon {
  return telling(entry).icon
}

/** Who did it, where that is said; then what. */
export function sentenceOf(entry: AuditEntry, words: Words): { who: string | null; what: string } {
  const { say, alone } = telling(entry)
  const isSequence = entry.action === 'sequence_begun' || entry.action === 'sequence_stopped'
  const byItself = alone || (isSequence && entry.actor === 'system') || (entry.action === 'suppression_added' && text(entry, 'why') !== 'hand') || (entry.actor === 'system' && entry.action === 'lead_woken')
  return { who: byItself ? null : whoOf(entry, words), what: say(entry, words) }
}

function whoOf(entry: AuditEntry, { name }: Words): string {
  switch (entry.actor) {
    case 'user':
      return name(entry.actor_id)
    case 'operator':
      return m.audit_who_operator()
    case 'command_line':
      return m.audit_who_command_line()
    case 'anonymous':
      return m.audit_who_anonymous()
    case 'system':
      return m.audit_who_system()
  }
}

/** From where, in words; nothing where nobody asked from anywhere. */
export function whenceOf({ agent, address }: AuditEntry): string | null {
  const { browser, system } = agent ? deviceOf(agent) : { browser: null, system: null }
  const device = browser && system ? m.audit_device({ browser, system }) : (browser ?? system)
  const parts = [device, address && m.audit_address({ address })]
  return parts.filter(Boolean).join(' ') || null
}

const groups: Record<AuditGroup, () => string> = {
  leads: () => m.audit_group_leads(),
  views: () => m.audit_group_views(),
  access: () => m.audit_group_access(),
  team: () => m.audit_group_team(),
  settings: () => m.audit_group_settings(),
  system: () => m.audit_group_system(),
}

export function groupLabel(group: AuditGroup): string {
  return groups[group]()
}
