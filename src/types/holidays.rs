//! Public holidays of the countries that we sell in. Days off by law for everybody; what a business keeps besides is its own to add.
//!
//! Sources: Norway, lov om 1. og 17. mai (1947) and lov om helligdager og helligdagsfred (1995) § 2; Germany, Art. 2 EinigVtr and the holiday
//! laws of the states as they stand since 2023; the Netherlands, Algemene termijnenwet art. 3. Easter by Gauss's rule as Meeus wrote it down.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::country::Country;

/// A German state, as ISO 3166-2 writes it after `DE-`: which holidays there are is mostly the states' to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region([u8; 2]);

impl Region {
    const STATES: [&'static str; 16] =
        ["BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"];

    /// `None` for what is no German state.
    pub fn parse(text: &str) -> Option<Self> {
        let known = Self::STATES.into_iter().find(|state| state.eq_ignore_ascii_case(text.trim()))?;
        Some(Self([known.as_bytes()[0], known.as_bytes()[1]]))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters are UTF-8")
    }

    fn is_one_of(self, states: &[&str]) -> bool {
        states.contains(&self.as_str())
    }
}

/// Easter Sunday of a year of the Gregorian calendar.
pub fn easter(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    date(year, month.unsigned_abs(), day.unsigned_abs())
}

/// Whether nobody has to work there on that day because of a public holiday. Sundays are none of our matter. Countries that we do not
/// know have none.
pub fn is_holiday(country: Country, region: Option<Region>, day: NaiveDate) -> bool {
    let after_easter = day.signed_duration_since(easter(day.year())).num_days();
    let on = (day.month(), day.day());
    match country {
        Country::NORWAY => {
            matches!(on, (1, 1) | (5, 1) | (5, 17) | (12, 25 | 26))
                || matches!(after_easter, -3 | -2 | 0 | 1 | 39 | 49 | 50)
        }
        Country::NETHERLANDS => {
            matches!(on, (1, 1) | (12, 25 | 26))
                || matches!(after_easter, 0 | 1 | 39 | 49 | 50)
                || day == kings_day(day.year())
                // A day off for most people every fifth year only.
                || (on == (5, 5) && day.year() % 5 == 0)
        }
        Country::GERMANY => {
            matches!(on, (1, 1) | (5, 1) | (10, 3) | (12, 25 | 26))
                || matches!(after_easter, -2 | 1 | 39 | 50)
                || region.is_some_and(|state| is_holiday_of(state, day, on, after_easter))
        }
        _ => false,
    }
}

/// What a German state has besides. Assumption Day in Bavaria is left out: it goes by municipality.
fn is_holiday_of(state: Region, day: NaiveDate, on: (u32, u32), after_easter: i64) -> bool {
    match on {
        (1, 6) => state.is_one_of(&["BW", "BY", "ST"]),
        (3, 8) => state.is_one_of(&["BE", "MV"]),
        (8, 15) => state.is_one_of(&["SL"]),
        (9, 20) => state.is_one_of(&["TH"]),
        (10, 31) => state.is_one_of(&["BB", "HB", "HH", "MV", "NI", "SN", "ST", "SH", "TH"]),
        (11, 1) => state.is_one_of(&["BW", "BY", "NW", "RP", "SL"]),
        // Repentance Day: the Wednesday before the 23rd of November.
        (11, 16..=22) => state.is_one_of(&["SN"]) && day.weekday() == Weekday::Wed,
        _ => match after_easter {
            0 | 49 => state.is_one_of(&["BB"]),
            60 => state.is_one_of(&["BW", "BY", "HE", "NW", "RP", "SL"]),
            _ => false,
        },
    }
}

/// The 27th of April; the day before where that is a Sunday.
fn kings_day(year: i32) -> NaiveDate {
    let day = date(year, 4, 27);
    if day.weekday() == Weekday::Sun { day - Days::new(1) } else { day }
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(country: Country, region: Option<&str>, year: i32) -> Vec<String> {
        let region = region.map(|state| Region::parse(state).expect("a state"));
        let days = date(year, 1, 1).iter_days().take_while(|day| day.year() == year);
        days.filter(|day| is_holiday(country, region, *day)).map(|day| day.format("%m-%d").to_string()).collect()
    }

    #[test]
    fn easter_is_where_the_almanacs_have_it() {
        let known = [
            (1818, 3, 22),
            (1943, 4, 25),
            (2000, 4, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2038, 4, 25),
            (2285, 3, 22),
        ];
        for (year, month, day) in known {
            assert_eq!(easter(year), date(year, month, day));
        }
        assert!((1900..2300).all(|year| easter(year).weekday() == Weekday::Sun));
    }

    #[test]
    fn norway() {
        let days = [
            "01-01", "04-02", "04-03", "04-05", "04-06", "05-01", "05-14", "05-17", "05-24", "05-25", "12-25", "12-26",
        ];
        assert_eq!(of(Country::NORWAY, None, 2026), days);
    }

    #[test]
    fn germany_and_its_states() {
        let all = ["01-01", "04-03", "04-06", "05-01", "05-14", "05-25", "10-03", "12-25", "12-26"];
        assert_eq!(of(Country::GERMANY, None, 2026), all);
        let with = |state: &str| -> Vec<String> {
            of(Country::GERMANY, Some(state), 2026).into_iter().filter(|day| !all.contains(&day.as_str())).collect()
        };
        assert_eq!(with("NW"), ["06-04", "11-01"]);
        assert_eq!(with("sn"), ["10-31", "11-18"]);
        assert_eq!(with("BB"), ["04-05", "05-24", "10-31"]);
        assert_eq!(with("BE"), ["03-08"]);
        assert_eq!(with("BY"), ["01-06", "06-04", "11-01"]);
        // The number of each state's holidays, as the states' ministries list them.
        let counts = [("BW", 12), ("HB", 10), ("HE", 10), ("RP", 11), ("SL", 12), ("ST", 11), ("TH", 11), ("MV", 11)];
        for (state, count) in counts {
            assert_eq!(of(Country::GERMANY, Some(state), 2026).len(), count, "{state}");
        }
        assert!(Region::parse("XX").is_none());
    }

    #[test]
    fn the_netherlands_with_a_king_who_keeps_sundays() {
        assert_eq!(
            of(Country::NETHERLANDS, None, 2026),
            ["01-01", "04-05", "04-06", "04-27", "05-14", "05-24", "05-25", "12-25", "12-26"]
        );
        assert!(is_holiday(Country::NETHERLANDS, None, date(2025, 4, 26)));
        assert!(!is_holiday(Country::NETHERLANDS, None, date(2025, 4, 27)));
        assert!(is_holiday(Country::NETHERLANDS, None, date(2025, 5, 5)));
    }

    #[test]
    fn a_country_that_nobody_looked_up_has_none() {
        assert_eq!(of(Country::parse("SE").expect("a country"), None, 2026), [""; 0]);
    }
}
