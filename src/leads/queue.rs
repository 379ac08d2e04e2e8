//! Leads that wait for somebody who is free, and giving them without anybody's hand (`distribution` decides to whom).
//!
//! Invariant: a lead that waits is open and nobody's.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{sql, told::Told, work};
use crate::{
    db::{Actor, Tx},
    error::Result,
    outbox::{self, Event},
    types::ids::{LeadId, RuleId, UserId},
};

/// By which way a lead found somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DistributionKind)]
pub enum Kind {
    Everybody,
    People,
    RoundRobin,
    Person,
    RollOut,
}

/// Why it went as it did: ids, counts, words of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlacementReason)]
pub struct Why {
    pub way: Kind,
    /// Which rule decided; null: what holds for all others.
    #[schema(required = true)]
    pub rule: Option<RuleId>,
    /// A rule was for it, but nobody of it was free.
    pub instead: bool,
    /// So many were on shift with room for it.
    pub free: i32,
    /// How many open leads whoever got it has with this one; null where it was given to nobody.
    #[schema(required = true)]
    pub open: Option<i64>,
    /// Of how many they take at most; null: as many as come.
    #[schema(required = true)]
    pub capacity: Option<i32>,
    /// Of a roll-out: which group, counted from 0; as many as there are groups: everybody.
    #[schema(required = true)]
    pub step: Option<i32>,
}

/// Gives a lead that is nobody's to somebody; `why` stands in its history. `false` where it is somebody's meanwhile, or not open.
pub async fn give(tx: &mut Tx, id: LeadId, to: UserId, why: &Why) -> Result<bool> {
    let mut row = sql::lock(tx, id).await?;
    if row.assignee_id.is_some() || !row.status()?.is_open() {
        return Ok(false);
    }
    work::take(&mut row, to, tx.now());
    let data = json!({ "from": null, "to": to, "placement": why });
    // Nobody did it, whosever act led here.
    let actor = tx.actor();
    tx.set_actor(Actor::System);
    let saved = work::save(tx, row, None, Told::Assigned, data).await;
    tx.set_actor(actor);
    saved.map(|_| true)
}

/// Has these wait for somebody who is free; those that are somebody's or closed do not.
pub async fn enqueue(tx: &mut Tx, ids: &[LeadId]) -> Result<()> {
    sql::enqueue(tx, ids).await
}

/// They were told to several people: nobody in particular is waited for.
pub async fn wait_no_more(tx: &mut Tx, ids: &[LeadId]) -> Result<()> {
    if ids.is_empty() { Ok(()) } else { sql::wait_no_more(tx, ids).await }
}

/// Those that wait, the oldest first, after this one.
pub async fn queued(tx: &mut Tx, after: Option<(DateTime<Utc>, LeadId)>, most: i64) -> Result<Vec<Queued>> {
    sql::queued(tx, after, most).await
}

/// A lead that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    pub id: LeadId,
    pub created_at: DateTime<Utc>,
}

/// How many open leads each of these has in hand; who has none is left out.
pub async fn in_hand(tx: &mut Tx, users: &[UserId]) -> Result<HashMap<UserId, i64>> {
    sql::in_hand(tx, users).await
}

/// Somebody has one open lead less. Only where others wait does that concern anybody.
pub(super) async fn freed(tx: &mut Tx, user: UserId) -> Result<()> {
    if !sql::queued(tx, None, 1).await?.is_empty() {
        outbox::record(tx, Event::HandsFreed { user });
    }
    Ok(())
}
