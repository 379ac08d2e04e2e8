# Messages to leads, and the page that ends them. One message a line; the four catalogues hold the same messages with the same places.
sms-unsubscribe = Ikke flere: { $link }
mail-unsubscribe = Du får denne fordi du tok kontakt med { $organization }. Ingen flere e-poster:
unsubscribe-heading = Ingen flere meldinger fra { $organization }?
unsubscribe-text = Du får ikke flere automatiske meldinger fra { $organization } til dette nummeret eller denne adressen. Venter du på svar, kan de fortsatt ringe deg.
unsubscribe-button = Stopp meldingene
unsubscribed-heading = Ferdig
unsubscribed-text = { $organization } sender deg ikke flere automatiske meldinger. Du kan lukke denne siden.
test-subject = En testmelding
test-text = Dette er en testmelding fra { $organization }. Den kom frem.
