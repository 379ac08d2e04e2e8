//! The database, and the only way to it. The pool is private to this module: a [`Tx`] belongs to one organization, a
//! [`Directory`] sees the tables by which organizations and people are found, and nothing else reaches a connection.

pub mod embedded;
mod keys;
pub mod seal;
pub mod setup;
mod silence;
mod tx;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tracing::Instrument;

use crate::{
    error::{Error, Result},
    live::Bell,
    types::{
        clock::Clock,
        ids::{HOUSE, OrganizationId},
    },
};
pub use keys::{ensure as ensure_keys, rotate as rotate_keys};
use seal::{MasterKeys, Vault};
pub(crate) use silence::{ONE as STATEMENT_LIMIT, in_time};
pub use tx::{Actor, By, Directory, Replay, Tx, prune_replays};

/// All migrations, in the binary.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How long a process may go on with the data keys it knows before it looks for newer ones.
const KEYS_FRESH_FOR: Duration = Duration::from_secs(60);

/// A statement that takes longer is told to whoever reads the log.
const SLOW: Duration = Duration::from_millis(100);

/// A new data key is written with once every process has looked since it was made.
const KEYS_KNOWN_AFTER: Duration = Duration::from_secs(2 * KEYS_FRESH_FOR.as_secs());

/// Connections for the queue alone, besides those that are configured; and one that only listens.
const QUEUE_CONNECTIONS: u32 = 3;

type VaultCache = HashMap<Option<OrganizationId>, (Arc<Vault>, Instant)>;

/// A handle; clones share the pool.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    queue: PgPool,
    /// Of one connection. It is not one of `pool`'s, which may all be busy when the listener has to come back.
    ears: Arc<RwLock<PgPool>>,
    clock: Clock,
    master: Arc<MasterKeys>,
    vaults: Arc<RwLock<VaultCache>>,
    bell: Bell,
}

/// Whether the connection broke: the server restarted, or is about to. Whether the statement took hold before is not known.
pub(crate) fn is_dead(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(told) => told.code().is_some_and(|code| code.starts_with("57P0")),
        _ => false,
    }
}

fn ears(options: &PgConnectOptions) -> PgPool {
    let ears = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    ears.acquire_timeout(Duration::from_secs(5)).connect_lazy_with(options.clone())
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("connections", &self.pool.size()).finish_non_exhaustive()
    }
}

