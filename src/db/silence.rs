//! When the database's machine dies without a word. sqlx sets no TCP keepalive and lets nobody at its sockets, so whoever waits for an answer on
//! such a connection would wait until the kernel gives up: a quarter of an hour, and then for the next one. Here every wait has an end, after
//! which the connection is closed and its place is free. `docs/decisions/0005-processes.md`.

use std::{future::Future, io, time::Duration};

use sqlx::{Connection, PgConnection, postgres::PgPoolOptions};

/// The longest that a statement may take; the server ends it then (`statement_timeout`).
pub(super) const STATEMENT: Duration = Duration::from_secs(30);
/// For a statement with the way there and back. Then it is the machine that is silent.
pub(crate) const ONE: Duration = STATEMENT.saturating_add(Duration::from_secs(10));
/// For a whole transaction. The longest ones are sweeps and seeds, which take seconds.
pub(super) const ALL: Duration = Duration::from_secs(120);
/// For a connection from the pool, and the beginning of a transaction on it, which waits for nobody.
pub(super) const BEGINNING: Duration = Duration::from_secs(10);
/// A connection that was used so lately is there still, most likely; another one is asked before it is used.
const TRUSTED: Duration = Duration::from_secs(10);
/// Nothing is under way on an idle one, so it answers at once. Within the time that the pool has.
const IDLE: Duration = Duration::from_secs(3);

/// What `work` gives, or [`silent`] when that takes longer than `limit`.
pub(crate) async fn in_time<T, E: From<sqlx::Error>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(silent().into()))
}

fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database says nothing"))
}

/// Closes connections on which nobody answers: idle ones when they are needed, and others when they come back, whoever left them in the
/// middle of what.
pub(super) fn careful(pool: PgPoolOptions) -> PgPoolOptions {
    pool.before_acquire(|connection, known| {
        Box::pin(async move {
            if known.idle_for < TRUSTED {
                return Ok(true);
            }
            in_time(IDLE, ping(connection)).await.map(|()| true)
        })
    })
    .after_release(|connection, _| {
        // A statement that was left alone may still run.
        Box::pin(async move { in_time(ONE, ping(connection)).await.map(|()| true) })
    })
}

async fn ping(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.ping().await
}
