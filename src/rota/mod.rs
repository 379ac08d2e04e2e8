//! Who is there: each person's shift, and the pauses that they take (LP-031).
//!
//! Somebody is *on shift* when they take leads, their hours are open and they are not paused. A person's hours are their own week, or else
//! the organization's; days on which they are away go before both.
//!
//! Invariants: whoever has said nothing works the organization's hours, with a weight of one and no capacity; agents take leads, and
//! owners and managers only where they say so, or where there is no agent who could; times are the organization's, as the clock on the wall
//! shows them.

mod change;
mod http;
mod sql;
mod week;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    db::Tx,
    error::{Error, Result},
    identity::Role,
    organizations,
    sla::{self, Schedule},
    types::{country::Country, hours::BusinessHours, ids::UserId},
};
pub use change::{change_hours, change_shift, pause, resume};
pub use http::routes;
pub use week::{DayOfRota, RotaWeek, Span, Worked, week};

/// Days away in all, of one person.
const MOST_DAYS_AWAY: i64 = 400;

/// Somebody who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnShift {
    pub user: UserId,
    /// Of what is given out, this person's part beside the others': 1 to 10.
    pub weight: i32,
    /// So many open leads at most; none: as many as come.
    pub capacity: Option<i32>,
}

/// Days on which somebody is not there, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Away {
    pub from: NaiveDate,
    /// The last day of it.
    pub to: NaiveDate,
}

impl Away {
    fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }
}

/// Somebody is away for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    pub since: DateTime<Utc>,
    /// Null: until they come back.
    #[schema(required = true)]
    pub until: Option<DateTime<Utc>>,
}

impl Pause {
    fn holds(self, at: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// When a person works, and whether they are there now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    pub user_id: UserId,
    /// Name it in `If-Match` to change the shift; 0 until it is changed for the first time.
    pub version: i32,
    /// Null: the organization's hours.
    #[schema(required = true)]
    pub schedule: Option<Schedule>,
    /// Days on which they are not there, whatever else is said.
    pub away: Vec<Away>,
    /// Whether leads are given to them. Unless somebody says otherwise: agents, and where there is none everybody.
    pub takes_leads: bool,
    /// Their part of what is given out, beside the others': 1 to 10.
    pub weight: i32,
    /// So many open leads at most; null: as many as come.
    #[schema(required = true)]
    pub capacity: Option<i32>,
    /// Of now; null where they are not paused.
    #[schema(required = true)]
    pub pause: Option<Pause>,
    /// Within their hours, and not paused.
    pub is_there: bool,
    /// When they go or come next by themselves; null where that is not known.
    #[schema(required = true)]
    pub changes_at: Option<DateTime<Utc>>,
}

/// Which hours of a shift are to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeHours {
    /// Null: the organization's hours.
    #[serde(deserialize_with = "crate::http::nullable")]
    #[schema(required = true)]
    pub schedule: Option<Schedule>,
    pub away: Vec<Away>,
}

/// A shift to be, with what only managers decide.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeShift {
    /// Null: the organization's hours.
    #[serde(deserialize_with = "crate::http::nullable")]
    #[schema(required = true)]
    pub schedule: Option<Schedule>,
    pub away: Vec<Away>,
    pub takes_leads: bool,
    #[schema(minimum = 1, maximum = 10)]
    pub weight: i32,
    #[serde(deserialize_with = "crate::http::nullable")]
    #[schema(required = true, minimum = 1, maximum = 500)]
    pub capacity: Option<i32>,
}

/// What stands in the rows of one person.
struct Row {
    user: UserId,
    role: Role,
    schedule: Option<Schedule>,
    away: Vec<Away>,
    takes_leads: Option<bool>,
    weight: i32,
    capacity: Option<i32>,
    version: i32,
    pause: Option<Pause>,
}

/// A person's hours, as they are counted with.
struct Person {
    row: Row,
    hours: BusinessHours,
    takes_leads: bool,
}

