//! Who covers when: a week of everybody's hours beside those of the business, with the gaps in between.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Ground, people};
use crate::{
    db::Tx,
    error::{Error, Result},
    types::ids::UserId,
};

/// Days.
const FURTHEST: i64 = 3660;

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// One person's hours of a day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Worked {
    pub user_id: UserId,
    pub spans: Vec<Span>,
}

/// A day of the business's calendar.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DayOfRota {
    pub date: NaiveDate,
    /// From midnight to midnight; on a day on which clocks are changed that is not 24 hours.
    pub day: Span,
    /// When the business is open.
    pub open: Vec<Span>,
    /// Of those who take leads; who is not there on that day is left out.
    pub people: Vec<Worked>,
    /// Open, and nobody is there.
    pub gaps: Vec<Span>,
}

/// A week from Monday on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RotaWeek {
    pub days: Vec<DayOfRota>,
}

/// The week of this day, as the shifts say; pauses, which are of today, are left out.
pub async fn week(tx: &mut Tx, day: Option<NaiveDate>) -> Result<RotaWeek> {
    let ground = Ground::read(tx).await?;
    let today = tx.now().with_timezone(&ground.zone).date_naive();
    let day = day.unwrap_or(today);
    if (day - today).num_days().abs() > FURTHEST {
        return Err(Error::invalid("day", "out_of_range", "A day within ten years."));
    }
    let monday = day.week(chrono::Weekday::Mon).first_day();
    let mut people = people(tx).await?;
    people.retain(|person| person.takes_leads);
    let spans = |stretches: Vec<(DateTime<Utc>, DateTime<Utc>)>| -> Vec<Span> {
        stretches.into_iter().map(|(from, to)| Span { from, to }).collect()
    };
    let days = monday.iter_days().take(7).map(|date| {
        let day = Span { from: midnight(ground.zone, date), to: midnight(ground.zone, date + Days::new(1)) };
        let open = spans(ground.hours.stretches(day.from, day.to));
        let people: Vec<Worked> = people
            .iter()
            .map(|person| Worked { user_id: person.row.user, spans: spans(person.hours.stretches(day.from, day.to)) })
            .filter(|worked| !worked.spans.is_empty())
            .collect();
        let covered = people.iter().flat_map(|worked| worked.spans.iter().copied()).collect();
        let gaps = without(&open, covered);
        DayOfRota { date, day, open, people, gaps }
    });
    Ok(RotaWeek { days: days.collect() })
}

/// The first instant of a day; where its midnight is skipped, the first one after it.
fn midnight(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    let wall = date.and_time(NaiveTime::MIN);
    let quarters = (0..96).map(|quarter| wall + TimeDelta::minutes(15 * quarter));
    let first = quarters.filter_map(|wall| wall.and_local_timezone(zone).earliest()).next();
    first.map_or_else(|| wall.and_utc(), |at| at.to_utc())
}

/// What of these is covered by none of those.
fn without(spans: &[Span], mut covered: Vec<Span>) -> Vec<Span> {
    covered.sort_unstable_by_key(|span| span.from);
    let mut left = Vec::new();
    for span in spans {
        let mut from = span.from;
        for cover in covered.iter().filter(|cover| cover.to > span.from && cover.from < span.to) {
            if cover.from > from {
                left.push(Span { from, to: cover.from });
            }
            from = from.max(cover.to);
        }
        if from < span.to {
            left.push(Span { from, to: span.to });
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, length: i64) -> Span {
        let at = |minute| DateTime::from_timestamp(minute * 60, 0).expect("an instant");
        Span { from: at(from), to: at(from + length) }
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((0i64..200, 1i64..60), 0..8)
            .prop_map(|all| all.into_iter().map(|(from, length)| span(from, length)).collect())
    }

    proptest! {
        #[test]
        fn a_gap_is_open_and_nobodys_and_everything_that_is_so_is_a_gap(covered in spans(), open in (0i64..100, 1i64..150), minute in 0i64..300) {
            let open = [span(open.0, open.1)];
            let gaps = without(&open, covered.clone());
            let at = span(minute, 1).from;
            let holds = |spans: &[Span]| spans.iter().any(|span| span.from <= at && at < span.to);
            prop_assert_eq!(holds(&gaps), holds(&open) && !holds(&covered));
        }
    }

    #[test]
    fn a_day_begins_at_midnight_or_where_its_midnight_would_have_been() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        assert_eq!(midnight(Tz::Europe__Oslo, date("2026-03-02")), at("2026-03-01T23:00:00Z"));
        // Santiago skips from 24:00 to 01:00.
        assert_eq!(midnight(Tz::America__Santiago, date("2026-09-06")), at("2026-09-06T04:00:00Z"));
    }
}
