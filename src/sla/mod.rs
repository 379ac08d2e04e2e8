//! The service level: within how many minutes of business time a new lead is called, and what business time is (LP-027, LP-029).
//!
//! Invariants: without a schedule a business is there at every minute; a change holds for leads that come from then on, since what was
//! promised stays promised; every lead has a due time, also one that comes to a business which never opens.

mod http;
mod sql;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit::{self, Action, Entry},
    db::Tx,
    error::{Error, Result},
    organizations::{self, Organization},
    types::{
        country::Country,
        holidays::{self, Region},
        hours::BusinessHours,
        intervals::{Interval, OpeningHours},
    },
};
pub use http::routes;

/// Days of one's own: bridge days and works outings of several years.
const MOST_DAYS: usize = 400;
/// So many holidays to come are told.
const HOLIDAYS_TOLD: usize = 6;

/// The hours of a business in its own time zone, as its people write them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Seven days, from Monday on, each with its intervals: `08:00-12:00`, at most `24:00`. None: closed.
    #[schema(min_items = 7, max_items = 7)]
    pub week: Vec<Vec<String>>,
    /// Whether it is closed on the public holidays of its country (NO, DE, NL).
    pub holidays: bool,
    /// The German state whose holidays are kept besides: ISO 3166-2 after `DE-`.
    #[schema(required = true, example = "BY")]
    pub region: Option<String>,
    /// Days that are as no other; they go before holidays and weekdays.
    #[schema(max_items = 400)]
    pub days: Vec<OwnDay>,
}

/// One day that is as no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnDay {
    pub date: NaiveDate,
    /// None: closed.
    pub hours: Vec<String>,
}

/// What the organization promises, as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SlaPolicy {
    /// Of business time, to the first attempt.
    pub minutes: i32,
    /// `null`: there at every minute.
    #[schema(required = true)]
    pub schedule: Option<Schedule>,
    /// The public holidays that come next, kept or not.
    pub next_holidays: Vec<NaiveDate>,
    /// Name it in `If-Match` to change the policy.
    pub version: i32,
}

/// The policy to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ChangeSlaPolicy {
    #[schema(minimum = 1, maximum = 1440)]
    pub minutes: i32,
    #[schema(required = true)]
    pub schedule: Option<Schedule>,
}

/// The policy, as it is counted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sla {
    /// Of business time, to the first attempt.
    pub within: TimeDelta,
    pub hours: BusinessHours,
}

/// The clock of one lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaClock {
    /// From when on somebody is there.
    pub opens_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
}

impl Sla {
    /// Of a business that is there at every minute.
    pub fn always(within: TimeDelta) -> Self {
        Self { within, hours: BusinessHours::always(Tz::UTC) }
    }

    /// The clock of a lead that came then.
    pub fn clock(&self, came: DateTime<Utc>) -> SlaClock {
        match (self.hours.opening(came), self.hours.after(came, self.within)) {
            (Some(opens_at), Some(due_at)) => SlaClock { opens_at, due_at },
            // It never opens: nobody must wait where nobody looks.
            _ => SlaClock { opens_at: came, due_at: came + self.within },
        }
    }

    pub fn waited(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Waited {
        let whole = |time: TimeDelta| i32::try_from(time.num_seconds().max(0)).unwrap_or(i32::MAX);
        Waited { seconds: whole(to - from), business_seconds: whole(self.hours.between(from, to)) }
    }
}

/// How long somebody waited for an answer, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// By the clock on the wall.
    pub seconds: i32,
    /// While somebody was there.
    pub business_seconds: i32,
}

