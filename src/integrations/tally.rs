//! The proof that no lead is lost: per form and day, how many leads stand in Meta's own list, and how many of them are here (LP-080).
//!
//! Both sides are counted, none is derived from the other: the ids in the lists are kept when the forms are asked, what is here are the leads.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{reconcile::OVERLAP, sql};
use crate::{
    db::Tx,
    error::{Error, Result},
    organizations,
    types::ids::FormId,
};

/// So far back the lists are kept.
pub(super) const KEPT: TimeDelta = TimeDelta::days(35);
const MOST_DAYS: u8 = 31;

/// How many days are counted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TallyQuery {
    /// 1 to 31, today among them; 7 unless said.
    #[param(minimum = 1, maximum = 31)]
    pub days: Option<u8>,
}

/// Meta's count and ours.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// All forms together, newest day first; days of the organization's time zone.
    pub days: Vec<DayTally>,
    pub forms: Vec<FormTally>,
}

/// Of one form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FormTally {
    /// Null: leads that named no form, or one that we do not know.
    #[schema(required = true)]
    pub form_id: Option<FormId>,
    #[schema(required = true)]
    pub name: Option<String>,
    /// Up to when Meta's list was read; null: not yet.
    #[schema(required = true)]
    pub asked_at: Option<DateTime<Utc>>,
    pub days: Vec<DayTally>,
}

/// Of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayTally {
    pub date: NaiveDate,
    /// Leads in Meta's list.
    pub meta: i64,
    /// Leads that are here, of those sent before the list was last read.
    pub ours: i64,
    /// Told by a webhook, so lately that the list may still lack it; in neither count.
    pub fresh: i64,
    /// Of ours: no webhook told of them in time, so they were found by asking.
    pub found: i64,
    /// Of ours: made with Meta's testing tool.
    pub tests: i64,
    /// Of ours: not in Meta's list.
    pub unlisted: i64,
    /// Meta's that are not here: to be fetched any moment.
    pub on_the_way: i64,
    /// … waiting for the connection to be mended.
    pub waiting: i64,
    /// … given up after many tries; they can be replayed.
    pub given_up: i64,
    /// … taken out of the graveyard by an owner.
    pub discarded: i64,
    /// … that were here and were erased, or were never taken in.
    pub gone: i64,
}

impl DayTally {
    fn of(date: NaiveDate) -> Self {
        Self {
            date,
            meta: 0,
            ours: 0,
            fresh: 0,
            found: 0,
            tests: 0,
            unlisted: 0,
            on_the_way: 0,
            waiting: 0,
            given_up: 0,
            discarded: 0,
            gone: 0,
        }
    }

    fn add(&mut self, other: &Self) {
        self.meta += other.meta;
        self.ours += other.ours;
        self.fresh += other.fresh;
        self.found += other.found;
        self.tests += other.tests;
        self.unlisted += other.unlisted;
        self.on_the_way += other.on_the_way;
        self.waiting += other.waiting;
        self.given_up += other.given_up;
        self.discarded += other.discarded;
        self.gone += other.gone;
    }
}

impl From<(NaiveDate, &sql::TallyRow)> for DayTally {
    fn from((date, row): (NaiveDate, &sql::TallyRow)) -> Self {
        Self {
            date,
            meta: row.meta,
            ours: row.ours,
            fresh: row.fresh,
            found: row.found,
            tests: row.tests,
            unlisted: row.unlisted,
            on_the_way: row.on_the_way,
            waiting: row.waiting,
            given_up: row.given_up,
            discarded: row.discarded,
            gone: row.gone,
        }
    }
}

/// Counts the last days, today among them.
pub async fn count(tx: &mut Tx, query: &TallyQuery) -> Result<Tally> {
    let days = query.days.unwrap_or(7);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::invalid("days", "out_of_range", "From 1 to 31."));
    }
    let organization = organizations::current(tx).await?;
    let zone: Tz = organization.time_zone.parse().map_err(Error::internal)?;
    let today = tx.now().with_timezone(&zone).date_naive();
    let dates: Vec<NaiveDate> =
        (0..u64::from(days)).filter_map(|back| today.checked_sub_days(Days::new(back))).collect();
    let first = dates.last().copied().unwrap_or(today);
    let rows = sql::tally(tx, beginning(first, zone), &organization.time_zone, OVERLAP).await?;

    let mut total: BTreeMap<NaiveDate, DayTally> = dates.iter().map(|date| (*date, DayTally::of(*date))).collect();
    let mut forms: Vec<FormTally> = Vec::new();
    for row in &rows {
        let form_id = row.form_id.map(FormId);
        if forms.last().is_none_or(|form| form.form_id != form_id) {
            let days = dates.iter().map(|date| DayTally::of(*date)).collect();
            forms.push(FormTally { form_id, name: row.form_name.clone(), asked_at: row.asked_at, days });
        }
        let (Some(date), Some(form)) = (row.day, forms.last_mut()) else { continue };
        let counted = DayTally::from((date, row));
        if let Some(day) = form.days.iter_mut().find(|day| day.date == date) {
            *day = counted;
        }
        if let Some(day) = total.get_mut(&date) {
            day.add(&counted);
        }
    }
    Ok(Tally { days: total.into_values().rev().collect(), forms })
}

/// The first moment of a day; where the clocks skip it, the first that there is.
fn beginning(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    let local = zone.from_local_datetime(&midnight).earliest();
    let local = local.or_else(|| zone.from_local_datetime(&(midnight + TimeDelta::hours(1))).earliest());
    local.map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// Forgets what Meta's lists held so long ago that nobody counts it. Tells how many rows.
pub async fn forget(tx: &mut Tx, most: i64) -> Result<u64> {
    let before = tx.now() - KEPT;
    sql::forget_listed(tx, before, most).await
}