impl Person {
    fn is_there(&self, at: DateTime<Utc>) -> bool {
        !self.row.pause.is_some_and(|pause| pause.holds(at)) && self.hours.is_open(at)
    }

    /// When they are there next, at this instant or later.
    fn comes(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let free = match self.row.pause.filter(|pause| pause.holds(at)) {
            Some(pause) => pause.until?,
            None => at,
        };
        self.hours.opening(free)
    }

    fn shift(self, now: DateTime<Utc>) -> Shift {
        let is_there = self.is_there(now);
        let changes_at = if is_there { self.hours.closing(now) } else { self.comes(now) };
        Shift {
            user_id: self.row.user,
            version: self.row.version,
            schedule: self.row.schedule,
            away: self.row.away,
            takes_leads: self.takes_leads,
            weight: self.row.weight,
            capacity: self.row.capacity,
            pause: self.row.pause.filter(|pause| pause.holds(now)),
            is_there,
            changes_at,
        }
    }
}

/// Where and by which hours the organization works.
struct Ground {
    zone: Tz,
    country: Country,
    hours: BusinessHours,
}

impl Ground {
    async fn read(tx: &mut Tx) -> Result<Self> {
        let country = organizations::current(tx).await?.country;
        let hours = sla::current(tx).await?.hours;
        Ok(Self { zone: hours.zone, country, hours })
    }

    /// 422 with the place of what is no schedule.
    fn hours_of(&self, schedule: Option<&Schedule>, away: &[Away]) -> Result<BusinessHours> {
        let hours = match schedule {
            Some(schedule) => schedule.business_hours(self.zone, self.country)?,
            None => self.hours.clone(),
        };
        Ok(hours.except(away.iter().flat_map(|away| away.days())))
    }
}

/// Everybody of the organization, by id.
async fn people(tx: &mut Tx) -> Result<Vec<Person>> {
    let ground = Ground::read(tx).await?;
    let rows = sql::rows(tx).await?;
    let has_agents = rows.iter().any(|row| row.role == Role::Agent);
    let person = |row: Row| {
        let hours = ground.hours_of(row.schedule.as_ref(), &row.away)?;
        let takes_leads = row.takes_leads.unwrap_or(row.role == Role::Agent || !has_agents);
        Ok(Person { row, hours, takes_leads })
    };
    rows.into_iter().map(person).collect()
}

/// Who takes leads and is there at this instant, by id. Whether their capacity is full is for those to say who know the leads.
pub async fn on_shift(tx: &mut Tx, at: DateTime<Utc>) -> Result<Vec<OnShift>> {
    let there = people(tx).await?.into_iter().filter(|person| person.takes_leads && person.is_there(at));
    let on_shift = |Person { row, .. }: Person| OnShift { user: row.user, weight: row.weight, capacity: row.capacity };
    Ok(there.map(on_shift).collect())
}

/// Everybody who takes leads, there or not, by id.
pub async fn takers(tx: &mut Tx) -> Result<Vec<UserId>> {
    Ok(people(tx).await?.into_iter().filter(|person| person.takes_leads).map(|person| person.row.user).collect())
}

/// When somebody who takes leads comes who is not there at `after`: their hours begin, or a pause ends by itself. `None` where nobody
/// comes within 400 days.
pub async fn opens_at(tx: &mut Tx, after: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let absent = people(tx).await?.into_iter().filter(|person| person.takes_leads && !person.is_there(after));
    Ok(absent.filter_map(|person| person.comes(after)).min())
}

/// The shifts of everybody, by id.
pub async fn all(tx: &mut Tx) -> Result<Vec<Shift>> {
    let now = tx.now();
    Ok(people(tx).await?.into_iter().map(|person| person.shift(now)).collect())
}

/// One person's shift. 404 for who is no member.
pub async fn read(tx: &mut Tx, user: UserId) -> Result<Shift> {
    let now = tx.now();
    let found = people(tx).await?.into_iter().find(|person| person.row.user == user);
    found.map(|person| person.shift(now)).ok_or(Error::NotFound)
}