impl Schedule {
    /// As it is counted with. 422 for what is none, with its place.
    pub fn business_hours(&self, zone: Tz, country: Country) -> Result<BusinessHours> {
        let week = self
            .week
            .iter()
            .enumerate()
            .map(|(index, day)| read_day(day, "week", index))
            .collect::<Result<Vec<_>>>()?;
        let week: [OpeningHours; 7] = week
            .try_into()
            .map_err(|_| Error::invalid("schedule.week", "week_invalid", "A week has seven days, from Monday on."))?;
        if self.days.len() > MOST_DAYS {
            return Err(Error::invalid("schedule.days", "too_many", "At most 400 days."));
        }
        let mut days = BTreeMap::new();
        for (index, day) in self.days.iter().enumerate() {
            if days.insert(day.date, read_day(&day.hours, "days", index)?).is_some() {
                return Err(invalid("days", index, "day_twice", format!("{} stands there twice.", day.date)));
            }
        }
        let region = match self.region.as_deref() {
            None => None,
            Some(text) => Some(Region::parse(text).filter(|_| country == Country::GERMANY).ok_or_else(|| {
                Error::invalid(
                    "schedule.region",
                    "region_unknown",
                    "A German state, of a German business: BY, NW, BE …",
                )
            })?),
        };
        Ok(BusinessHours { zone, week, holidays: self.holidays.then_some((country, region)), days })
    }

    fn region(&self) -> Option<Region> {
        self.region.as_deref().and_then(Region::parse)
    }
}

fn read_day(texts: &[String], list: &'static str, index: usize) -> Result<OpeningHours> {
    let intervals = texts.iter().map(|text| text.parse::<Interval>()).collect::<std::result::Result<Vec<_>, _>>();
    intervals.and_then(OpeningHours::try_from).map_err(|why| invalid(list, index, "hours_invalid", why.to_string()))
}

fn invalid(list: &'static str, index: usize, reason: &'static str, detail: String) -> Error {
    Error::Invalid { field: format!("schedule.{list}.{index}").into(), reason, detail: detail.into() }
}

/// From what stands in the columns.
pub fn of(minutes: i32, time_zone: &str, country: Country, schedule: Option<&Schedule>) -> Result<Sla> {
    let zone: Tz = time_zone.parse().map_err(Error::internal)?;
    let hours =
        schedule.map_or_else(|| Ok(BusinessHours::always(zone)), |schedule| schedule.business_hours(zone, country))?;
    Ok(Sla { within: TimeDelta::minutes(i64::from(minutes)), hours })
}

fn of_organization(organization: &Organization, schedule: Option<&Schedule>) -> Result<Sla> {
    of(organization.sla_minutes, &organization.time_zone, organization.country, schedule)
}

/// What the organization of this transaction promises, as it is counted with.
pub async fn current(tx: &mut Tx) -> Result<Sla> {
    let organization = organizations::current(tx).await?;
    of_organization(&organization, sql::find(tx).await?.0.as_ref())
}

/// What the organization promises, as its owner sees it.
pub async fn read(tx: &mut Tx) -> Result<SlaPolicy> {
    let organization = organizations::current(tx).await?;
    let (schedule, version) = sql::find(tx).await?;
    view(tx, &organization, schedule, version)
}

/// Changes the policy, for leads that come from now on. 422 with the place of what is none; 412.
pub async fn change(tx: &mut Tx, version: i32, change: ChangeSlaPolicy) -> Result<SlaPolicy> {
    let ChangeSlaPolicy { minutes, schedule } = change;
    let mut organization = organizations::current(tx).await?;
    organization.sla_minutes = minutes;
    let hours = of_organization(&organization, schedule.as_ref())?.hours;
    if schedule.is_some() && hours.opening(tx.now()).is_none() {
        return Err(Error::invalid(
            "schedule",
            "never_open",
            "Somebody has to be there at some time within the next year.",
        ));
    }
    organizations::set_sla(tx, minutes).await?;
    if !sql::save(tx, version, schedule.as_ref()).await? {
        return Err(Error::Precondition { current: sql::find(tx).await?.1 });
    }
    audit::record(
        tx,
        Entry::from(Action::SlaChanged)
            .with("minutes", minutes)
            .with("hours", schedule.as_ref().map(|schedule| &schedule.week)),
    );
    view(tx, &organization, schedule, version + 1)
}

