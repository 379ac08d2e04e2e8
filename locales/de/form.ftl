# Was liest, wer ein Formular ausgefüllt hat.
form-thanks-title = Vielen Dank
form-thanks-text = Wir haben Ihre Nachricht erhalten und melden uns.
