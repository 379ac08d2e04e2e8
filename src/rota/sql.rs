//! The statements on shifts and pauses.

use super::{Away, Pause, Row};
use crate::{db::Tx, error::Result, identity::Role, sla::Schedule, types::ids::UserId};

/// Everybody who is of the organization now, by id; whoever has no shift of their own has the default.
pub(super) async fn rows(tx: &mut Tx) -> Result<Vec<Row>> {
    let organization = tx.organization();
    let rows = sqlx::query!(
        r#"select m.user_id, m.role, s.schedule, s.away as "away?", s.takes_leads, coalesce(s.weight, 1) as "weight!", s.capacity,
                  coalesce(s.version, 0) as "version!", p.since as "since?", p.until
           from memberships m
           join users u on u.id = m.user_id and u.disabled_at is null
           left join shifts s on s.user_id = m.user_id
           left join pauses p on p.user_id = m.user_id
           where m.organization_id = $1 and m.ended_at is null
           order by m.user_id"#,
        organization.0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Row {
                user: UserId(row.user_id),
                role: Role::parse(&row.role)?,
                schedule: row.schedule.map(serde_json::from_value::<Schedule>).transpose()?,
                away: row.away.map(serde_json::from_value::<Vec<Away>>).transpose()?.unwrap_or_default(),
                takes_leads: row.takes_leads,
                weight: row.weight,
                capacity: row.capacity,
                version: row.version,
                pause: row.since.map(|since| Pause { since, until: row.until }),
            })
        })
        .collect()
}

pub(super) async fn version(tx: &mut Tx, user: UserId) -> Result<i32> {
    let version = sqlx::query_scalar!("select version from shifts where user_id = $1", user.0);
    Ok(version.fetch_optional(tx.conn()).await?.unwrap_or(0))
}

/// `false`: `version` is not the current one.
pub(super) async fn save_hours(
    tx: &mut Tx,
    user: UserId,
    version: i32,
    schedule: Option<&Schedule>,
    away: &[Away],
) -> Result<bool> {
    let (schedule, away, now) =
        (schedule.map(serde_json::to_value).transpose()?, serde_json::to_value(away)?, tx.now());
    let saved = if version == 0 {
        sqlx::query!(
            "insert into shifts (user_id, schedule, away, changed_at) values ($1, $2, $3, $4) on conflict do nothing",
            user.0,
            schedule,
            away,
            now
        )
        .execute(tx.conn())
        .await?
    } else {
        sqlx::query!(
            "update shifts set schedule = $3, away = $4, changed_at = $5, version = version + 1 where user_id = $1 and version = $2",
            user.0,
            version,
            schedule,
            away,
            now
        )
        .execute(tx.conn())
        .await?
    };
    Ok(saved.rows_affected() == 1)
}

/// All of a shift.
pub(super) struct NewShift<'a> {
    pub schedule: Option<&'a Schedule>,
    pub away: &'a [Away],
    pub takes_leads: bool,
    pub weight: i32,
    pub capacity: Option<i32>,
}

/// `false`: `version` is not the current one.
pub(super) async fn save(tx: &mut Tx, user: UserId, version: i32, new: NewShift<'_>) -> Result<bool> {
    if !save_hours(tx, user, version, new.schedule, new.away).await? {
        return Ok(false);
    }
    sqlx::query!(
        "update shifts set takes_leads = $2, weight = $3, capacity = $4 where user_id = $1",
        user.0,
        new.takes_leads,
        new.weight,
        new.capacity
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

pub(super) async fn set_pause(tx: &mut Tx, user: UserId, pause: Pause) -> Result<()> {
    let actor = tx.actor().user().map(|id| id.0);
    sqlx::query!(
        "insert into pauses (user_id, since, until, actor_id) values ($1, $2, $3, $4)
         on conflict (organization_id, user_id) do update set since = excluded.since, until = excluded.until, actor_id = excluded.actor_id",
        user.0,
        pause.since,
        pause.until,
        actor
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether there was one that had not passed.
pub(super) async fn end_pause(tx: &mut Tx, user: UserId) -> Result<bool> {
    let now = tx.now();
    let until = sqlx::query_scalar!("delete from pauses where user_id = $1 returning until", user.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(until.is_some_and(|until| until.is_none_or(|until| now < until)))
}
