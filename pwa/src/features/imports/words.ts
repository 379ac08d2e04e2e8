import { m } from '@/paraglide/messages'
import { inWords, isStatus } from '@/shared/api/problem'
import type { Import, ImportColumnKind } from '@/shared/api/types'

/** In the order of the list to choose from. */
export const COLUMNS = [
  'full_name',
  'first_name',
  'last_name',
  'phone',
  'email',
  'postal_code',
  'city',
  'service',
  'message',
  'created_at',
  'campaign',
  'meta_id',
  'consent',
  'answer',
  'ignore',
] as const satisfies ImportColumnKind[]

const columns: Record<ImportColumnKind, () => string> = {
  full_name: () => m.connect_target_full_name(),
  first_name: () => m.connect_target_first_name(),
  last_name: () => m.connect_target_last_name(),
  phone: () => m.connect_target_phone(),
  email: () => m.connect_target_email(),
  postal_code: () => m.connect_target_postal_code(),
  city: () => m.connect_target_city(),
  service: () => m.connect_target_service(),
  message: () => m.connect_target_message(),
  created_at: () => m.import_column_created_at(),
  campaign: () => m.entry_campaign(),
  meta_id: () => m.import_column_meta_id(),
  consent: () => m.connect_target_consent(),
  answer: () => m.connect_target_answer(),
  ignore: () => m.connect_target_ignore(),
}

export const columnLabel = (column: ImportColumnKind) => columns[column]()

const states: Record<Import['state'], () => string> = {
  draft: () => m.import_state_draft(),
  running: () => m.import_state_running(),
  done: () => m.import_state_done(),
  undoing: () => m.import_state_undoing(),
  undone: () => m.import_state_undone(),
}

export const stateLabel = (state: Import['state']) => states[state]()

const rowReasons: Record<string, () => string> = {
  no_contact: () => m.source_reason_no_contact(),
  phone_invalid: () => m.error_phone_invalid(),
  date_invalid: () => m.import_reason_date(),
}

export const rowReason = (reason: string) => (rowReasons[reason] ?? m.error_invalid)()

const errors: Record<string, () => string> = {
  empty: () => m.import_error_empty(),
  too_many_rows: () => m.import_error_rows(),
  too_many_columns: () => m.import_error_columns(),
  unreadable: () => m.import_error_unreadable(),
  file_gone: () => m.import_error_gone(),
}

export const told = (error: unknown) => (isStatus(error, 413) ? m.import_error_size() : inWords(error, errors))
