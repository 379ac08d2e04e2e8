import { m } from '@/paraglide/messages'
import { teach } from '@/shared/api/problem'

teach({
  network: () => m.security_error_network(),
  locked: () => m.security_locked(),
  second_factor: () => m.security_error_second_factor(),
  password_wrong: () => m.security_error_password(),
  factor_code_wrong: () => m.security_error_code(),
  step: () => m.security_error_step(),
  ceremony_over: () => m.security_error_ceremony(),
  passkey_refused: () => m.security_error_passkey(),
  passkey_copied: () => m.security_error_passkey_copied(),
  passkey_known: () => m.security_error_passkey_known(),
  passkeys_unavailable: () => m.security_no_passkeys(),
  factor_required: () => m.security_error_factor_required(),
  networks_invalid: () => m.security_error_networks(),
  locks_you_out: () => m.security_error_locks_you_out(),
  elsewhere: () => m.security_error_elsewhere(),
})
