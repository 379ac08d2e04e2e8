//! The statements on leads that wait for somebody who is free.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::Tx,
    error::Result,
    leads::queue::Queued,
    types::ids::{LeadId, UserId},
};

pub(in crate::leads) async fn enqueue(tx: &mut Tx, ids: &[LeadId]) -> Result<()> {
    let (ids, now): (Vec<Uuid>, _) = (ids.iter().map(|id| id.0).collect(), tx.now());
    sqlx::query!(
        "update leads set queued_at = $2 where id = any($1) and queued_at is null and assignee_id is null and next_at is not null",
        &ids,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::leads) async fn wait_no_more(tx: &mut Tx, ids: &[LeadId]) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("update leads set queued_at = null where id = any($1)", &ids).execute(tx.conn()).await?;
    Ok(())
}

pub(in crate::leads) async fn queued(
    tx: &mut Tx,
    after: Option<(DateTime<Utc>, LeadId)>,
    most: i64,
) -> Result<Vec<Queued>> {
    let (at, id) = after.map(|(at, id)| (at, id.0)).unzip();
    Ok(sqlx::query_as!(
        Queued,
        r#"select id as "id: LeadId", created_at from leads
           where queued_at is not null and assignee_id is null and next_at is not null
             and ($1::timestamptz is null or (created_at, id) > ($1, $2::uuid))
           order by created_at, id limit $3"#,
        at,
        id,
        most
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(in crate::leads) async fn in_hand(tx: &mut Tx, users: &[UserId]) -> Result<HashMap<UserId, i64>> {
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query!(
        r#"select assignee_id as "user!", count(*) as "open!" from leads
           where assignee_id = any($1) and next_at is not null group by assignee_id"#,
        &users
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (UserId(row.user), row.open)).collect())
}
