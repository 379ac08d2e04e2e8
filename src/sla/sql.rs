//! The statements on business hours.

use super::Schedule;
use crate::{db::Tx, error::Result};

/// The schedule, and the version of the policy: 0 until it is changed for the first time.
pub(super) async fn find(tx: &mut Tx) -> Result<(Option<Schedule>, i32)> {
    let row = sqlx::query!("select schedule, version from business_hours").fetch_optional(tx.conn()).await?;
    row.map_or(Ok((None, 0)), |row| Ok((row.schedule.map(serde_json::from_value).transpose()?, row.version)))
}

/// `false`: `version` is not the current one.
pub(super) async fn save(tx: &mut Tx, version: i32, schedule: Option<&Schedule>) -> Result<bool> {
    let (schedule, now) = (schedule.map(serde_json::to_value).transpose()?, tx.now());
    let saved = if version == 0 {
        sqlx::query!(
            "insert into business_hours (schedule, version, changed_at) values ($1, 1, $2) on conflict do nothing",
            schedule,
            now
        )
        .execute(tx.conn())
        .await?
    } else {
        sqlx::query!(
            "update business_hours set schedule = $2, version = version + 1, changed_at = $3 where version = $1",
            version,
            schedule,
            now
        )
        .execute(tx.conn())
        .await?
    };
    Ok(saved.rows_affected() == 1)
}
