import { m } from '@/paraglide/messages'

/** A form to be put into a web page, in the language of whoever copies it. The field that people do not see is for programs. */
export const snippetOf = (url: string) => `<form method="post" action="${url}">
  <label>${m.field_name()} <input name="name" autocomplete="name" required></label>
  <label>${m.field_phone()} <input name="phone" type="tel" autocomplete="tel" required></label>
  <label>${m.field_email()} <input name="email" type="email" autocomplete="email"></label>
  <label>${m.entry_message()} <textarea name="message"></textarea></label>
  <input name="leave_empty" tabindex="-1" autocomplete="off" aria-hidden="true" style="position:absolute;left:-9999px">
  <button>${m.source_snippet_send()}</button>
</form>`
