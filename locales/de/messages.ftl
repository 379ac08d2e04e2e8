# Messages to leads, and the page that ends them. One message a line; the four catalogues hold the same messages with the same places.
sms-unsubscribe = Abmelden: { $link }
mail-unsubscribe = Sie erhalten diese E-Mail, weil Sie sich an { $organization } gewandt haben. Keine weiteren E-Mails:
unsubscribe-heading = Keine Nachrichten mehr von { $organization }?
unsubscribe-text = Sie erhalten an diese Nummer oder Adresse keine automatischen Nachrichten mehr von { $organization }. Warten Sie auf eine Antwort, kann man Sie weiterhin anrufen.
unsubscribe-button = Nachrichten abbestellen
unsubscribed-heading = Erledigt
unsubscribed-text = { $organization } sendet Ihnen keine automatischen Nachrichten mehr. Sie können diese Seite schließen.
test-subject = Eine Testnachricht
test-text = Dies ist eine Testnachricht von { $organization }. Sie ist angekommen.
