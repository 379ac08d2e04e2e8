# Wat leest wie een formulier heeft ingevuld.
form-thanks-title = Bedankt
form-thanks-text = We hebben je bericht ontvangen en nemen contact op.
