//! Which question means what: Meta's own question types first, then the words businesses use for their questions in English,
//! Norwegian, German and Dutch.

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Where an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    FullName,
    FirstName,
    LastName,
    Phone,
    Email,
    PostalCode,
    City,
    Service,
    Message,
    /// Kept under its question, and as what the person agreed to: a yes is consent with the question's text, anything else is none.
    Consent,
    /// Kept under its question, as every question is that means nothing else.
    Answer,
    /// Not kept at all.
    Ignore,
}

/// Folds case, accents, spaces and punctuation: `E-Post`, `e_post` and `epost` are one word, and so are `När` and `nar`.
#[must_use]
pub fn normalize(key: &str) -> String {
    let mut folded = String::with_capacity(key.len());
    for c in key.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ø' => folded.push('o'),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            c if c.is_alphanumeric() => folded.push(c),
            _ => {}
        }
    }
    folded
}

/// Meta's `type` of a question. `CUSTOM` and what we do not know say nothing.
#[must_use]
pub fn of_kind(kind: &str) -> Option<Target> {
    Some(match kind {
        "FULL_NAME" => Target::FullName,
        "FIRST_NAME" => Target::FirstName,
        "LAST_NAME" => Target::LastName,
        "PHONE" | "PHONE_OTP" | "WORK_PHONE_NUMBER" => Target::Phone,
        "EMAIL" | "WORK_EMAIL" => Target::Email,
        "POST_CODE" | "ZIP" => Target::PostalCode,
        "CITY" => Target::City,
        _ => return None,
    })
}

/// A question's key or label, folded by [`normalize`]. Whole words only: "name of your dog" is no name.
#[must_use]
pub fn of_word(folded: &str) -> Option<Target> {
    Some(match folded {
        "fullname" | "name" | "yourname" | "navn" | "fulltnavn" | "dittnavn" | "namn" | "ihrname"
        | "vollstandigername" | "vorundnachname" | "naam" | "uwnaam" | "volledigenaam" => Target::FullName,
        "firstname" | "givenname" | "fornavn" | "vorname" | "voornaam" => Target::FirstName,
        "lastname" | "surname" | "familyname" | "etternavn" | "nachname" | "familienname" | "achternaam" => {
            Target::LastName
        }
        "phone" | "phonenumber" | "yourphonenumber" | "mobile" | "mobilephone" | "mobilenumber" | "workphonenumber"
        | "cell" | "telefon" | "telefonnummer" | "telefonnr" | "tlf" | "tlfnr" | "mobil" | "mobilnummer"
        | "mobiltelefon" | "mobilnr" | "handynummer" | "handy" | "rufnummer" | "telefoon" | "telefoonnummer"
        | "mobielnummer" | "mobiel" | "gsm" | "gsmnummer" => Target::Phone,
        "email" | "emailaddress" | "mail" | "workemail" | "epost" | "epostadresse" | "mailadresse" | "emailadresse"
        | "emailadres" | "mailadres" => Target::Email,
        "postcode" | "postalcode" | "zip" | "zipcode" | "postnummer" | "postnr" | "postleitzahl" | "plz" => {
            Target::PostalCode
        }
        "city" | "town" | "sted" | "poststed" | "by" | "ort" | "wohnort" | "stadt" | "stad" | "plaats"
        | "woonplaats" => Target::City,
        "service" | "services" | "tjeneste" | "tjenester" | "leistung" | "leistungen" | "dienst" | "diensten"
        | "dienstleistung" => Target::Service,
        "message" | "comment" | "comments" | "yourmessage" | "melding" | "dinmelding" | "beskjed" | "kommentar"
        | "kommentarer" | "nachricht" | "ihrenachricht" | "anmerkung" | "anmerkungen" | "bemerkung" | "bericht"
        | "opmerking" | "opmerkingen" => Target::Message,
        _ => return None,
    })
}

/// Whether an answer, folded by [`normalize`], is a yes. A doubt is none.
#[must_use]
pub fn is_yes(folded: &str) -> bool {
    const YES: [&str; 12] = [
        "yes",
        "ja",
        "jatakk",
        "yesplease",
        "jabitte",
        "jagraag",
        "true",
        "1",
        "iagree",
        "jegsamtykker",
        "ichstimmezu",
        "ikgaakkoord",
    ];
    YES.contains(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_however_it_is_written() {
        for (key, folded) in [
            ("E-Post", "epost"),
            ("e_post:", "epost"),
            ("Telefonnummer *", "telefonnummer"),
            ("Vollständiger Name", "vollstandigername"),
            ("Hva ønsker du hjelp med?", "hvaonskerduhjelpmed"),
            ("Bærum / Ås", "baerumas"),
            ("Straße", "strasse"),
            ("ＰＬＺ", "plz"),
            ("🚿", ""),
        ] {
            assert_eq!(normalize(key), folded, "{key}");
        }
    }

    #[test]
    fn the_words_businesses_use() {
        for (target, keys) in [
            (Target::FullName, &["full_name", "Navn", "Name", "naam", "Fullt navn"][..]),
            (Target::FirstName, &["first_name", "fornavn", "Vorname", "voornaam"]),
            (Target::LastName, &["last_name", "Etternavn", "Nachname", "achternaam"]),
            (Target::Phone, &["phone_number", "telefonnummer", "Telefon", "mobil", "telefoonnummer"]),
            (Target::Email, &["email", "e-post", "e_mail", "E-Mail", "epost"]),
            (Target::PostalCode, &["post_code", "zip_code", "zip", "postcode", "Postnummer", "PLZ", "Postleitzahl"]),
            (Target::City, &["city", "Sted", "ort", "woonplaats"]),
            (Target::Service, &["service", "tjeneste", "Leistung", "dienst"]),
            (Target::Message, &["message", "Melding", "Nachricht", "bericht"]),
        ] {
            for key in keys {
                assert_eq!(of_word(&normalize(key)), Some(target), "{key}");
            }
        }
        assert_eq!(of_word(&normalize("name_of_your_dog")), None);
    }
}
