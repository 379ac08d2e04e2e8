//! A request whose caller is gone is dropped wherever it is, and leaves the database as if it had never been.

use std::{
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use nextmove::db::Actor;
use sqlx::{Connection, PgConnection};

use crate::world::TestApp;

/// Polls `future` at most `polls` times and drops it there.
async fn drop_after(polls: u32, future: impl Future) {
    let mut future = pin!(future);
    for _ in 0..polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_connection_goes_back_inside_a_transaction() {
    let app = TestApp::new().await;
    let organization = app.world.acme;
    let read = async || app.app.db.read(organization, Actor::System, async |_| Ok(())).await;
    let look = async || app.app.db.directory(async |_| Ok(())).await;
    read().await.expect("the keys are known from here on");
    let mut connection = PgConnection::connect(&app.superuser_url()).await.expect("connected");
    for polls in 1..=8 {
        drop_after(polls, read()).await;
        drop_after(polls, look()).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let left: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
        )
        .fetch_one(&mut connection)
        .await
        .expect("counted");
        assert_eq!(left, 0, "connections in the pool, inside a transaction, after {polls} polls");
    }
    read().await.expect("still read");
}
