//! The statements on what the desk watches.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Ladder;
use crate::{
    db::{Directory, Tx},
    error::Result,
    types::ids::{AlertId, LeadId, OrganizationId, UserId},
};

/// Up to where the events were read. Locked: one desk works for an organization at a time. One that opens begins where the stream stands.
pub(super) async fn lock_head(tx: &mut Tx) -> Result<i64> {
    sqlx::query!(
        "insert into desk_heads (sequence)
         select coalesce((select min(sequence) - 1 from events), (select sequence from event_heads), 0)
         on conflict (organization_id) do nothing"
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!("select sequence from desk_heads for update").fetch_one(tx.conn()).await?)
}

pub(super) async fn set_head(tx: &mut Tx, sequence: i64) -> Result<()> {
    sqlx::query!("update desk_heads set sequence = $1", sequence).execute(tx.conn()).await?;
    Ok(())
}

/// A lead to be watched.
pub(super) struct NewWatch {
    pub lead: LeadId,
    pub at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
}

pub(super) async fn insert(tx: &mut Tx, watches: &[NewWatch]) -> Result<()> {
    sqlx::query!(
        "insert into lead_watches (lead_id, at, due_at)
         select lead_id, at, due_at from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) as watch(lead_id, at, due_at)
         on conflict do nothing",
        &watches.iter().map(|watch| watch.lead.0).collect::<Vec<_>>(),
        &watches.iter().map(|watch| watch.at).collect::<Vec<_>>(),
        &watches.iter().map(|watch| watch.due_at).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A lead that is to be looked at now.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub lead: LeadId,
    pub due_at: DateTime<Utc>,
    /// How often somebody was looked for.
    pub placed: i32,
    /// Of the ladder, the next one; `None` until it is placed.
    pub step: Option<usize>,
}

/// Those that are due, longest first.
pub(super) async fn due(tx: &mut Tx, limit: i64) -> Result<Vec<Watch>> {
    let now = tx.now();
    let rows = sqlx::query!(
        "select lead_id, due_at, placed, step from lead_watches where at <= $1 order by at, lead_id limit $2",
        now,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let watch = |row: (Uuid, DateTime<Utc>, i32, Option<i32>)| Watch {
        lead: LeadId(row.0),
        due_at: row.1,
        placed: row.2,
        step: row.3.and_then(|step| usize::try_from(step).ok()),
    };
    Ok(rows.into_iter().map(|row| watch((row.lead_id, row.due_at, row.placed, row.step))).collect())
}

/// Where a watched lead goes on.
pub(super) struct Next {
    pub lead: LeadId,
    pub at: DateTime<Utc>,
    pub placed: i32,
    pub step: Option<usize>,
}

pub(super) async fn go_on(tx: &mut Tx, next: &[Next]) -> Result<()> {
    if next.is_empty() {
        return Ok(());
    }
    let step = |next: &Next| next.step.and_then(|step| i32::try_from(step).ok());
    sqlx::query!(
        "update lead_watches w set at = next.at, placed = next.placed, step = next.step
         from unnest($1::uuid[], $2::timestamptz[], $3::int[], $4::int[]) as next(lead_id, at, placed, step) where w.lead_id = next.lead_id",
        &next.iter().map(|next| next.lead.0).collect::<Vec<_>>(),
        &next.iter().map(|next| next.at).collect::<Vec<_>>(),
        &next.iter().map(|next| next.placed).collect::<Vec<_>>(),
        &next.iter().map(step).collect::<Vec<_>>() as &[Option<i32>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, leads: &[LeadId]) -> Result<()> {
    if leads.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = leads.iter().map(|id| id.0).collect();
    sqlx::query!("delete from lead_watches where lead_id = any($1)", &ids).execute(tx.conn()).await?;
    Ok(())
}

/// Has these looked at now; tells whether any of them is still watched and would have waited.
pub(super) async fn hurry(tx: &mut Tx, leads: &[LeadId]) -> Result<bool> {
    let (ids, now): (Vec<Uuid>, _) = (leads.iter().map(|id| id.0).collect(), tx.now());
    let done = sqlx::query!(
        "update lead_watches set at = $2 where lead_id = any($1) and at > $2 and step is not null",
        &ids,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether the desk has yet to tell anybody of it, which it does now.
pub(super) async fn hurry_placing(tx: &mut Tx, lead: LeadId) -> Result<bool> {
    let now = tx.now();
    let done =
        sqlx::query!("update lead_watches set at = least(at, $2) where lead_id = $1 and step is null", lead.0, now)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Has those looked at now for whom nobody was found before; tells whether there are any.
pub(super) async fn hurry_unplaced(tx: &mut Tx) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!("update lead_watches set at = $1 where at > $1 and step is null and placed > 0", now)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// When the next one is due.
pub(super) async fn next_at(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!("select at from lead_watches order by at, lead_id limit 1")
        .fetch_optional(tx.conn())
        .await?)
}

pub(super) async fn ladder(tx: &mut Tx) -> Result<(Option<Ladder>, i32)> {
    let row = sqlx::query!("select steps, names_on_lock_screen, version from escalation_ladders")
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok((None, 0)) };
    let ladder = Ladder { steps: serde_json::from_value(row.steps)?, names_on_lock_screen: row.names_on_lock_screen };
    Ok((Some(ladder), row.version))
}

/// `false`: `version` is not the current one.
pub(super) async fn save_ladder(tx: &mut Tx, version: i32, ladder: &Ladder) -> Result<bool> {
    let (steps, now) = (serde_json::to_value(&ladder.steps)?, tx.now());
    let saved = sqlx::query!(
        "insert into escalation_ladders (steps, names_on_lock_screen, version, changed_at) select $1, $2, 1, $4 where $3 = 0
         on conflict (organization_id) do nothing",
        steps,
        ladder.names_on_lock_screen,
        version,
        now
    )
    .execute(tx.conn())
    .await?;
    if saved.rows_affected() == 1 {
        return Ok(true);
    }
    let saved = sqlx::query!(
        "update escalation_ladders set steps = $1, names_on_lock_screen = $2, version = version + 1, changed_at = $4 where version = $3",
        steps,
        ladder.names_on_lock_screen,
        version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(saved.rows_affected() == 1)
}

/// Takes a claim link; `false` where somebody did, or its time is over.
pub(super) async fn take_link(tx: &mut Tx, hash: &[u8]) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "update claim_links set used_at = $2 where code_hash = $1 and used_at is null and expires_at > $2",
        hash,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A claim link that may still be used.
pub(super) struct Link {
    pub organization: OrganizationId,
    pub user: UserId,
    pub alert: AlertId,
    pub is_used: bool,
}

pub(super) async fn find_link(directory: &mut Directory, hash: &[u8]) -> Result<Option<Link>> {
    let now = directory.now();
    let row = sqlx::query!(
        r#"select organization_id, user_id, alert_id, used_at is not null as "is_used!" from claim_links
           where code_hash = $1 and expires_at > $2"#,
        hash,
        now
    )
    .fetch_optional(directory.conn())
    .await?;
    Ok(row.map(|row| Link {
        organization: OrganizationId(row.organization_id),
        user: UserId(row.user_id),
        alert: AlertId(row.alert_id),
        is_used: row.is_used,
    }))
}
