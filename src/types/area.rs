//! Where somebody lives, as far as a rule cares: `0150`, `50*`, `1000-1299`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A postcode, all that begin the same, or all between two of the same length; of a longer one, as `1012 AB`, the beginning counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Area {
    One(String),
    Beginning(String),
    Between(String, String),
}

/// The text is no area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an area is a postcode, a beginning as 50*, or a range as 1000-1299")]
pub struct AreaError;

/// A postcode as it is compared: letters and digits, large.
pub fn plain(postcode: &str) -> String {
    postcode.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

impl Area {
    pub fn holds(&self, postcode: &str) -> bool {
        let postcode = plain(postcode);
        match self {
            Self::One(one) => postcode == *one,
            Self::Beginning(beginning) => postcode.starts_with(beginning.as_str()),
            Self::Between(from, to) => {
                // Bytes: both are ASCII of one length.
                postcode.get(..from.len()).is_some_and(|head| from.as_str() <= head && head <= to.as_str())
            }
        }
    }
}

impl FromStr for Area {
    type Err = AreaError;

    fn from_str(text: &str) -> Result<Self, AreaError> {
        let code = |text: &str| {
            let code = plain(text);
            let is_one = text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
            if is_one && (1..=10).contains(&code.len()) { Ok(code) } else { Err(AreaError) }
        };
        let text = text.trim();
        if let Some(beginning) = text.strip_suffix('*') {
            return Ok(Self::Beginning(code(beginning)?));
        }
        match text.split_once(['-', '–']) {
            None => Ok(Self::One(code(text)?)),
            Some((from, to)) => {
                let (from, to) = (code(from)?, code(to)?);
                if from.len() == to.len() && from <= to { Ok(Self::Between(from, to)) } else { Err(AreaError) }
            }
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(one) => f.write_str(one),
            Self::Beginning(beginning) => write!(f, "{beginning}*"),
            Self::Between(from, to) => write!(f, "{from}-{to}"),
        }
    }
}

impl TryFrom<String> for Area {
    type Error = AreaError;

    fn try_from(text: String) -> Result<Self, AreaError> {
        text.parse()
    }
}

impl From<Area> for String {
    fn from(area: Area) -> Self {
        area.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_hold_what_is_in_them() {
        let holds = |area: &str, postcode: &str| area.parse::<Area>().expect("an area").holds(postcode);
        assert!(holds("0150", " 0150 ") && !holds("0150", "0151") && !holds("0150", "015"));
        assert!(holds("50*", "5003") && !holds("50*", "0500"));
        assert!(holds("1000-1299", "1000") && holds("1000–1299", "1299") && !holds("1000-1299", "1300"));
        // Dutch: the letters are not part of the range.
        assert!(holds("1000-1099", "1012 AB") && holds("1012 ab", "1012AB") && !holds("1012", "1012 AB"));
        assert!(!holds("1000-1299", "10") && !holds("1000-1299", ""));
    }

    #[test]
    fn what_is_no_area_is_refused() {
        for text in
            ["", "*", "-", "10-", "1000-129", "1299-1000", "10*0", "10;20", "12345678901", "æ", "1000-1100-1200"]
        {
            assert_eq!(text.parse::<Area>(), Err(AreaError), "{text:?}");
        }
        assert_eq!(" 1000 – 1299".parse::<Area>().expect("an area").to_string(), "1000-1299");
    }
}
