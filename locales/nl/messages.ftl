# Messages to leads, and the page that ends them. One message a line; the four catalogues hold the same messages with the same places.
sms-unsubscribe = Afmelden: { $link }
mail-unsubscribe = Je krijgt deze e-mail omdat je contact opnam met { $organization }. Geen e-mails meer:
unsubscribe-heading = Geen berichten meer van { $organization }?
unsubscribe-text = Je krijgt op dit nummer of adres geen automatische berichten meer van { $organization }. Wacht je op antwoord, dan kan men je nog steeds bellen.
unsubscribe-button = Stop de berichten
unsubscribed-heading = Klaar
unsubscribed-text = { $organization } stuurt je geen automatische berichten meer. Je kunt deze pagina sluiten.
test-subject = Een testbericht
test-text = Dit is een testbericht van { $organization }. Het is aangekomen.
