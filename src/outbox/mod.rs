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

/// Records that something happened. Call it last: the organization's sequence is locked from here to the commit.
pub async fn record(tx: &mut Tx, event: Event) -> Result<i64> {
    let (kind, subject, data) = event.parts()?;
    let (actor, now, durable) = (tx.actor().user().map(|id| id.0), tx.now(), event.is_durable());
    let organization = tx.organization().0;
    let sequence = sqlx::query_scalar!(
        r#"with head as (
               insert into event_heads (organization_id, sequence) values ($7, 1)
               on conflict (organization_id) do update set sequence = event_heads.sequence + 1
               returning sequence),
           recorded as (
               insert into events (organization_id, sequence, kind, subject_id, data, actor_id, at)
               select $7, sequence, $1, $2, $3, $4, $5 from head),
           follows as (
               insert into jobs (organization_id, kind, key, payload, run_at, created_at)
               select $7, 'react', $7::text || ':' || sequence, jsonb_build_object('sequence', sequence), $5, $5 from head where $6)
           select sequence from head"#,
        kind,
        subject,
        data,
        actor,
        now,
        durable,
        organization
    )
    .fetch_one(tx.conn())
    .await?;
    tx.ring_events();
    if durable {
        tx.ring_jobs();
    }
    Ok(sequence)
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
    rows.into_iter()
        .map(|row| {
            let event = Event::from_parts(&row.kind, row.data)?;
            Ok(Recorded { sequence: row.sequence, event, actor: row.actor_id, at: row.at })
        })
        .collect()
}

/// One event, for the job that reacts to it.
pub async fn find(tx: &mut Tx, sequence: i64) -> Result<Option<Recorded>> {
    Ok(since(tx, sequence - 1, 1).await?.into_iter().find(|recorded| recorded.sequence == sequence))
}

/// Forgets events older than `before`. An app that is further behind is told to fetch everything.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from events where at < $1", before).execute(tx.conn()).await?.rows_affected())
}
