//! Ids of Meta's objects: decimal digits, in JSON either a string or a number, and longer than a double can hold.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;

const MAX_DIGITS: usize = 40;

/// An id Meta gave: 1 to 40 decimal digits, kept as text. Ids pass 2^53, so they must never become floating-point numbers
/// (Meta's documentation prints them as numbers and its servers send both).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct MetaId(String);

/// The text is not 1 to 40 decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of Meta is 1 to 40 digits")]
pub struct MetaIdError;

impl MetaId {
    /// # Errors
    /// When it is not 1 to 40 ASCII digits. That keeps paths and logs clean: an id goes into URLs.
    pub fn parse(text: &str) -> Result<MetaId, MetaIdError> {
        let digits = (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if digits { Ok(MetaId(text.to_owned())) } else { Err(MetaIdError) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for MetaId {
    /// Reads the JSON text itself, so a number keeps all its digits without serde_json's `arbitrary_precision`, which would
    /// change numbers for the whole program.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MetaId, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let id = match serde_json::from_str::<String>(text) {
            Ok(string) => MetaId::parse(&string),
            Err(_) => MetaId::parse(text),
        };
        id.map_err(D::Error::custom)
    }
}

/// An id that may be missing, null or odd: an unreadable campaign is no reason to lose a lead.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MetaId>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

impl TryFrom<&str> for MetaId {
    type Error = MetaIdError;

    fn try_from(text: &str) -> Result<MetaId, MetaIdError> {
        MetaId::parse(text)
    }
}

impl fmt::Display for MetaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MetaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_keep_every_digit() {
        for json in ["\"12345678901234567891\"", "12345678901234567891"] {
            assert_eq!(serde_json::from_str::<MetaId>(json).unwrap().as_str(), "12345678901234567891");
        }
        let forty = "1234567890".repeat(4);
        assert_eq!(serde_json::from_str::<MetaId>(&forty).unwrap().as_str(), forty);
        assert_eq!(
            serde_json::from_value::<MetaId>(serde_json::json!(9_007_199_254_740_993_u64)).unwrap().as_str(),
            "9007199254740993"
        );
    }

    #[test]
    fn what_is_not_digits_is_refused() {
        for json in ["\"\"", "-1", "1.0", "1e3", "null", "true", "[1]", "\"1/2\"", "\"١٢\"", "\" 1\"", &"1".repeat(41)]
        {
            assert!(serde_json::from_str::<MetaId>(json).is_err(), "{json}");
        }
    }
}
