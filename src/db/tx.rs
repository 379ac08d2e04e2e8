//! Transactions. A [`Tx`] is the tenant: whoever holds one acts for one organization, and the database shows nothing else.

use std::{collections::BTreeMap, sync::Arc};

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
    outbox::{self, Pending, trail::Line},
    types::{
        ids::{HOUSE, OrganizationId, UserId},
        origin::Origin,
    },
};

/// Who does it. Goes into history; permission is decided before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    User(UserId),
    /// Somebody of an operator's staff, who belongs to no organization.
    Operator(UserId),
    /// A job, a webhook, the demo.
    System,
    /// Whoever runs the server, at its command line.
    CommandLine,
    /// Somebody who is not signed in.
    Anonymous,
}

impl Actor {
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) | Self::Operator(id) => Some(id),
            Self::System | Self::CommandLine | Self::Anonymous => None,
        }
    }

    /// As it stands in the audit trail.
    pub fn parts(self) -> (&'static str, Option<Uuid>) {
        let kind = match self {
            Self::User(_) => "user",
            Self::Operator(_) => "operator",
            Self::System => "system",
            Self::CommandLine => "command_line",
            Self::Anonymous => "anonymous",
        };
        (kind, self.user().map(|id| id.0))
    }
}

/// Who does it, and from where.
#[derive(Clone, Debug)]
pub struct By {
    pub actor: Actor,
    /// Of a request; jobs and the command line have none.
    pub origin: Option<Arc<Origin>>,
}

impl From<Actor> for By {
    fn from(actor: Actor) -> Self {
        Self { actor, origin: None }
    }
}

/// A transaction of one organization.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    db: Db,
    organization: OrganizationId,
    by: By,
    now: DateTime<Utc>,
    vault: Arc<Vault>,
    pending: Vec<Pending>,
    lines: Vec<Line>,
    rings_jobs: bool,
    rings_sessions: bool,
}

impl Tx {
    pub(super) fn new(
        inner: Transaction<'static, Postgres>,
        db: Db,
        organization: OrganizationId,
        by: By,
        vault: Arc<Vault>,
    ) -> Self {
        let now = db.now();
        Self {
            inner,
            db,
            organization,
            by,
            now,
            vault,
            pending: Vec::new(),
            lines: Vec::new(),
            rings_jobs: false,
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
        self.by.actor
    }

    /// Who acts, and from where.
    pub fn by(&self) -> &By {
        &self.by
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
        self.by.actor = actor;
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

    /// What people's names and addresses are sealed with: they stand in the directory, which a tenant's transaction may write to as well.
    pub async fn directory_vault(&self) -> Result<Arc<Vault>> {
        self.db.vault(None).await
    }

    /// The events that are written when the transaction ends.
    pub(crate) fn pending(&mut self) -> &mut Vec<Pending> {
        &mut self.pending
    }

    /// The lines of the audit trail that are written when the transaction ends.
    pub(crate) fn lines(&mut self) -> &mut Vec<Line> {
        &mut self.lines
    }

    /// After the commit, wake the workers.
    pub fn ring_jobs(&mut self) {
        self.rings_jobs = true;
    }

    /// After the commit, have every process look who is still signed in, and what they may see.
    pub fn ring_sessions(&mut self) {
        self.rings_sessions = true;
    }

    pub(super) async fn commit(mut self) -> Result<()> {
        let (events, lines) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.lines));
        let written = outbox::flush(&mut self.inner, self.organization, self.now, &self.vault, events, lines).await?;
        self.inner.commit().await?;
        if self.rings_jobs || written.jobs {
            self.db.bell().ring_jobs();
        }
        if written.events {
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
        by: impl Into<By>,
        replay: Option<Replay>,
        verb: impl AsyncFnOnce(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        let Some(replay) = replay else { return self.write(organization, by, verb).await };
        self.write(organization, by, async |tx| {
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

/// Forgets answers kept for repeated requests before `before`, the oldest first, at most `most` of them; tells how many.
pub async fn prune_replays(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    Ok(sqlx::query!(
        "delete from idempotency_keys as kept using (
             select user_id, key from idempotency_keys where created_at < $1 order by created_at limit $2) as oldest
         where kept.user_id = oldest.user_id and kept.key = oldest.key",
        before,
        most
    )
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
    lines: BTreeMap<OrganizationId, Vec<Line>>,
    rings_jobs: bool,
    rings_sessions: bool,
}

impl Directory {
    pub(super) fn new(inner: Transaction<'static, Postgres>, db: Db, vault: Arc<Vault>) -> Self {
        let now = db.now();
        Self { inner, db, now, vault, lines: BTreeMap::new(), rings_jobs: false, rings_sessions: false }
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

    pub fn vault(&self) -> &Vault {
        &self.vault
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

    /// The lines that are left in an organization's audit trail when the transaction ends; the house's own have [`HOUSE`].
    pub(crate) fn lines(&mut self, organization: OrganizationId) -> &mut Vec<Line> {
        self.lines.entry(organization).or_default()
    }

    /// At its very end a transaction of the directory may write into trails, and nothing else of an organization: one after the other, in
    /// the order of their ids, so that two of these never wait for each other.
    async fn flush_lines(&mut self) -> Result<()> {
        for (organization, lines) in std::mem::take(&mut self.lines) {
            let vault = if organization == HOUSE {
                self.vault.clone()
            } else {
                // On this connection, since an organization's keys may have been made in this transaction.
                Arc::new(super::keys::load_in(&mut self.inner, self.db.master(), Some(organization), self.now).await?)
            };
            sqlx::query!("select set_config('app.organization', $1, true)", organization.to_string())
                .fetch_one(&mut *self.inner)
                .await?;
            outbox::flush(&mut self.inner, organization, self.now, &vault, Vec::new(), lines).await?;
        }
        Ok(())
    }

    pub(super) async fn commit(mut self) -> Result<()> {
        self.flush_lines().await?;
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
