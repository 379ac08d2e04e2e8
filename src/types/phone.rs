//! A telephone number, as E.164 writes it: `+4791234567`.
//!
//! People type numbers as they say them: without a country code, with `00` for `+`, with `(0)` in the middle. The country of
//! the organization fills in what they left out. What is no valid number there is an error, and the caller keeps
//! the text as it was given, because a person can often still read it.
//!
//! Invariant: a `Phone` is `+`, a digit from 1 to 9 and 6 to 14 more digits. `Display` and serde give it in full;
//! `Debug` masks it, because personal data never reaches the logs.

use std::fmt;

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};
use serde::{Deserialize, Serialize};

use super::country::Country;

/// Longer than anything a person writes for one number; the parser's own limit is 250.
const MAX_INPUT: usize = 64;

/// A telephone number in E.164.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "+4791234567", pattern = "^\\+[1-9][0-9]{6,14}$")]
pub struct Phone(String);

/// Why a text is not a telephone number. Never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("no number was given")]
    Empty,
    #[error("the text is too long for one telephone number")]
    TooLong,
    #[error("a telephone number has no letters")]
    Letters,
    #[error("this is no valid telephone number in that country")]
    Invalid,
    /// Kept apart because an agent who taps *Call* on such a number pays whoever left it.
    #[error("this is a premium-rate number")]
    PremiumRate,
    /// Only from [`Phone::from_e164`] and serde.
    #[error("a telephone number is written +, country code, number: +4791234567")]
    NotE164,
}

impl Phone {
    /// Reads what a person typed. A number without a country code belongs to `country`.
    ///
    /// Accepts spaces and punctuation, `00` for `+`, a national trunk zero, `(0)` after a country code, and the `p:` that
    /// Meta's CSV export puts before numbers so that spreadsheets leave them alone.
    ///
    /// # Errors
    /// See [`PhoneError`]. Letters are refused: the library would read `1800 FLOWERS` as a vanity number.
    pub fn parse(input: &str, country: Country) -> Result<Phone, PhoneError> {
        if input.len() > MAX_INPUT * 4 {
            return Err(PhoneError::TooLong);
        }
        let text: String = input.chars().filter(|c| !is_invisible(*c)).collect();
        let text = strip_label(text.trim());
        if text.is_empty() {
            return Err(PhoneError::Empty);
        }
        if text.chars().count() > MAX_INPUT {
            return Err(PhoneError::TooLong);
        }
        if text.chars().any(char::is_alphabetic) {
            return Err(PhoneError::Letters);
        }
        let region = Region::from_code(country.as_str()).ok();
        let number = forgotten_plus(text, region)
            .or_else(|| {
                let mut numbers =
                    readings(text).into_iter().filter_map(|reading| PhoneNumber::parse(&reading, region).ok());
                numbers.find(PhoneNumber::is_valid)
            })
            .ok_or(PhoneError::Invalid)?;
        if number.get_type() == PhoneNumberType::PremiumRate {
            return Err(PhoneError::PremiumRate);
        }
        Phone::from_e164(&number.format_as(PhoneNumberFormat::E164))
    }

    /// Takes a number that is already E.164, as our own database and API write it. Only the shape is checked: numbering
    /// plans change, and a stored number must stay readable.
    ///
    /// # Errors
    /// [`PhoneError::NotE164`].
    pub fn from_e164(text: &str) -> Result<Phone, PhoneError> {
        let digits = text.strip_prefix('+').ok_or(PhoneError::NotE164)?.as_bytes();
        let shaped = (7..=15).contains(&digits.len()) && digits[0] != b'0' && digits.iter().all(u8::is_ascii_digit);
        if shaped { Ok(Phone(text.to_owned())) } else { Err(PhoneError::NotE164) }
    }

    /// The number in E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country that the number belongs to; of some, as +800, there is none.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        let region = PhoneNumber::parse(&self.0, None).ok()?.get_region_code()?;
        Country::parse(&region.as_region_str()).ok()
    }

    /// Whether a text message can arrive there, as far as the numbering plan tells.
    #[must_use]
    pub fn takes_sms(&self) -> bool {
        PhoneNumber::parse(&self.0, None)
            .is_ok_and(|n| matches!(n.get_type(), PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile))
    }
}

/// The ways to read one text, the plainest first; the first that is a valid number wins.
fn readings(text: &str) -> Vec<String> {
    let mut readings = vec![text.to_owned()];
    // `00` means `+` nearly everywhere, also to people who write from a country where it is `011`.
    if let Some(rest) = text.strip_prefix("00") {
        readings.push(format!("+{rest}"));
    }
    // "+47 (0) 912 34 567": a habit from countries with a trunk zero. Norway has none, so the zero would count as a digit.
    if text.contains("(0)") {
        let without = text.replacen("(0)", " ", 1);
        if let Some(rest) = without.strip_prefix("00") {
            readings.push(format!("+{rest}"));
        }
        readings.push(without);
    }
    readings
}

