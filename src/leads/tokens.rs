//! What a lead is found by, without the database knowing it: blind indexes of the phone, the e-mail, and the beginnings of each word
//! of the name.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::capture::Person;
use crate::{
    db::seal::Vault,
    error::{Error, Result},
    types::{country::Country, phone::Phone},
};

const PHONE: &str = "leads.phone";
const EMAIL: &str = "leads.email";
const NAME: &str = "leads.name";
/// Beginnings are indexed from two to this many letters, and the whole word.
const LONGEST_BEGINNING: usize = 12;
/// More words than a name has are not indexed, so that a message pasted into the name field costs nothing.
const MOST_WORDS: usize = 8;

/// Letters as one types them in a hurry: lower case, no marks, ø as o, æ as ae, ß as ss.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'ø' => folded.push('o'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ß' => folded.push_str("ss"),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            other => folded.push(other),
        }
    }
    folded
}

fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(str::to_owned)
        .collect()
}

fn beginnings(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let longest = letters.len().min(LONGEST_BEGINNING);
    let mut all: Vec<String> = (2..=longest).map(|length| letters[..length].iter().collect()).collect();
    if letters.len() == 1 || letters.len() > LONGEST_BEGINNING {
        all.push(word.to_owned());
    }
    all
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Every token of a person, each once.
pub fn tokens(vault: &Vault, person: &Person) -> Result<Vec<Vec<u8>>> {
    let mut terms: Vec<(&str, String)> = Vec::new();
    if let Some(phone) = &person.phone {
        terms.push((PHONE, phone.as_str().to_owned()));
    } else if let Some(given) = &person.phone_given {
        terms.push((PHONE, digits(given)));
    }
    if let Some(email) = &person.email {
        terms.push((EMAIL, email.trim().to_lowercase()));
    }
    if let Some(name) = &person.full_name {
        terms.extend(words(name).iter().flat_map(|word| beginnings(word)).map(|beginning| (NAME, beginning)));
    }
    terms.sort();
    terms.dedup();
    terms.into_iter().map(|(column, term)| vault.index(column, &term).map_err(Error::internal)).collect()
}

/// The tokens by which the same person is recognised: phone and e-mail, under every key.
pub fn identity_lookups(vault: &Vault, person: &Person) -> Vec<Vec<u8>> {
    let phone = person.phone.iter().flat_map(|phone| vault.lookups(PHONE, phone.as_str()));
    let email = person.email.iter().flat_map(|email| vault.lookups(EMAIL, &email.trim().to_lowercase()));
    phone.chain(email).collect()
}

/// What was typed into the search field, as groups of tokens: a lead is found that has one of each group.
pub fn search(vault: &Vault, typed: &str, country: Country) -> Vec<Vec<Vec<u8>>> {
    let typed = typed.trim();
    if typed.contains('@') {
        return vec![vault.lookups(EMAIL, &typed.to_lowercase())];
    }
    let numbers = digits(typed);
    let is_number =
        numbers.len() >= 5 && typed.chars().all(|letter| letter.is_ascii_digit() || " +-()/.".contains(letter));
    if is_number {
        let mut lookups = vault.lookups(PHONE, &numbers);
        if let Ok(phone) = Phone::parse(typed, country) {
            lookups.extend(vault.lookups(PHONE, phone.as_str()));
        }
        return vec![lookups];
    }
    words(typed)
        .iter()
        .map(|word| {
            // A word longer than what is indexed is looked for whole.
            vault.lookups(NAME, word)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;

    fn vault() -> Vault {
        Vault::new([(1, Zeroizing::new([1; 32]))], [(1, Zeroizing::new([2; 32])), (2, Zeroizing::new([3; 32]))])
    }

    fn found(person: &Person, typed: &str) -> bool {
        let vault = vault();
        let tokens = tokens(&vault, person).expect("has keys");
        let groups = search(&vault, typed, Country::NORWAY);
        !groups.is_empty() && groups.iter().all(|group| group.iter().any(|token| tokens.contains(token)))
    }

    fn person() -> Person {
        Person {
            full_name: Some("Åse-Marie Bjørnsdotter Østergaard".to_owned()),
            phone: Some(Phone::parse("47 62 33 44", Country::NORWAY).expect("a number")),
            email: Some("Ase.Marie@Example.com".to_owned()),
            ..Person::default()
        }
    }

    #[test]
    fn finds_by_beginnings_phone_and_email() {
        for typed in [
            "ås",
            "ase",
            "ASE mar",
            "bjorns",
            "øster åse",
            "Østergaard",
            "bjornsdotter",
            "+4747623344",
            "47 62 33 44",
            "47623344",
            "ase.marie@example.com ",
        ] {
            assert!(found(&person(), typed), "{typed}");
        }
        for typed in ["", "se", "gaard", "ase xx", "47 62 33 45", "marie@example.com"] {
            assert!(!found(&person(), typed), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn every_beginning_of_every_word_finds(word in "[a-zA-ZæøåÆØÅéü]{2,20}", length in 2usize..12) {
            let person = Person { full_name: Some(word.clone()), ..Person::default() };
            let letters: String = fold(&word).chars().take(length).collect();
            prop_assert!(found(&person, &letters));
            prop_assert!(found(&person, &word));
        }
    }
}
