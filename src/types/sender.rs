//! Whom a text message is from: a number, to which people can answer, or a name, to which they cannot.

use std::{fmt, str::FromStr};

use super::phone::Phone;

/// The longest name a network carries.
const LONGEST_NAME: usize = 11;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A–Z, a–z, 0–9 and space, at most 11 of them, at least one a letter. One-way: whoever gets it cannot answer STOP.
    Name(String),
    Number(Phone),
}

/// Why a text is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    #[error("a name has at most 11 characters, a number is written +4791234567")]
    TooLong,
    #[error("a name has letters without marks, digits and spaces only")]
    Characters,
    #[error("a name has at least one letter, a number is written +4791234567")]
    NoLetter,
}

impl Sender {
    /// Whether an answer, such as STOP, comes back to us.
    pub fn takes_answers(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, SenderError> {
        let text = text.trim();
        if let Ok(number) = Phone::from_e164(text) {
            return Ok(Self::Number(number));
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') {
            return Err(SenderError::Characters);
        }
        if text.len() > LONGEST_NAME {
            return Err(SenderError::TooLong);
        }
        if !text.chars().any(|c| c.is_ascii_alphabetic()) {
            return Err(SenderError::NoLetter);
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => f.write_str(number.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_number_or_a_short_name_with_a_letter() {
        assert_eq!(" Acme Varme ".parse(), Ok(Sender::Name("Acme Varme".to_owned())));
        assert!(matches!("+4791234567".parse(), Ok(Sender::Number(_))));
        assert!("Sol 24".parse::<Sender>().is_ok_and(|sender| !sender.takes_answers()));
        for (bad, why) in [
            ("Acme Varmepumper", SenderError::TooLong),
            ("Blåbær", SenderError::Characters),
            ("Acme+Co", SenderError::Characters),
            ("2400", SenderError::NoLetter),
            ("", SenderError::NoLetter),
            ("91234567", SenderError::NoLetter),
        ] {
            assert_eq!(bad.parse::<Sender>(), Err(why), "{bad}");
        }
    }
}
