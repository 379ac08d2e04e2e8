//! The hours of a day, as people write them: `08:00-12:00`.

use std::{fmt, str::FromStr};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

/// Minutes.
pub(super) const DAY: u16 = 24 * 60;
/// A day has no more.
const MOST: usize = 8;

/// From a minute of the day up to another, as the clock on the wall shows them; `24:00` is the end of the day. Over midnight are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval {
    pub(super) from: u16,
    pub(super) to: u16,
}

/// What is wrong with hours, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    #[error("{0} is no time of the day: write 08:00-16:00, at most 24:00")]
    Unreadable(String),
    #[error("{0} ends before it begins")]
    Backwards(Interval),
    #[error("{0} and {1} overlap")]
    Overlapping(Interval, Interval),
    #[error("at most {MOST} intervals a day")]
    TooMany,
}

impl Interval {
    /// Minutes of the day.
    ///
    /// # Errors
    /// Where it does not end after it begins, or after the day.
    pub fn new(from: u16, to: u16) -> Result<Self, HoursError> {
        let interval = Self { from, to };
        if to > DAY {
            return Err(HoursError::Unreadable(interval.to_string()));
        }
        if from < to { Ok(interval) } else { Err(HoursError::Backwards(interval)) }
    }

    pub(super) fn on(self, day: NaiveDate) -> (NaiveDateTime, NaiveDateTime) {
        let midnight = day.and_time(NaiveTime::MIN);
        (midnight + TimeDelta::minutes(self.from.into()), midnight + TimeDelta::minutes(self.to.into()))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

impl FromStr for Interval {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let unreadable = || HoursError::Unreadable(text.chars().take(20).collect());
        let minute = |text: &str| -> Option<u16> {
            let (hour, minute) = text.trim().split_once(':')?;
            let of = |text: &str| {
                text.parse::<u16>().ok().filter(|_| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            };
            let (hour, minute) = (of(hour)?, of(minute)?);
            (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let (from, to) = text.split_once('-').ok_or_else(unreadable)?;
        Self::new(minute(from).ok_or_else(unreadable)?, minute(to).ok_or_else(unreadable)?)
    }
}

impl TryFrom<String> for Interval {
    type Error = HoursError;

    fn try_from(text: String) -> Result<Self, HoursError> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

/// The intervals of a day, in their order and apart from each other; none: closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Interval>", into = "Vec<Interval>")]
pub struct OpeningHours(pub(super) Vec<Interval>);

impl OpeningHours {
    /// From midnight to midnight.
    pub fn all_day() -> Self {
        Self(vec![Interval { from: 0, to: DAY }])
    }
}

impl TryFrom<Vec<Interval>> for OpeningHours {
    type Error = HoursError;

    fn try_from(mut intervals: Vec<Interval>) -> Result<Self, HoursError> {
        if intervals.len() > MOST {
            return Err(HoursError::TooMany);
        }
        intervals.sort_unstable();
        match intervals.windows(2).find(|pair| pair[1].from < pair[0].to) {
            Some(pair) => Err(HoursError::Overlapping(pair[0], pair[1])),
            None => Ok(Self(intervals)),
        }
    }
}

impl From<OpeningHours> for Vec<Interval> {
    fn from(hours: OpeningHours) -> Self {
        hours.0
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn hours(texts: &[&str]) -> OpeningHours {
        texts
            .iter()
            .map(|text| text.parse().expect("an interval"))
            .collect::<Vec<Interval>>()
            .try_into()
            .expect("hours")
    }

    #[test]
    fn hours_are_read_and_written_as_people_write_them() {
        assert_eq!(
            serde_json::to_string(&hours(&["13:00-24:00", "08:00-12:00"])).expect("json"),
            r#"["08:00-12:00","13:00-24:00"]"#
        );
        for (text, why) in [
            ("8-16", "8-16 is no time of the day: write 08:00-16:00, at most 24:00"),
            ("08:00-24:01", "08:00-24:01 is no time of the day: write 08:00-16:00, at most 24:00"),
            ("16:00-08:00", "16:00-08:00 ends before it begins"),
            ("+8:00-16:00", "+8:00-16:00 is no time of the day: write 08:00-16:00, at most 24:00"),
        ] {
            assert_eq!(text.parse::<Interval>().expect_err(text).to_string(), why);
        }
        let both = r#"["08:00-12:00","11:59-13:00"]"#;
        assert!(serde_json::from_str::<OpeningHours>(both).expect_err(both).to_string().contains("overlap"));
    }
}
