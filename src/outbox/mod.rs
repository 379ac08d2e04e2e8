//! What happened, told to everybody who needs to know. [`record`] is part of the transaction of the write: rolled back, nothing was
//! said; committed, it was. Events of an organization carry a gapless sequence in the order of their commits.
//!
//! Two roads lead on from here. *Live*: each web process reads the new events and emits them to its own sockets (`live`, `web::socket`).
//! *Durable*: where an event has lasting consequences, a job runs `reactions`.

mod event;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{db::Tx, error::Result};
pub use event::{Event, Topic};

/// Kind of the job that reacts to an event; its payload is the event's sequence.
pub const REACT: &str = "react";

/// An event as it was recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Gapless per organization, in commit order.
    pub sequence: i64,
    pub event: Event,
    pub actor: Option<Uuid>,
    pub at: DateTime<Utc>,
}

/// An event that waits for the end of its transaction.
#[derive(Clone, Debug)]
pub struct Pending {
    event: Event,
    actor: Option<Uuid>,
    at: DateTime<Utc>,
}

/// Records that something happened. It is written at the very end of the transaction, in one statement with all others: from there
/// to the commit the organization's sequence is locked, and whoever holds that lock never waits for another one.
pub fn record(tx: &mut Tx, event: Event) {
    let pending = Pending { event, actor: tx.actor().user().map(|id| id.0), at: tx.now() };
    if !tx.pending().iter().any(|known| known.event == pending.event) {
        tx.pending().push(pending);
    }
}

/// Writes what was recorded: the events, the jobs that react to them; and has the bell rung after the commit.
pub(crate) async fn flush(tx: &mut Tx) -> Result<()> {
    let pending = std::mem::take(tx.pending());
    if pending.is_empty() {
        return Ok(());
    }
    let durable: Vec<bool> = pending.iter().map(|recorded| recorded.event.is_durable()).collect();
    let actors: Vec<Option<Uuid>> = pending.iter().map(|recorded| recorded.actor).collect();
    let times: Vec<DateTime<Utc>> = pending.iter().map(|recorded| recorded.at).collect();
    let (mut kinds, mut subjects, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for recorded in &pending {
        let parts = recorded.event.parts()?;
        kinds.push(parts.0);
        subjects.push(parts.1);
        data.push(parts.2);
    }
    let (organization, now) = (tx.organization().0, tx.now());
    sqlx::query!(
        r#"with new as (
               select kind, subject_id, data, actor_id, at, durable, position
               from unnest($2::text[], $3::uuid[], $4::jsonb[], $5::uuid[], $6::timestamptz[], $7::boolean[])
                    with ordinality as new(kind, subject_id, data, actor_id, at, durable, position)),
           head as (
               insert into event_heads (organization_id, sequence) select $1, count(*) from new
               on conflict (organization_id) do update set sequence = event_heads.sequence + excluded.sequence
               returning sequence),
           numbered as (
               select new.*, head.sequence - (select count(*) from new) + position as sequence from new, head),
           recorded as (
               insert into events (organization_id, sequence, kind, subject_id, data, actor_id, at)
               select $1, sequence, kind, subject_id, data, actor_id, at from numbered)
           insert into jobs (organization_id, kind, key, payload, run_at, created_at)
           select $1, 'react', $1::uuid::text || ':' || sequence, jsonb_build_object('sequence', sequence), $8, $8 from numbered where durable"#,
        organization,
        &kinds,
        &subjects,
        &data,
        &actors as &[Option<Uuid>],
        &times,
        &durable,
        now
    )
    .execute(tx.conn())
    .await?;
    tx.ring_events();
    if durable.contains(&true) {
        tx.ring_jobs();
    }
    Ok(())
}

/// Where the organization's stream stands.
pub async fn head(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar!("select sequence from event_heads").fetch_optional(tx.conn()).await?.unwrap_or(0))
}

/// The events after `sequence`, oldest first, at most `limit`.
pub async fn since(tx: &mut Tx, sequence: i64, limit: i64) -> Result<Vec<Recorded>> {
    let rows = sqlx::query!(
        "select sequence, kind, data, actor_id, at from events where sequence > $1 order by sequence limit $2",
        sequence,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let recorded = rows.into_iter().map(|row| Recorded {
        sequence: row.sequence,
        event: Event::from_parts(&row.kind, row.data),
        actor: row.actor_id,
        at: row.at,
    });
    Ok(recorded.collect())
}

/// One event, for the job that reacts to it.
pub async fn find(tx: &mut Tx, sequence: i64) -> Result<Option<Recorded>> {
    Ok(since(tx, sequence - 1, 1).await?.into_iter().find(|recorded| recorded.sequence == sequence))
}

/// Forgets events older than `before`. An app that is further behind is told to fetch everything.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from events where at < $1", before).execute(tx.conn()).await?.rows_affected())
}
