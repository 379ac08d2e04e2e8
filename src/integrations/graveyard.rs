//! The owner's part of the graveyard: what was given up of their own organization, in words.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::receipts::reason_of;
use crate::{
    audit::{self, Action, Entry},
    db::Tx,
    error::Result,
    jobs::{self, Buried},
};

/// A job that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub struct GivenUp {
    pub id: i64,
    /// `fetch_lead`, …: the app has words for those it knows.
    pub kind: String,
    /// A stable word: the class of Meta's error, `not_connected`, `broken`, `internal`.
    pub reason: String,
    /// How often it was tried.
    pub tries: i32,
    #[schema(required = true)]
    pub at: Option<DateTime<Utc>>,
}

/// What an error says in full may be ours alone; the owner reads its word.
pub async fn list(tx: &mut Tx) -> Result<Vec<GivenUp>> {
    let present = |job: Buried| GivenUp {
        id: job.id,
        reason: reason_of(job.last_error.as_deref().unwrap_or_default()).to_owned(),
        kind: job.kind,
        tries: job.attempt,
        at: job.finished_at,
    };
    Ok(jobs::buried_own(tx).await?.into_iter().map(present).collect())
}

pub async fn replay(tx: &mut Tx, id: i64) -> Result<()> {
    jobs::replay_own(tx, id).await?;
    audit::record(tx, Entry::from(Action::JobReplayed).with("job", id));
    Ok(())
}

/// Takes it out for good; that it was there stays known.
pub async fn discard(tx: &mut Tx, id: i64) -> Result<()> {
    let kind = jobs::discard_own(tx, id).await?;
    audit::record(tx, Entry::from(Action::JobDiscarded).with("job", id).with("kind", kind));
    Ok(())
}
