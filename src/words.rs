//! What the server itself says to people, in mails: the catalogues `locales/{nb,de,nl,en}/*.ftl` (Fluent). What the app says
//! stands in `pwa/messages`.

use std::{borrow::Cow, collections::HashMap};

use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, langid, static_loader};

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // Marks around what is filled in would be seen in subjects, and make an SMS twice as long.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static NB: LanguageIdentifier = langid!("nb");
static DE: LanguageIdentifier = langid!("de");
static NL: LanguageIdentifier = langid!("nl");
static EN: LanguageIdentifier = langid!("en");

/// The words of one language. Norwegian in either form is Bokmål; what we do not speak is English.
#[derive(Clone, Copy, Debug)]
pub struct Words(&'static LanguageIdentifier);

impl Words {
    pub fn of(locale: &str) -> Self {
        Self(match locale {
            "nb" | "nn" | "no" => &NB,
            "de" => &DE,
            "nl" => &NL,
            _ => &EN,
        })
    }

    /// For `lang="…"`.
    pub fn language(self) -> String {
        self.0.to_string()
    }

    pub fn say(self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// With values for the places in the text. A key that is in no catalogue is said itself: a letter with an odd word is better than none,
    /// and a test finds it first.
    pub fn fill(self, key: &str, values: &[(&'static str, &str)]) -> String {
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> =
            values.iter().map(|(name, value)| (Cow::Borrowed(*name), FluentValue::from(*value))).collect();
        LOCALES.try_lookup_with_args(self.0, key, &values).unwrap_or_else(|| key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use super::*;

    /// Each message of a catalogue, with the places that are filled in.
    fn catalogue(locale: &str) -> BTreeMap<String, BTreeSet<String>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(locale);
        let mut messages = BTreeMap::new();
        for file in fs::read_dir(folder).expect("a folder").flatten() {
            let text = fs::read_to_string(file.path()).expect("a catalogue");
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let Some((key, message)) = line.split_once(" = ") else {
                    assert!(line.trim().is_empty(), "one message a line: {line}");
                    continue;
                };
                let places = message
                    .split("{ $")
                    .skip(1)
                    .filter_map(|rest| rest.split(" }").next())
                    .map(str::to_owned)
                    .collect();
                assert!(messages.insert(key.to_owned(), places).is_none(), "{key} twice in {locale}");
            }
        }
        messages
    }

    #[test]
    fn all_four_catalogues_have_the_same_messages_with_the_same_places() {
        let english = catalogue("en");
        assert!(english.len() > 20);
        for locale in ["nb", "de", "nl"] {
            assert_eq!(catalogue(locale), english, "{locale}");
        }
    }

    #[test]
    fn each_speaks_its_own_language_without_marks() {
        let said = ["nb", "nn", "de", "nl", "en", "fr"].map(|locale| Words::of(locale).fill("reset-subject", &[]));
        assert_eq!(said[0], said[1]);
        assert_eq!(said[4], said[5]);
        assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), 4);
        let filled = Words::of("nb").fill("invitation-subject", &[("inviter", "Åse"), ("organization", "Fjord & Tak")]);
        assert!(filled.contains("Åse") && filled.contains("Fjord & Tak"));
        assert!(filled.chars().all(|c| !('\u{2066}'..='\u{2069}').contains(&c)), "{filled:?}");
    }
}