impl Db {
    /// Connects as the role that serves requests. Fails where that role could see past row-level security.
    pub async fn connect(url: &str, connections: u32, clock: Clock, master: MasterKeys) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(Error::internal)?;
        // Every lead costs the same few statements, by ids: planned once. What people ask for is planned each time (see `begin`).
        let statement_timeout = format!("{}s", silence::STATEMENT.as_secs());
        let options = options
            .application_name("nextmove")
            .options([("plan_cache_mode", "force_generic_plan"), ("statement_timeout", statement_timeout.as_str())])
            // The statement is told, never its parameters (LP-059).
            .log_slow_statements(log::LevelFilter::Warn, SLOW);
        // A queue is mostly empty when somebody counts its rows, and long when it matters: never read from end to end. What is written
        // here may be lost in a crash (src/jobs/sql.rs).
        let queue = options.clone().options([("enable_seqscan", "off"), ("synchronous_commit", "off")]);
        let pool = |connections: u32| {
            silence::careful(PgPoolOptions::new())
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(5))
                .max_lifetime(Duration::from_secs(30 * 60))
                .test_before_acquire(false) // a lost connection shows itself at `begin`, which is tried again once
        };
        let queue = pool(QUEUE_CONNECTIONS).connect_lazy_with(queue);
        let ears = Arc::new(RwLock::new(ears(&options)));
        let pool = pool(connections).min_connections(2).connect_with(options).await?;
        let (master, vaults, bell) = (Arc::new(master), Arc::default(), Bell::default());
        let db = Self { pool, queue, ears, clock, master, vaults, bell };
        db.refuse_a_mighty_role().await?;
        Ok(db)
    }

    async fn refuse_a_mighty_role(&self) -> Result<()> {
        let mighty = sqlx::query_scalar!(
            r#"select (r.rolsuper or r.rolbypassrls or exists (select from pg_tables t where t.schemaname = 'public' and t.tableowner = current_user)) as "mighty!"
               from pg_roles r where r.rolname = current_user"#
        )
        .fetch_one(&self.pool)
        .await?;
        if mighty {
            return Err(Error::internal(
                "DATABASE_URL names a superuser, a role with BYPASSRLS, or the owner of the tables: such a role sees every organization. \
                 Use the role nextmove_app (docs/CONFIGURATION.md).",
            ));
        }
        Ok(())
    }

    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// Wakes whoever waits for jobs or events, here and in other processes.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// A connection that hears NOTIFY. Each time of a pool of its own: one that hangs is given up, and holds its place until it breaks.
    pub async fn listener(&self) -> Result<PgListener> {
        let ears = ears(&self.pool.connect_options());
        *self.ears.write().unwrap_or_else(PoisonError::into_inner) = ears.clone();
        Ok(PgListener::connect_with(&ears).await?)
    }

    fn ears(&self) -> PgPool {
        self.ears.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        in_time(silence::BEGINNING, sqlx::query("select 1").execute(&self.pool)).await?;
        Ok(())
    }

    /// The newest migration that was applied, to tell a server that is newer than its database. A newer database serves an older program:
    /// migrations only add.
    pub async fn applied_migration(&self) -> Result<Option<i64>> {
        let newest = sqlx::query_scalar("select max(version) from _sqlx_migrations where success");
        Ok(in_time(silence::BEGINNING, newest.fetch_one(&self.pool)).await?)
    }

    /// Connections by what they are for: open, idle, how many there may be.
    pub fn connections(&self) -> [(&'static str, u32, usize, u32); 3] {
        [("requests", &self.pool), ("queue", &self.queue), ("listen", &self.ears())]
            .map(|(name, pool)| (name, pool.size(), pool.num_idle(), pool.options().get_max_connections()))
    }

    pub async fn close(&self) {
        self.ears().close().await;
        self.queue.close().await;
        self.pool.close().await;
    }

    /// Runs `verb` in a transaction of the organization; commits on `Ok`, rolls back on `Err`.
    pub async fn write<T>(
        &self,
        organization: OrganizationId,
        by: impl Into<By>,
        verb: impl AsyncFnOnce(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        in_time(silence::ALL, async {
            let mut tx = self.begin(organization, by.into(), "").await?;
            let done = verb(&mut tx).await?;
            tx.commit().await?;
            Ok(done)
        })
        .await
    }

    /// Runs `verb` in a transaction that cannot write and sees one state of the database throughout.
    pub async fn read<T>(
        &self,
        organization: OrganizationId,
        by: impl Into<By>,
        verb: impl AsyncFnOnce(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        in_time(silence::ALL, async {
            let mut tx = self.begin(organization, by.into(), " isolation level repeatable read, read only").await?;
            let done = verb(&mut tx).await?;
            tx.commit().await?;
            Ok(done)
        })
        .await
    }

    async fn begin(&self, organization: OrganizationId, by: By, mode: &str) -> Result<Tx> {
        let vault = self.vault((organization != HOUSE).then_some(organization)).await?;
        // A list or a search has filters that may be there or not, in an organization that may be large or small.
        let plans = if by.actor == Actor::System { "" } else { "; set local plan_cache_mode = force_custom_plan" };
        let begin = format!("begin{mode}; set local app.organization = '{}'{plans}", organization.0);
        Ok(Tx::new(self.begin_with(begin).await?, self.clone(), organization, by, vault))
    }

    /// The tables that find a tenant: organizations, people, sessions, webhook routes, jobs. Every other table looks empty from here.
    pub async fn directory<T>(&self, verb: impl AsyncFnOnce(&mut Directory) -> Result<T>) -> Result<T> {
        in_time(silence::ALL, async {
            let mut directory = self.begin_directory().await?;
            let done = verb(&mut directory).await?;
            directory.commit().await?;
            Ok(done)
        })
        .await
    }

    async fn begin_directory(&self) -> Result<Directory> {
        let vault = self.vault(None).await?;
        Ok(Directory::new(self.begin_with("begin".to_owned()).await?, self.clone(), vault))
    }

    /// Begins on a pooled connection; one that turns out dead (the server restarted) is dropped and the next is tried.
    async fn begin_with(&self, begin: String) -> Result<sqlx::Transaction<'static, sqlx::Postgres>> {
        let mut tries = self.tries();
        loop {
            // On a task of its own, since a request can be dropped at any moment: sqlx forgets a `begin` that is dropped before its
            // answer, and the connection goes back to the pool inside a transaction that nobody ends.
            let (pool, begin) = (self.pool.clone(), begin.clone());
            let begun = tokio::spawn(
                async move { in_time(silence::BEGINNING, pool.begin_with(AssertSqlSafe(begin))).await }
                    .in_current_span(),
            );
            match begun.await.map_err(Error::internal)? {
                Err(error) if tries > 0 && is_dead(&error) => tries -= 1,
                other => return Ok(other?),
            }
        }
    }

    /// How often to try again after [`is_dead`]: once for each connection that may be.
    pub(crate) fn tries(&self) -> u32 {
        self.pool.size().min(64)
    }

    /// For a statement that is a transaction of its own, outside any tenant.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// As [`Self::pool`], for what may be lost in a crash: taking and finishing jobs, telling other processes.
    pub(crate) fn queue_pool(&self) -> &PgPool {
        &self.queue
    }

    /// The unwrapped keys of an organization, or of the directory itself.
    async fn vault(&self, owner: Option<OrganizationId>) -> Result<Arc<Vault>> {
        let known = self.vaults.read().unwrap_or_else(PoisonError::into_inner).get(&owner).cloned();
        if let Some((vault, read_at)) = known
            && read_at.elapsed() < KEYS_FRESH_FOR
        {
            return Ok(vault);
        }
        let vault = Arc::new(keys::load(&self.pool, &self.master, owner, self.now()).await?);
        self.vaults.write().unwrap_or_else(PoisonError::into_inner).insert(owner, (vault.clone(), Instant::now()));
        Ok(vault)
    }

    /// Forgets the keys, so that the next use reads what a rotation made. What is written goes on under the older key for two minutes.
    pub fn forget_keys(&self) {
        self.vaults.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn master(&self) -> &MasterKeys {
        &self.master
    }
}
