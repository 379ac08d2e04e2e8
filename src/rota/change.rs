//! Changing a shift, going away for a while, and coming back.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::{Away, ChangeHours, ChangeShift, Ground, MOST_DAYS_AWAY, Pause, Shift, read, sql};
use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    identity,
    outbox::{self, Event},
    sla::Schedule,
    types::ids::UserId,
};

/// Minutes. Who is away for longer is away.
const LONGEST_PAUSE: i64 = 480;

/// Changes when a person works; what managers decide stays. 422 with the place of what is none; 404; 412.
pub async fn change_hours(tx: &mut Tx, user: UserId, version: i32, change: ChangeHours) -> Result<Shift> {
    let ChangeHours { schedule, away } = change;
    let away = checked(tx, schedule.as_ref(), away).await?;
    must_be_member(tx, user).await?;
    if !sql::save_hours(tx, user, version, schedule.as_ref(), &away).await? {
        return Err(Error::Precondition { current: sql::version(tx, user).await? });
    }
    changed(tx, user, schedule.as_ref(), &away).await
}

/// Changes a person's shift with all that there is to it. As [`change_hours`].
pub async fn change_shift(tx: &mut Tx, user: UserId, version: i32, change: ChangeShift) -> Result<Shift> {
    let ChangeShift { schedule, away, takes_leads, weight, capacity } = change;
    if !(1..=10).contains(&weight) {
        return Err(Error::invalid("weight", "out_of_range", "From 1 to 10."));
    }
    if capacity.is_some_and(|most| !(1..=500).contains(&most)) {
        return Err(Error::invalid("capacity", "out_of_range", "From 1 to 500, or null for as many as come."));
    }
    let away = checked(tx, schedule.as_ref(), away).await?;
    must_be_member(tx, user).await?;
    let row = sql::NewShift { schedule: schedule.as_ref(), away: &away, takes_leads, weight, capacity };
    if !sql::save(tx, user, version, row).await? {
        return Err(Error::Precondition { current: sql::version(tx, user).await? });
    }
    changed(tx, user, schedule.as_ref(), &away).await
}

async fn must_be_member(tx: &mut Tx, user: UserId) -> Result<()> {
    identity::is_member(tx, user).await?.map(|_| ()).ok_or(Error::NotFound)
}

/// The days away in their order, without those that are long past. 422.
async fn checked(tx: &mut Tx, schedule: Option<&Schedule>, mut away: Vec<Away>) -> Result<Vec<Away>> {
    let refused = |index: usize, reason, detail: &'static str| Error::Invalid {
        field: format!("away.{index}").into(),
        reason,
        detail: detail.into(),
    };
    let mut days = 0;
    for (index, one) in away.iter().enumerate() {
        if one.to < one.from {
            return Err(refused(index, "away_backwards", "The last day is before the first."));
        }
        days += (one.to - one.from).num_days() + 1;
        if days > MOST_DAYS_AWAY {
            return Err(refused(index, "too_many", "At most 400 days away in all."));
        }
    }
    Ground::read(tx).await?.hours_of(schedule, &away)?;
    let long_past = tx.now().date_naive() - TimeDelta::days(31);
    away.retain(|one| one.to >= long_past);
    away.sort_unstable_by_key(|one| (one.from, one.to));
    Ok(away)
}

async fn changed(tx: &mut Tx, user: UserId, schedule: Option<&Schedule>, away: &[Away]) -> Result<Shift> {
    let shift = read(tx, user).await?;
    let entry = Action::ShiftChanged
        .on(user)
        .with("hours", schedule.map(|schedule| &schedule.week))
        .with("away", (!away.is_empty()).then_some(away))
        .with("takes_leads", shift.takes_leads)
        .with("weight", shift.weight)
        .with("capacity", shift.capacity);
    audit::record(tx, entry);
    outbox::record(tx, Event::RotaChanged { user });
    Ok(shift)
}

/// Somebody is away from now on: for so many minutes, or until they come back. 422; 404.
pub async fn pause(tx: &mut Tx, user: UserId, minutes: Option<i64>) -> Result<Shift> {
    if minutes.is_some_and(|minutes| !(1..=LONGEST_PAUSE).contains(&minutes)) {
        return Err(Error::invalid("minutes", "out_of_range", "From 1 to 480 minutes, or null until you come back."));
    }
    must_be_member(tx, user).await?;
    let since = tx.now();
    let until: Option<DateTime<Utc>> = minutes.map(|minutes| since + TimeDelta::minutes(minutes));
    // As the database keeps it.
    let until = until.map(|until| until.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(until));
    sql::set_pause(tx, user, Pause { since, until }).await?;
    audit::record(tx, Action::PauseBegun.on(user).with("until", until));
    outbox::record(tx, Event::RotaChanged { user });
    read(tx, user).await
}

/// Somebody is back. Nothing happens to whoever was not away. 404.
pub async fn resume(tx: &mut Tx, user: UserId) -> Result<Shift> {
    must_be_member(tx, user).await?;
    if sql::end_pause(tx, user).await? {
        audit::record(tx, Action::PauseEnded.on(user));
        outbox::record(tx, Event::RotaChanged { user });
    }
    read(tx, user).await
}
