//! Lists give sort keys and ids, a page of them; the rows are read by id.

use uuid::Uuid;

use crate::{
    db::Tx,
    error::Result,
    identity::Viewer,
    leads::find::{Counts, Key, Narrowed},
    types::ids::{LeadId, UserId},
};

/// The newest first, after the cursor.
pub(in crate::leads) async fn newest(tx: &mut Tx, viewer: &Viewer, by: &Narrowed) -> Result<Vec<(Key, Uuid)>> {
    let (after, after_id) = by.after.unzip();
    let after_at = after.map(|key| key.at);
    let rows = sqlx::query!(
        r#"select id, created_at from leads
           where ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
             and ($3 or assignee_id is null or assignee_id = $4)
             and ($5::text[] is null or status = any($5))
             and ($6::uuid[] is null or assignee_id = any($6) or ($7 and assignee_id is null))
             and ($8::uuid is null or campaign_id = $8)
             and ($9::uuid is null or form_id = $9)
             and ($10::timestamptz is null or created_at >= $10)
             and ($11::timestamptz is null or created_at < $11)
             and ($12::bytea[] is null or id in (select lead_id from lead_tokens where token = any($12)))
             and ($13::bytea[] is null or id in (select lead_id from lead_tokens where token = any($13)))
             and ($14::bytea[] is null or id in (select lead_id from lead_tokens where token = any($14)))
           order by created_at desc, id desc limit $15"#,
        after_at,
        after_id,
        viewer.sees_all,
        viewer.user.0,
        by.statuses.as_deref(),
        by.assignees.as_deref(),
        by.or_nobody,
        by.campaign,
        by.form,
        by.from,
        by.to,
        by.tokens[0].as_deref(),
        by.tokens[1].as_deref(),
        by.tokens[2].as_deref(),
        by.limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (Key { at: row.created_at, tried: false }, row.id)).collect())
}

/// What is to do: those whom nobody has tried yet before those who are to be tried again, and of each the next due first. Somebody who
/// wrote a minute ago must not wait behind yesterday's follow-ups.
pub(in crate::leads) async fn next_due(tx: &mut Tx, viewer: &Viewer, by: &Narrowed) -> Result<Vec<(Key, Uuid)>> {
    let (after, after_id) = by.after.unzip();
    let (after_at, after_tried) = (after.map(|key| key.at), after.map(|key| key.tried));
    let now = tx.now();
    let rows = sqlx::query!(
        r#"select id, next_at as "next_at!", (first_attempt_at is not null) as "tried!" from leads
           where next_at is not null and (snoozed_until is null or snoozed_until <= $16)
             and ($1::timestamptz is null or (first_attempt_at is not null, next_at, id) > ($17::boolean, $1, $2::uuid))
             and ($3 or assignee_id is null or assignee_id = $4)
             and ($5::text[] is null or status = any($5))
             and ($6::uuid[] is null or assignee_id = any($6) or ($7 and assignee_id is null))
             and ($8::uuid is null or campaign_id = $8)
             and ($9::uuid is null or form_id = $9)
             and ($10::timestamptz is null or created_at >= $10)
             and ($11::timestamptz is null or created_at < $11)
             and ($12::bytea[] is null or id in (select lead_id from lead_tokens where token = any($12)))
             and ($13::bytea[] is null or id in (select lead_id from lead_tokens where token = any($13)))
             and ($14::bytea[] is null or id in (select lead_id from lead_tokens where token = any($14)))
           order by (first_attempt_at is not null), next_at, id limit $15"#,
        after_at,
        after_id,
        viewer.sees_all,
        viewer.user.0,
        by.statuses.as_deref(),
        by.assignees.as_deref(),
        by.or_nobody,
        by.campaign,
        by.form,
        by.from,
        by.to,
        by.tokens[0].as_deref(),
        by.tokens[1].as_deref(),
        by.tokens[2].as_deref(),
        by.limit,
        now,
        after_tried
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (Key { at: row.next_at, tried: row.tried }, row.id)).collect())
}

pub(in crate::leads) async fn counts(tx: &mut Tx, viewer: &Viewer) -> Result<Counts> {
    let now = tx.now();
    Ok(sqlx::query_as!(
        Counts,
        r#"select count(*) filter (where (snoozed_until is null or snoozed_until <= $3) and ($1 or assignee_id is null or assignee_id = $2)) as "todo!",
                  count(*) filter (where assignee_id = $2) as "mine!",
                  count(*) filter (where assignee_id is null) as "unclaimed!"
           from leads where next_at is not null"#,
        viewer.is_manager(),
        viewer.user.0,
        now
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Ids in their order, for sweeps.
pub(in crate::leads) async fn ids_after(tx: &mut Tx, after: Option<LeadId>, batch: i64) -> Result<Vec<LeadId>> {
    let ids = sqlx::query_scalar!(
        "select id from leads where ($1::uuid is null or id > $1) order by id limit $2",
        after.map(|id| id.0),
        batch
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(LeadId).collect())
}

/// Open leads in somebody's hands, the oldest first.
pub(in crate::leads) async fn open_ids_of(tx: &mut Tx, user: UserId, batch: i64) -> Result<Vec<LeadId>> {
    let ids = sqlx::query_scalar!(
        "select id from leads where assignee_id = $1 and status not in ('won', 'lost') order by id limit $2",
        user.0,
        batch
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(LeadId).collect())
}
