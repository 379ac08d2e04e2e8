# What whoever filled in a form is told.
form-thanks-title = Thank you
form-thanks-text = We have received your message and will be in touch.
