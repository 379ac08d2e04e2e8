//! Business time: when somebody is there to call, and how long that was.
//!
//! An instant is open when the clock on the wall shows a time within one of the day's intervals. Nothing else is assumed: the night that
//! summer time begins has an hour less, the one that it ends an hour twice, and both fall out of looking at the wall.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::{
    country::Country,
    holidays::{self, Region},
    intervals::{Interval, OpeningHours},
};

/// Who opens less often than this never opens.
const FAR: TimeDelta = TimeDelta::days(400);

/// When a business, or a person, is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessHours {
    pub zone: Tz,
    /// From Monday on.
    pub week: [OpeningHours; 7],
    /// Whose public holidays are kept: closed.
    pub holidays: Option<(Country, Option<Region>)>,
    /// Days that are as no other: half of Christmas Eve, the firm's outing. They go before holidays and weekdays.
    pub days: BTreeMap<NaiveDate, OpeningHours>,
}

impl BusinessHours {
    /// There at every minute.
    pub fn always(zone: Tz) -> Self {
        Self { zone, week: std::array::from_fn(|_| OpeningHours::all_day()), holidays: None, days: BTreeMap::new() }
    }

    fn of(&self, day: NaiveDate) -> &[Interval] {
        if let Some(own) = self.days.get(&day) {
            return &own.0;
        }
        match self.holidays {
            Some((country, region)) if holidays::is_holiday(country, region, day) => &[],
            _ => &self.week[day.weekday().num_days_from_monday() as usize].0,
        }
    }

    /// The stretches of time that are open at or after `from`, in order and apart from each other, as far as `until`.
    fn spans(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        steady(self.zone, from, until).flat_map(move |steady| {
            let (begin, end) = (steady.from.naive_utc() + steady.offset, steady.to.naive_utc() + steady.offset);
            let days = begin.date().iter_days().take_while(move |day| day.and_time(NaiveTime::MIN) < end);
            days.flat_map(move |day| self.of(day).iter().map(move |interval| interval.on(day))).filter_map(
                move |(opens, closes)| {
                    let (opens, closes) = (opens.max(begin), closes.min(end));
                    (opens < closes).then(|| ((opens - steady.offset).and_utc(), (closes - steady.offset).and_utc()))
                },
            )
        })
    }

    /// The same hours, but for these days.
    #[must_use]
    pub fn except(mut self, days: impl IntoIterator<Item = NaiveDate>) -> Self {
        self.days.extend(days.into_iter().map(|day| (day, OpeningHours::default())));
        self
    }

    /// The open time between, in order; stretches that touch, as at midnight, are one.
    pub fn stretches(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let mut stretches: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        for (opens, closes) in self.spans(from, until) {
            match stretches.last_mut() {
                Some(last) if last.1 == opens => last.1 = closes,
                _ => stretches.push((opens, closes)),
            }
        }
        stretches
    }

    /// When what is open at this instant closes; `None` where it is closed, or stays open for 400 days.
    pub fn closing(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut end = at;
        for (opens, closes) in self.spans(at, at + FAR) {
            if opens > end {
                break;
            }
            end = closes;
        }
        (at < end && end < at + FAR).then_some(end)
    }

    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.spans(at, at + TimeDelta::nanoseconds(1)).next().is_some()
    }

    /// The first open instant at or after this one; `None` where there is none within 400 days.
    pub fn opening(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.spans(at, at + FAR).next().map(|(opens, _)| opens)
    }

    /// How much of the time between was open; nothing where they stand in the other order.
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        self.spans(from, to).fold(TimeDelta::zero(), |sum, (opens, closes)| sum + (closes - opens))
    }

    /// The instant by which so much open time will have passed; for nothing at all, the first open instant. `None` where that is further
    /// away than 400 days.
    pub fn after(&self, from: DateTime<Utc>, open: TimeDelta) -> Option<DateTime<Utc>> {
        let mut left = open.max(TimeDelta::zero());
        for (opens, closes) in self.spans(from, from + FAR) {
            let length = closes - opens;
            if left <= length && (left < length || left > TimeDelta::zero()) {
                return Some(opens + left);
            }
            left -= length;
        }
        None
    }
}

/// A stretch of time in which the zone's clocks go on evenly.
#[derive(Clone, Copy)]
struct Steady {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Of the clocks, ahead of UTC.
    offset: TimeDelta,
}

