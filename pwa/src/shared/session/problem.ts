import { m } from '@/paraglide/messages'
import { teach } from '@/shared/api/problem'

teach({
  already_invited: () => m.error_already_invited(),
  already_member: () => m.error_already_member(),
  code: () => m.error_code_tries(),
  code_wrong: () => m.error_code_wrong(),
  last_owner: () => m.error_last_owner(),
  mail_not_set_up: () => m.error_mail_not_set_up(),
  other_address: () => m.error_other_address(),
  password_long: () => m.error_password_long(),
  password_short: () => m.error_password_short(),
  password_weak: () => m.error_password_weak(),
  password_wrong: () => m.error_password_wrong(),
  picture_too_large: () => m.error_picture(),
  picture_unreadable: () => m.error_picture(),
  resend: () => m.error_resend(),
})

/** The error in words, among them those about people, codes and passwords. */
export { inWords } from '@/shared/api/problem'
