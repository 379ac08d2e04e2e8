# Det den som fylte ut et skjema, får vite.
form-thanks-title = Takk
form-thanks-text = Vi har fått meldingen din og tar kontakt.