/// The time between, cut where the zone's clocks are changed.
fn steady(zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = Steady> {
    let offset_at =
        move |at: DateTime<Utc>| i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc());
    let mut next = from;
    std::iter::from_fn(move || {
        if next >= until {
            return None;
        }
        let (begin, offset) = (next, offset_at(next));
        // No zone changes its clocks twice within a day.
        let mut sure = begin;
        let changed = loop {
            let probe = (sure + Days::new(1)).min(until);
            if offset_at(probe) != offset {
                break Some(probe);
            }
            if probe == until || probe - begin > TimeDelta::days(60) {
                sure = probe;
                break None;
            }
            sure = probe;
        };
        // Clocks are changed at whole seconds.
        let end = changed.map_or(sure, |mut after| {
            let mut before = sure;
            while after - before > TimeDelta::milliseconds(1) {
                let middle = before + (after - before) / 2;
                if offset_at(middle) == offset { before = middle } else { after = middle }
            }
            DateTime::from_timestamp((after.timestamp_millis() + 500).div_euclid(1000), 0).unwrap_or(after)
        });
        next = end.min(until);
        Some(Steady { from: begin, to: next, offset: TimeDelta::seconds(offset) })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::intervals::{DAY, tests::hours},
        *,
    };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    /// Monday to Friday, eight to noon and half past twelve to four.
    fn office() -> BusinessHours {
        let (work, none) = (hours(&["08:00-12:00", "12:30-16:00"]), OpeningHours::default());
        BusinessHours {
            zone: Tz::Europe__Oslo,
            week: std::array::from_fn(|day| if day < 5 { work.clone() } else { none.clone() }),
            holidays: Some((Country::NORWAY, None)),
            days: BTreeMap::from([(NaiveDate::from_ymd_opt(2026, 12, 24).expect("a day"), hours(&["08:00-12:00"]))]),
        }
    }

    #[test]
    fn a_quarter_of_an_hour_goes_by_in_business_time() {
        let office = office();
        let due = |from: &str| office.after(at(from), TimeDelta::minutes(15)).expect("an instant");
        assert_eq!(due("2026-03-02T09:00:00Z"), at("2026-03-02T09:15:00Z"));
        assert_eq!(due("2026-03-02T10:50:00Z"), at("2026-03-02T11:35:00Z"), "over lunch");
        assert_eq!(due("2026-03-02T14:55:00Z"), at("2026-03-03T07:10:00Z"), "over night");
        assert_eq!(due("2026-03-06T20:00:00Z"), at("2026-03-09T07:15:00Z"), "over the weekend");
        assert_eq!(due("2026-04-01T13:50:00Z"), at("2026-04-07T06:05:00Z"), "over Easter");
        assert_eq!(due("2026-12-24T10:50:00Z"), at("2026-12-28T07:05:00Z"), "Christmas Eve is half a day");
        assert_eq!(
            due("2026-03-02T10:45:00Z"),
            at("2026-03-02T11:00:00Z"),
            "to the end of the morning, not into the afternoon"
        );
    }

    #[test]
    fn the_hour_that_is_not_there_and_the_hour_that_is_twice() {
        let mut night = office();
        night.week = std::array::from_fn(|_| hours(&["00:00-02:30", "03:00-06:00"]));
        night.holidays = None;
        // 29 March 2026, 02:00 becomes 03:00.
        assert_eq!(night.between(at("2026-03-28T23:00:00Z"), at("2026-03-29T04:00:00Z")), TimeDelta::hours(5));
        // 25 October 2026, 03:00 becomes 02:00: the half hour before half past two is there twice.
        assert_eq!(night.between(at("2026-10-24T22:00:00Z"), at("2026-10-25T05:00:00Z")), TimeDelta::hours(6));
        assert!(night.is_open(at("2026-10-25T00:15:00Z")) && night.is_open(at("2026-10-25T01:15:00Z")));
        assert!(!night.is_open(at("2026-10-25T00:45:00Z")) && !night.is_open(at("2026-10-25T01:45:00Z")));
    }

    #[test]
    fn what_touches_at_midnight_is_one_stretch() {
        let mut late = office();
        late.week = std::array::from_fn(|_| hours(&["00:00-02:00", "20:00-24:00"]));
        let night = (at("2026-03-02T19:00:00Z"), at("2026-03-03T01:00:00Z"));
        assert_eq!(late.stretches(at("2026-03-02T12:00:00Z"), at("2026-03-03T12:00:00Z")), [night]);
        assert_eq!(late.closing(at("2026-03-02T21:00:00Z")), Some(night.1));
        assert_eq!(late.closing(at("2026-03-02T12:00:00Z")), None, "it is closed");
        assert_eq!(
            BusinessHours::always(Tz::Europe__Oslo).closing(at("2026-03-02T12:00:00Z")),
            None,
            "it never closes"
        );
        let friday = NaiveDate::from_ymd_opt(2026, 3, 6).expect("a day");
        assert!(office().is_open(at("2026-03-06T09:00:00Z")));
        assert!(!office().except([friday]).is_open(at("2026-03-06T09:00:00Z")));
    }

    #[test]
    fn who_never_opens_is_never_due() {
        let mut never = office();
        never.week = std::array::from_fn(|_| OpeningHours::default());
        never.days.clear();
        assert_eq!(never.after(at("2026-03-02T09:00:00Z"), TimeDelta::minutes(15)), None);
        assert_eq!(never.opening(at("2026-03-02T09:00:00Z")), None);
        let always = BusinessHours::always(Tz::Europe__Berlin);
        assert_eq!(always.after(at("2026-03-29T00:59:00Z"), TimeDelta::days(1)), Some(at("2026-03-30T00:59:00Z")));
    }

    /// Looks at the clock on the wall, minute by minute.
    fn slowly(hours: &BusinessHours, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let minute = TimeDelta::minutes(1);
        let mut open = TimeDelta::zero();
        let mut at = from;
        while at < to {
            let wall = at.with_timezone(&hours.zone).naive_local();
            let now = (wall - wall.date().and_time(NaiveTime::MIN)).num_minutes();
            if hours.of(wall.date()).iter().any(|one| i64::from(one.from) <= now && now < i64::from(one.to)) {
                open += minute;
            }
            at += minute;
        }
        open
    }

    fn any_hours() -> impl Strategy<Value = OpeningHours> {
        prop::collection::btree_set(0..=DAY, 0..=6).prop_map(|minutes| {
            let minutes: Vec<u16> = minutes.into_iter().collect();
            let pairs = minutes.chunks_exact(2).map(|pair| Interval { from: pair[0], to: pair[1] });
            OpeningHours(pairs.collect())
        })
    }

    fn any_business() -> impl Strategy<Value = BusinessHours> {
        // Whole and half hours from Greenwich, summer time of half an hour (Lord Howe), at midnight (Santiago, Beirut), and none.
        let zones = [
            Tz::Europe__Oslo,
            Tz::Europe__Berlin,
            Tz::America__Santiago,
            Tz::Asia__Beirut,
            Tz::Australia__Lord_Howe,
            Tz::Asia__Kolkata,
            Tz::UTC,
        ];
        let holidays = prop::sample::select(vec![
            None,
            Some((Country::NORWAY, None)),
            Some((Country::GERMANY, Region::parse("NW"))),
        ]);
        (prop::sample::select(zones.to_vec()), prop::array::uniform7(any_hours()), holidays)
            .prop_map(|(zone, week, holidays)| BusinessHours { zone, week, holidays, days: BTreeMap::new() })
    }

    /// Minutes of a time around the days on which clocks are changed, and any other.
    fn any_minute() -> impl Strategy<Value = DateTime<Utc>> {
        let around = [
            "2026-03-29T01:00:00Z",
            "2026-10-25T01:00:00Z",
            "2026-04-05T03:00:00Z",
            "2026-09-06T04:00:00Z",
            "2026-07-01T00:00:00Z",
        ];
        (prop::sample::select(around.map(at).to_vec()), -3000i64..3000)
            .prop_map(|(around, minutes)| around + TimeDelta::minutes(minutes))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn it_counts_as_one_who_watches_the_clock(hours in any_business(), from in any_minute(), minutes in 0i64..4000) {
            let to = from + TimeDelta::minutes(minutes);
            prop_assert_eq!(hours.between(from, to), slowly(&hours, from, to));
            prop_assert_eq!(hours.is_open(from), slowly(&hours, from, from + TimeDelta::minutes(1)) > TimeDelta::zero());
        }

        #[test]
        fn what_is_due_is_due_when_so_much_has_passed_and_not_before(hours in any_business(), from in any_minute(), seconds in 1i64..200_000) {
            let wanted = TimeDelta::seconds(seconds);
            if let Some(due) = hours.after(from, wanted) {
                prop_assert_eq!(hours.between(from, due), wanted);
                prop_assert!(hours.between(from, due - TimeDelta::seconds(1)) < wanted);
            } else {
                prop_assert!(hours.between(from, from + FAR) < wanted);
            }
        }

        #[test]
        fn time_adds_up(hours in any_business(), from in any_minute(), one in 0i64..90_000, other in 0i64..90_000) {
            let (middle, to) = (from + TimeDelta::seconds(one), from + TimeDelta::seconds(one + other));
            prop_assert_eq!(hours.between(from, middle) + hours.between(middle, to), hours.between(from, to));
        }
    }
}
