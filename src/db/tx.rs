//! Transactions. A [`Tx`] is the tenant: whoever holds one acts for one organization, and the database shows nothing else.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{
    Db,
    seal::{Place, Sealed, Vault},
};
use crate::{
    error::{Error, Result},
    outbox::{self, Pending},
    types::ids::{OrganizationId, UserId},
};

/// Who does it. Goes into history; permission is decided before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    User(UserId),
    /// A job, a webhook, the demo.
    System,
}

impl Actor {
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::System => None,
        }
    }
}

/// A transaction of one organization.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    db: Db,
    organization: OrganizationId,
    actor: Actor,
    now: DateTime<Utc>,
    vault: Arc<Vault>,
    pending: Vec<Pending>,
    rings_jobs: bool,
    rings_events: bool,
    rings_sessions: bool,
}

impl Tx {
    pub(super) fn new(
        inner: Transaction<'static, Postgres>,
        db: Db,
        organization: OrganizationId,
        actor: Actor,
        vault: Arc<Vault>,
    ) -> Self {
        let now = db.now();
        Self {
            inner,
            db,
            organization,
            actor,
            now,
            vault,
            pending: Vec::new(),
            rings_jobs: false,
            rings_events: false,
            rings_sessions: false,
        }
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// One time for all that happens in this transaction.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// For the demo world, whose history lies in the past.
    pub fn set_now(&mut self, now: DateTime<Utc>) {
        self.now = now;
    }

    pub fn set_actor(&mut self, actor: Actor) {
        self.actor = actor;
    }

    pub fn seal(&self, table: &'static str, column: &'static str, row: Uuid, plain: &str) -> Result<Sealed> {
        self.vault.seal(Place { table, column, row }, plain.as_bytes()).map_err(Error::internal)
    }

    pub fn seal_some(
        &self,
        table: &'static str,
        column: &'static str,
        row: Uuid,
        plain: Option<&str>,
    ) -> Result<Option<Sealed>> {
        plain.map(|plain| self.seal(table, column, row, plain)).transpose()
    }

    pub fn open(&self, table: &'static str, column: &'static str, row: Uuid, sealed: &Sealed) -> Result<String> {
        let plain = self.vault.open(Place { table, column, row }, sealed).map_err(Error::internal)?;
        String::from_utf8(plain).map_err(Error::internal)
    }

    pub fn open_some(
        &self,
        table: &'static str,
        column: &'static str,
        row: Uuid,
        sealed: Option<&Sealed>,
    ) -> Result<Option<String>> {
        sealed.map(|sealed| self.open(table, column, row, sealed)).transpose()
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The events that are written when the transaction ends.
    pub(crate) fn pending(&mut self) -> &mut Vec<Pending> {
        &mut self.pending
    }

    /// After the commit, wake the workers.
    pub fn ring_jobs(&mut self) {
        self.rings_jobs = true;
    }

    /// After the commit, tell the live listeners that this organization has news.
    pub fn ring_events(&mut self) {
        self.rings_events = true;
    }

    /// After the commit, have every process look who is still signed in, and what they may see.
    pub fn ring_sessions(&mut self) {
        self.rings_sessions = true;
    }

    pub(super) async fn commit(mut self) -> Result<()> {
        outbox::flush(&mut self).await?;
        self.inner.commit().await?;
        if self.rings_jobs {
            self.db.bell().ring_jobs();
        }
        if self.rings_events {
            self.db.bell().ring_events(self.organization);
        }
        if self.rings_sessions {
            self.db.bell().ring_sessions();
        }
        Ok(())
    }
}

/// A write that a person asked for, with the key under which a repeated asking is recognised.
#[derive(Clone, Debug)]
pub struct Replay {
    pub key: String,
    pub user: UserId,
    /// What was asked (method and path): the same key with another request is a mistake, not a repetition.
    pub fingerprint: Vec<u8>,
}

impl Db {
    /// As [`Db::write`], but the answer is kept with the write, in the same transaction: asked again under the same key, the first
    /// answer is given and nothing is done. Of two that come at once, the second waits for the first.
    pub async fn write_once<T: Serialize + DeserializeOwned>(
        &self,
        organization: OrganizationId,
        actor: Actor,
        replay: Option<Replay>,
        verb: impl AsyncFnOnce(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        let Some(replay) = replay else { return self.write(organization, actor, verb).await };
        self.write(organization, actor, async |tx| {
            let row = crate::types::ids::new_uuid(tx.now());
            let now = tx.now();
            let fresh = sqlx::query!(
                "insert into idempotency_keys (user_id, key, id, fingerprint, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
                replay.user.0,
                replay.key,
                row,
                replay.fingerprint,
                now
            )
            .execute(tx.conn())
            .await?
            .rows_affected()
                == 1;
            if fresh {
                let done = verb(tx).await?;
                let answer = tx.seal("idempotency_keys", "response", row, &serde_json::to_string(&done)?)?;
                sqlx::query!("update idempotency_keys set response = $3 where user_id = $1 and key = $2", replay.user.0, replay.key, answer.0)
                    .execute(tx.conn())
                    .await?;
                return Ok(done);
            }
            let kept = sqlx::query!(
                r#"select id, fingerprint, response as "response: Sealed" from idempotency_keys where user_id = $1 and key = $2"#,
                replay.user.0,
                replay.key
            )
            .fetch_one(tx.conn())
            .await?;
            if kept.fingerprint != replay.fingerprint {
                return Err(Error::invalid("Idempotency-Key", "key_reused", "This key was used for another request."));
            }
            let response = kept.response.ok_or_else(|| Error::internal("an idempotency key without an answer"))?;
            Ok(serde_json::from_str(&tx.open("idempotency_keys", "response", kept.id, &response)?)?)
        })
        .await
    }
}

/// Forgets answers kept for repeated requests before `before`.
pub async fn prune_replays(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from idempotency_keys where created_at < $1", before)
        .execute(tx.conn())
        .await?
        .rows_affected())
}

/// A transaction outside any organization: sees the directory tables only.
pub struct Directory {
    inner: Transaction<'static, Postgres>,
    db: Db,
    now: DateTime<Utc>,
    vault: Arc<Vault>,
    rings_jobs: bool,
    rings_sessions: bool,
}

impl Directory {
    pub(super) fn new(inner: Transaction<'static, Postgres>, db: Db, vault: Arc<Vault>) -> Self {
        let now = db.now();
        Self { inner, db, now, vault, rings_jobs: false, rings_sessions: false }
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    pub(super) async fn refresh_vault(&mut self, owner: Option<OrganizationId>) -> Result<()> {
        if owner.is_none() {
            let rows = super::keys::load_in(&mut self.inner, self.db.master(), None, self.now).await?;
            self.vault = Arc::new(rows);
        }
        self.db.forget_keys();
        Ok(())
    }

    pub fn seal(&self, table: &'static str, column: &'static str, row: Uuid, plain: &str) -> Result<Sealed> {
        self.vault.seal(Place { table, column, row }, plain.as_bytes()).map_err(Error::internal)
    }

    pub fn open(&self, table: &'static str, column: &'static str, row: Uuid, sealed: &Sealed) -> Result<String> {
        let plain = self.vault.open(Place { table, column, row }, sealed).map_err(Error::internal)?;
        String::from_utf8(plain).map_err(Error::internal)
    }

    /// The blind index of a value of the directory.
    pub fn index(&self, column: &str, normalised: &str) -> Result<Vec<u8>> {
        self.vault.index(column, normalised).map_err(Error::internal)
    }

    pub fn ring_jobs(&mut self) {
        self.rings_jobs = true;
    }

    /// After the commit, have every process look who is still signed in, and what they may see.
    pub fn ring_sessions(&mut self) {
        self.rings_sessions = true;
    }

    pub(super) async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        if self.rings_jobs {
            self.db.bell().ring_jobs();
        }
        if self.rings_sessions {
            self.db.bell().ring_sessions();
        }
        Ok(())
    }
}