/// "49 171 3920000" in Germany: the country code without its plus. The library reads it as a landline in Leer whose trunk
/// zero was forgotten, which is valid and wrong. Only Germany has numbers of so many lengths; elsewhere the library gets it right.
fn forgotten_plus(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    (region == Some(Region::DE) && text.starts_with("49")).then_some(())?;
    let number = PhoneNumber::parse(format!("+{text}"), None).ok()?;
    (number.is_valid() && number.get_type() == PhoneNumberType::Mobile).then_some(number)
}

fn strip_label(text: &str) -> &str {
    for label in ["p:", "tel:"] {
        if let Some(start) = text.get(..label.len())
            && start.eq_ignore_ascii_case(label)
        {
            return text[label.len()..].trim();
        }
    }
    text
}

/// Marks that come along when a number is copied from a contact card: direction marks, zero-width spaces, soft hyphens.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl TryFrom<String> for Phone {
    type Error = PhoneError;

    fn try_from(text: String) -> Result<Phone, PhoneError> {
        Phone::from_e164(&text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> String {
        phone.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = PhoneNumber::parse(&self.0, None).map_or(0, |n| n.country_code);
        let shown = if code > 0 { code.to_string().len() } else { 1 };
        let digits = self.0.len() - 1;
        let stars = "*".repeat(digits.saturating_sub(shown + 2));
        write!(f, "{}{stars}{}", &self.0[..=shown], &self.0[self.0.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(country: &str, input: &str) -> Result<String, PhoneError> {
        Phone::parse(input, Country::parse(country).unwrap()).map(String::from)
    }

    #[test]
    fn numbers_as_people_type_them() {
        for (country, input, e164) in [
            // Norway has no trunk zero, and mobile numbers that begin with its own country code.
            ("NO", "91234567", "+4791234567"),
            ("NO", "912 34 567", "+4791234567"),
            ("NO", "91 23 45 67", "+4791234567"),
            ("NO", "+47 912 34 567", "+4791234567"),
            ("NO", "004791234567", "+4791234567"),
            ("NO", "00 47 912 34 567", "+4791234567"),
            ("NO", "4791234567", "+4791234567"),
            ("NO", "47 91 23 45 67", "+4791234567"),
            ("NO", "+47 (0) 912 34 567", "+4791234567"),
            ("NO", "0047 (0) 91234567", "+4791234567"),
            ("NO", "(+47) 91234567", "+4791234567"),
            ("NO", "p:+4791234567", "+4791234567"),
            ("NO", "P: +47 912 34 567", "+4791234567"),
            ("NO", "tel:+47-912-34-567", "+4791234567"),
            ("NO", "\u{202a}+47 912 34 567\u{202c}", "+4791234567"),
            ("NO", "  91234567\t", "+4791234567"),
            ("NO", "912-34-567", "+4791234567"),
            ("NO", "912.34.567", "+4791234567"),
            ("NO", "９１２３４５６７", "+4791234567"),
            ("NO", "47123456", "+4747123456"),
            ("NO", "471 23 456", "+4747123456"),
            ("NO", "4747123456", "+4747123456"),
            ("NO", "+4747123456", "+4747123456"),
            ("NO", "+47 471 23 456", "+4747123456"),
            ("NO", "004747123456", "+4747123456"),
            ("NO", "47474747", "+4747474747"),
            ("NO", "22 12 34 56", "+4722123456"),
            ("NO", "+46 70 123 45 67", "+46701234567"),
            ("NO", "0046701234567", "+46701234567"),
            ("NO", "+49 171 3920000", "+491713920000"),
            ("DE", "0171 3920000", "+491713920000"),
            ("DE", "0171/3920000", "+491713920000"),
            ("DE", "+49 (0) 171 3920000", "+491713920000"),
            ("DE", "+49(0)1713920000", "+491713920000"),
            ("DE", "0049 171 3920000", "+491713920000"),
            ("DE", "49 171 3920000", "+491713920000"),
            ("DE", "491713920000", "+491713920000"),
            ("NL", "31612345678", "+31612345678"),
            ("DE", "0491 9870", "+494919870"),
            ("DE", "171 3920000", "+491713920000"),
            ("DE", "(030) 23125-000", "+493023125000"),
            ("DE", "030 / 23 12 50 00", "+493023125000"),
            ("DE", "+4791234567", "+4791234567"),
            ("NL", "06 12345678", "+31612345678"),
            ("NL", "06-12 34 56 78", "+31612345678"),
            ("NL", "+31 (0)6 12345678", "+31612345678"),
            ("NL", "0031612345678", "+31612345678"),
            ("NL", "020 624 1111", "+31206241111"),
            ("ZA", "082 123 4567", "+27821234567"),
            ("ZA", "+27 (0)82 123 4567", "+27821234567"),
            ("ZA", "0027821234567", "+27821234567"),
            ("SE", "070-123 45 67", "+46701234567"),
            ("SE", "+46 (0)70 123 45 67", "+46701234567"),
            ("SE", "0046701234567", "+46701234567"),
            ("DK", "20 12 34 56", "+4520123456"),
            ("DK", "+4520123456", "+4520123456"),
            ("DK", "004520123456", "+4520123456"),
            ("GB", "07400 123456", "+447400123456"),
            ("GB", "+44 (0) 7400 123456", "+447400123456"),
            ("GB", "020 7946 0018", "+442079460018"),
            ("US", "(201) 555-0123", "+12015550123"),
            ("US", "0047 912 34 567", "+4791234567"),
            ("XX", "+4791234567", "+4791234567"),
        ] {
            assert_eq!(parse(country, input).as_deref(), Ok(e164), "{country} {input:?}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        let long = "9".repeat(300);
        for (country, input, error) in [
            ("NO", "", PhoneError::Empty),
            ("NO", " \t ", PhoneError::Empty),
            ("NO", "p:", PhoneError::Empty),
            ("NO", "\u{200b}", PhoneError::Empty),
            ("NO", &long, PhoneError::TooLong),
            ("NO", "ring meg", PhoneError::Letters),
            ("NO", "9123456O", PhoneError::Letters),
            ("US", "1-800-FLOWERS", PhoneError::Letters),
            ("NO", "91234567 ext 5", PhoneError::Letters),
            ("NO", "1234", PhoneError::Invalid),
            ("NO", "912345678", PhoneError::Invalid),
            ("NO", "00000000", PhoneError::Invalid),
            ("NO", "+", PhoneError::Invalid),
            ("NO", "-", PhoneError::Invalid),
            ("NO", "+999123456789", PhoneError::Invalid),
            ("NO", "91234567 / 98765432", PhoneError::Invalid),
            ("NO", "82912345", PhoneError::PremiumRate),
            ("XX", "91234567", PhoneError::Invalid),
        ] {
            assert_eq!(parse(country, input), Err(error), "{country} {input:?}");
        }
    }

    #[test]
    fn debug_masks_all_but_the_country_and_two_digits() {
        assert_eq!(format!("{:?}", Phone::from_e164("+4791234567").unwrap()), "+47******67");
        assert_eq!(format!("{:?}", Phone::from_e164("+12015550123").unwrap()), "+1********23");
        assert_eq!(format!("{:?}", Phone::from_e164("+9990000").unwrap()), "+9****00");
        assert_eq!(Phone::from_e164("+4791234567").unwrap().to_string(), "+4791234567");
    }

    #[test]
    fn serde_takes_e164_only() {
        let phone: Phone = serde_json::from_str("\"+4791234567\"").unwrap();
        assert_eq!(serde_json::to_string(&phone).unwrap(), "\"+4791234567\"");
        for text in
            ["\"91234567\"", "\"+47 912\"", "\"+0123456789\"", "\"+123456\"", "\"+1234567890123456\"", "\"\"", "7"]
        {
            assert!(serde_json::from_str::<Phone>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn mobiles_take_text_messages() {
        assert!(Phone::from_e164("+4791234567").unwrap().takes_sms());
        assert!(!Phone::from_e164("+4722123456").unwrap().takes_sms());
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_or_an_error(input in "\\PC{0,80}", country in "[A-Z]{2}") {
            if let Ok(phone) = Phone::parse(&input, Country::parse(&country).unwrap()) {
                prop_assert!(Phone::from_e164(phone.as_str()).is_ok());
                let debug = format!("{phone:?}");
                prop_assert!(!debug.contains(&phone.as_str()[4..]), "{debug}");
            }
        }

        #[test]
        fn parsing_a_parsed_number_changes_nothing(digits in "[49][0-9]{7}") {
            if let Ok(phone) = Phone::parse(&digits, Country::NORWAY) {
                prop_assert_eq!(phone.as_str(), format!("+47{digits}"));
                prop_assert_eq!(Phone::parse(phone.as_str(), Country::GERMANY), Ok(phone));
            }
        }
    }
}
