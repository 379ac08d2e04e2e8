//! The bell between processes. Two roads, and neither has to be relied on, since what is told is only that there is something to read:
//!
//! - PostgreSQL's NOTIFY. Everybody always listens to it.
//! - Redis pub/sub, where `REDIS_URL` is set: then NOTIFY is sent only while this process cannot reach Redis.
//!
//! A process that is deaf to Redis while others speak there hears of news when it looks by itself: workers every 500 ms, listeners
//! every 2 s. Whoever has been deaf looks at everything once it hears again.

use std::{future::pending, time::Duration};

use sqlx::Executor;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Bell, notice::Notice, redis::Redis};
use crate::{
    config::RedisUrl,
    db::{Db, seal},
};

const CHANNEL: &str = "nextmove";
/// The first commit is told at once; those within this time after it share the next notice.
const GATHER: Duration = Duration::from_millis(20);
/// After so long without a word the listening connection is asked whether it still is one: a network that drops packets breaks none.
const QUIET: Duration = Duration::from_secs(20);
const ANSWER: Duration = Duration::from_secs(5);
/// Before PostgreSQL is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells and hears until stopped; what was rung before is told still.
pub async fn run(db: Db, redis: Option<RedisUrl>, stop: CancellationToken) {
    let me = Uuid::from_bytes(seal::random());
    let redis = redis.map(|url| Redis::new(&url));
    let keep_redis = async {
        match &redis {
            Some(redis) => redis.keep(me, db.bell()).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = tell(&db, redis.as_ref(), me) => {}
        () = hear(&db, me) => {}
        () = keep_redis => {}
        () = stop.cancelled() => {}
    }
    // Jobs that this process gave back at its end are taken at once elsewhere.
    let _ = tokio::time::timeout(ANSWER, tell_once(&db, redis.as_ref(), me)).await;
}

async fn tell(db: &Db, redis: Option<&Redis>, me: Uuid) {
    loop {
        db.bell().outgoing().await;
        tell_once(db, redis, me).await;
        tokio::time::sleep(GATHER).await;
    }
}

async fn tell_once(db: &Db, redis: Option<&Redis>, me: Uuid) {
    let notice = db.bell().take_to_tell();
    if notice.is_empty() {
        return;
    }
    let text = notice.write(me);
    if let Some(redis) = redis
        && redis.tell(&text).await
    {
        metrics::counter!("nextmove_bell_told_total", "by" => "redis").increment(1);
        return;
    }
    match sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(text).execute(db.queue_pool()).await {
        Ok(_) => metrics::counter!("nextmove_bell_told_total", "by" => "notify").increment(1),
        Err(error) => tracing::debug!(%error, "cannot notify; the others will look by themselves"),
    }
}

/// Another process's notice, by whichever road it came.
pub(super) fn pass_on(bell: &Bell, me: Uuid, text: &str, by: &'static str) {
    if let Some(notice) = Notice::read(text, me) {
        metrics::counter!("nextmove_bell_heard_total", "by" => by).increment(1);
        bell.hear(&notice);
    }
}

async fn hear(db: &Db, me: Uuid) {
    loop {
        if let Ok(mut listener) = db.listener().await
            && listener.listen(CHANNEL).await.is_ok()
        {
            // Otherwise it connects anew before it says that it was deaf, and a server that starts slowly makes that an error.
            listener.eager_reconnect(false);
            db.bell().hear_everything();
            loop {
                match tokio::time::timeout(QUIET, listener.try_recv()).await {
                    Ok(Ok(Some(notice))) => pass_on(db.bell(), me, notice.payload(), "notify"),
                    Ok(Ok(None) | Err(_)) => break,
                    Err(_) => match tokio::time::timeout(ANSWER, listener.execute("select 1")).await {
                        Ok(Ok(_)) => {}
                        _ => break,
                    },
                }
            }
            tracing::warn!("no longer hear PostgreSQL's notices; listening anew");
        }
        tokio::time::sleep(PAUSE).await;
    }
}
