//! Work that is done later, at least once: kept in the database, enqueued in the transaction of the write that wants it.
//!
//! A job is a struct with a kind and a `run`; its payload carries ids, never personal data. While it runs it holds a lease, which a live
//! process renews; a crash counts as an attempt, so that a job that kills its worker ends in the graveyard, where an operator sees
//! and replays it. A worker takes only kinds that it knows, so old and new releases work side by side.

mod gather;
mod graveyard;
mod handover;
mod sql;
pub mod worker;

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    db::{Directory, Tx},
    error::{Error, Result},
    types::ids::OrganizationId,
};
pub use gather::Gather;
pub use graveyard::{Buried, buried, buried_own, discard_own, replay, replay_own};
pub use handover::{Claim, Handover};
pub use sql::{Depth, DueOfKind, Taken, depth, due_by_kind, prune};

/// A kind of work.
pub trait Job<C>: Serialize + DeserializeOwned + Send + 'static {
    /// Stable: it stands in the database.
    const KIND: &'static str;
    /// Smaller goes first.
    const PRIORITY: i16 = 100;
    /// Crashes and failures until it is buried.
    const MAX_ATTEMPTS: i32 = 12;

    /// At most one unfinished job of this kind and key exists.
    fn key(&self) -> Option<String> {
        None
    }

    fn run(self, context: Context<C>) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What a running job knows of itself.
#[derive(Clone)]
pub struct Context<C> {
    pub app: C,
    pub organization: Option<OrganizationId>,
    pub id: i64,
    /// From 1.
    pub attempt: i32,
}

impl<C> Context<C> {
    /// The organization the job was enqueued for.
    pub fn organization(&self) -> Result<OrganizationId, Failure> {
        self.organization.ok_or_else(|| Failure::Permanent("the job belongs to no organization".to_owned()))
    }
}

/// Why a job did not succeed. The text is read by an operator: no personal data, no secrets.
#[derive(Debug)]
pub enum Failure {
    /// Again, later and later.
    Retry(String),
    /// Again, not before this has passed. Does not count towards the graveyard until a day of it.
    RetryAfter(Duration, String),
    /// Trying again cannot help: to the graveyard.
    Permanent(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) | Error::Internal(_) | Error::Conflict { .. } => Self::Retry(error.to_string()),
            Error::TooMany { retry_after, .. } => Self::RetryAfter(Duration::from_secs(retry_after), error.to_string()),
            _ => Self::Permanent(error.to_string()),
        }
    }
}

/// Enqueues within a tenant's transaction; `false` where an unfinished job of the same key exists.
pub async fn enqueue<C, J: Job<C>>(tx: &mut Tx, job: &J) -> Result<bool> {
    let now = tx.now();
    enqueue_at(tx, job, now).await
}

/// As [`enqueue`]; where the unfinished job of the same key runs already, it runs once more. So whatever is committed with this is seen by a run
/// that begins after it. Only for a job with a key.
pub async fn ask<C, J: Job<C>>(tx: &mut Tx, job: &J) -> Result<()> {
    let (organization, now) = (tx.organization(), tx.now());
    let payload = serde_json::to_value(job)?;
    let organization = Some(organization);
    sql::ask(tx.conn(), organization, J::KIND, job.key(), payload, J::PRIORITY, J::MAX_ATTEMPTS, now, now).await?;
    tx.ring_jobs();
    Ok(())
}

/// As [`ask`], from the directory, and to run at `at` where there is none; where one waits, the earlier time holds.
pub async fn ask_for_at<C, J: Job<C>>(
    directory: &mut Directory,
    organization: Option<OrganizationId>,
    job: &J,
    at: DateTime<Utc>,
) -> Result<()> {
    let payload = serde_json::to_value(job)?;
    let now = directory.now();
    sql::ask(directory.conn(), organization, J::KIND, job.key(), payload, J::PRIORITY, J::MAX_ATTEMPTS, at, now)
        .await?;
    directory.ring_jobs();
    Ok(())
}

/// As [`enqueue`], to run at `at`.
pub async fn enqueue_at<C, J: Job<C>>(tx: &mut Tx, job: &J, at: DateTime<Utc>) -> Result<bool> {
    let (organization, now) = (tx.organization(), tx.now());
    let new = sql::insert(
        tx.conn(),
        Some(organization),
        J::KIND,
        job.key(),
        serde_json::to_value(job)?,
        J::PRIORITY,
        J::MAX_ATTEMPTS,
        at,
        now,
    )
    .await?;
    tx.ring_jobs();
    Ok(new)
}

/// Enqueues from the directory, for an organization or for none.
pub async fn enqueue_for<C, J: Job<C>>(
    directory: &mut Directory,
    organization: Option<OrganizationId>,
    job: &J,
) -> Result<bool> {
    let now = directory.now();
    enqueue_for_at(directory, organization, job, now).await
}

/// As [`enqueue_for`], to run at `at`.
pub async fn enqueue_for_at<C, J: Job<C>>(
    directory: &mut Directory,
    organization: Option<OrganizationId>,
    job: &J,
    at: DateTime<Utc>,
) -> Result<bool> {
    let now = directory.now();
    let new = sql::insert(
        directory.conn(),
        organization,
        J::KIND,
        job.key(),
        serde_json::to_value(job)?,
        J::PRIORITY,
        J::MAX_ATTEMPTS,
        at,
        now,
    )
    .await?;
    directory.ring_jobs();
    Ok(new)
}

type Run<C> = Arc<dyn Fn(Value, Context<C>) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> + Send + Sync>;

/// A job that a schedule enqueues: `every` so often, once over all processes.
pub struct Schedule {
    pub kind: &'static str,
    pub every: Duration,
    pub payload: Value,
}

/// The kinds that a worker knows.
pub struct Registry<C> {
    kinds: HashMap<&'static str, Run<C>>,
    schedules: Vec<Schedule>,
}

impl<C: Clone + Send + Sync + 'static> Default for Registry<C> {
    fn default() -> Self {
        Self { kinds: HashMap::new(), schedules: Vec::new() }
    }
}

impl<C: Clone + Send + Sync + 'static> Registry<C> {
    #[must_use]
    pub fn with<J: Job<C>>(mut self) -> Self {
        let run: Run<C> = Arc::new(|payload, context| {
            Box::pin(async move {
                let job: J = serde_json::from_value(payload)
                    .map_err(|error| Failure::Permanent(format!("the payload does not fit: {error}")))?;
                job.run(context).await
            })
        });
        let before = self.kinds.insert(J::KIND, run);
        assert!(before.is_none(), "two jobs of the kind {}", J::KIND);
        self
    }

    /// Enqueues `job` once every `every`.
    #[must_use]
    pub fn scheduled<J: Job<C>>(mut self, every: Duration, job: &J) -> Self {
        let payload = serde_json::to_value(job).expect("a job serializes");
        self.schedules.push(Schedule { kind: J::KIND, every, payload });
        self.with::<J>()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.kinds.keys().map(|kind| (*kind).to_owned()).collect()
    }
}
