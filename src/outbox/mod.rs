//! What happened, told to everybody who needs to know. [`record`] is part of the transaction of the write: rolled back, nothing was
//! said; committed, it was. Events of an organization carry a gapless sequence in the order of their commits.
//!
//! The audit trail is written in the same statement (`trail`, `flush`): one lock, taken last, orders both.
//!
//! Two roads lead on from here. *Live*: each web process reads the new events and emits them to its own sockets (`live`, `web::socket`).
//! *Durable*: where an event has lasting consequences, a job runs `reactions`.

mod event;
mod flush;
pub mod trail;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::Tx,
    error::{Error, Result},
    types::ids::UserId,
};
pub use event::{Event, Topic};
pub(crate) use flush::flush;

/// Kind of the job that reacts to an event; its payload is the event's sequence.
pub const REACT: &str = "react";

/// Kind of the job by which the desk looks at new leads; asked for with each that is captured, and one an organization at a time.
pub const ATTEND: &str = "attend";

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

/// An event of a world that was made at once.
#[derive(Clone, Debug)]
pub struct Past {
    pub event: Event,
    pub actor: Option<UserId>,
    pub at: DateTime<Utc>,
}

/// Writes the stream of an organization that was made at once: what was recorded before is forgotten, `forgotten` further events are as if they
/// had been and were forgotten too, and then come these, in their order. Nothing follows from them.
pub async fn import(tx: &mut Tx, forgotten: i64, past: &[Past]) -> Result<()> {
    let rows = past.iter().map(|one| one.event.parts()).collect::<Result<Vec<_>>>()?;
    let begin = head(tx).await? + forgotten;
    sqlx::query!("delete from events").execute(tx.conn()).await?;
    sqlx::query!(
        "insert into events (sequence, kind, subject_id, data, actor_id, at)
         select $1 + position, kind, subject_id, data, actor_id, at
         from unnest($2::text[], $3::uuid[], $4::jsonb[], $5::uuid[], $6::timestamptz[]) with ordinality
              as past(kind, subject_id, data, actor_id, at, position)",
        begin,
        &rows.iter().map(|(kind, _, _)| kind.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, subject, _)| *subject).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, data)| data.clone()).collect::<Vec<_>>(),
        &past.iter().map(|one| one.actor.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &past.iter().map(|one| one.at).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    let head = begin + i64::try_from(past.len()).map_err(Error::internal)?;
    sqlx::query!(
        "insert into event_heads (sequence) values ($1) on conflict (organization_id) do update set sequence = excluded.sequence",
        head
    )
    .execute(tx.conn())
    .await?;
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

/// Forgets the oldest events, at most `most` of them, where they are older than `before`; tells how many. What is left is gapless: a
/// younger one keeps all that came after it. An app that is further behind is told to fetch everything.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    Ok(sqlx::query!(
        "with oldest as materialized (select sequence, at from events order by sequence limit $2)
         delete from events where sequence <= (select max(sequence) from oldest)
             and sequence < coalesce((select min(sequence) from oldest where at >= $1), (select max(sequence) + 1 from oldest))",
        before,
        most
    )
    .execute(tx.conn())
    .await?
    .rows_affected())
}