fn view(tx: &Tx, organization: &Organization, schedule: Option<Schedule>, version: i32) -> Result<SlaPolicy> {
    let zone: Tz = organization.time_zone.parse().map_err(Error::internal)?;
    let region = schedule.as_ref().and_then(Schedule::region);
    let days = tx.now().with_timezone(&zone).date_naive().iter_days().take(400);
    let next_holidays =
        days.filter(|day| holidays::is_holiday(organization.country, region, *day)).take(HOLIDAYS_TOLD).collect();
    Ok(SlaPolicy { minutes: organization.sla_minutes, schedule, next_holidays, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(weekday: &[&str]) -> Schedule {
        let day: Vec<String> = weekday.iter().map(|text| (*text).to_owned()).collect();
        let week = (0..7).map(|index| if index < 5 { day.clone() } else { Vec::new() }).collect();
        Schedule { week, holidays: true, region: None, days: Vec::new() }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn what_comes_at_night_has_its_time_from_the_morning_on() {
        let sla =
            of(15, "Europe/Oslo", Country::NORWAY, Some(&schedule(&["08:00-12:00", "12:30-16:00"]))).expect("a policy");
        let clock = |came, opens, due| {
            assert_eq!(sla.clock(at(came)), SlaClock { opens_at: at(opens), due_at: at(due) }, "{came}")
        };
        clock("2026-11-19T09:00:00Z", "2026-11-19T09:00:00Z", "2026-11-19T09:15:00Z");
        // Five minutes before lunch, and ten after it.
        clock("2026-11-19T10:55:00Z", "2026-11-19T10:55:00Z", "2026-11-19T11:40:00Z");
        // Friday night; then before Christmas, which is on a Friday.
        clock("2026-11-20T21:00:00Z", "2026-11-23T07:00:00Z", "2026-11-23T07:15:00Z");
        clock("2026-12-24T16:00:00Z", "2026-12-28T07:00:00Z", "2026-12-28T07:15:00Z");
    }

    #[test]
    fn a_business_that_never_opens_owes_an_answer_all_the_same() {
        let sla = of(15, "Europe/Oslo", Country::NORWAY, Some(&schedule(&[]))).expect("a policy");
        let came = at("2026-11-19T09:00:00Z");
        assert_eq!(sla.clock(came), SlaClock { opens_at: came, due_at: came + TimeDelta::minutes(15) });
    }

    #[test]
    fn what_is_no_schedule_is_told_with_its_place() {
        let refused =
            |schedule: Schedule, country| match schedule.business_hours(Tz::UTC, country).expect_err("refused") {
                Error::Invalid { field, reason, .. } => format!("{field} {reason}"),
                other => panic!("{other:?}"),
            };
        let good = || schedule(&["08:00-16:00"]);
        assert_eq!(
            refused(schedule(&["08:00-12:00", "11:00-13:00"]), Country::NORWAY),
            "schedule.week.0 hours_invalid"
        );
        assert_eq!(refused(Schedule { week: Vec::new(), ..good() }, Country::NORWAY), "schedule.week week_invalid");
        assert_eq!(
            refused(Schedule { region: Some("BY".into()), ..good() }, Country::NORWAY),
            "schedule.region region_unknown"
        );
        assert_eq!(
            refused(Schedule { region: Some("XX".into()), ..good() }, Country::GERMANY),
            "schedule.region region_unknown"
        );
        let day = OwnDay { date: NaiveDate::from_ymd_opt(2026, 12, 24).expect("a day"), hours: vec!["8-12".into()] };
        assert_eq!(
            refused(Schedule { days: vec![day.clone()], ..good() }, Country::NORWAY),
            "schedule.days.0 hours_invalid"
        );
        let closed = OwnDay { hours: Vec::new(), ..day };
        assert_eq!(
            refused(Schedule { days: vec![closed.clone(), closed], ..good() }, Country::NORWAY),
            "schedule.days.1 day_twice"
        );
    }
}
