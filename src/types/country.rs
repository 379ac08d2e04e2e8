//! A country, as ISO 3166-1 alpha-2 writes it: two letters, kept in upper case.
//!
//! Only the shape is checked. Whether a code is assigned is left to whoever uses it: the phone parser knows the
//! countries that have telephones, the address form those we sell in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An ISO 3166-1 alpha-2 country code, such as `NO`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "NO", pattern = "^[A-Z]{2}$")]
pub struct Country([u8; 2]);

/// The text is not two ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a country is two letters, such as NO")]
pub struct CountryError;

impl Country {
    pub const NORWAY: Country = Country(*b"NO");
    pub const GERMANY: Country = Country(*b"DE");
    pub const NETHERLANDS: Country = Country(*b"NL");

    /// Accepts two ASCII letters in either case, with space around them.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Country, CountryError> {
        match *text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Country([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(CountryError),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters are UTF-8")
    }
}

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Country, CountryError> {
        Country::parse(text)
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(text: String) -> Result<Country, CountryError> {
        Country::parse(&text)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> String {
        country.as_str().to_owned()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_letters_in_any_case() {
        assert_eq!(Country::parse(" no "), Ok(Country::NORWAY));
        assert_eq!(serde_json::from_str::<Country>("\"de\"").unwrap(), Country::GERMANY);
        assert_eq!(serde_json::to_string(&Country::NETHERLANDS).unwrap(), "\"NL\"");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "N", "NOR", "N0", "Nø", "ø", "  ", "N O"] {
            assert_eq!(Country::parse(text), Err(CountryError), "{text:?}");
        }
        assert!(serde_json::from_str::<Country>("\"Norge\"").is_err());
    }
}
