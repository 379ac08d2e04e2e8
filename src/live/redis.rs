//! The bell through Redis pub/sub. One connection, in RESP3, both speaks and hears; when it breaks the driver does not make another
//! (redis 1.8), so that is done here. Nothing is kept in Redis.
//!
//! What the driver says of an error may name the server's address: only its category is logged.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{
    AsyncCommands, AsyncConnectionConfig, Client, IntoConnectionInfo, Msg, ProtocolVersion, PushInfo, PushKind,
    RedisResult, aio::MultiplexedConnection,
};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, unbounded_channel},
};
use uuid::Uuid;

use super::{Bell, others::pass_on};
use crate::config::RedisUrl;

/// The pub/sub of a Redis knows no databases: whoever shares one hears us, and learns ids.
const CHANNEL: &str = "nextmove:bell";
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_millis(500);
/// A connection that says nothing may be dead without knowing it.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Before it is tried again: doubling.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

pub(super) struct Redis {
    client: Option<Client>,
    connection: Mutex<Option<MultiplexedConnection>>,
    broken: Notify,
}

impl Redis {
    pub fn new(url: &RedisUrl) -> Self {
        let client = url.expose().clone().into_connection_info().and_then(|info| {
            let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
            Client::open(info.set_redis_settings(settings))
        });
        if let Err(error) = &client {
            tracing::error!(reason = error.category(), "REDIS_URL cannot be used; the bell rings through PostgreSQL");
        }
        Self { client: client.ok(), connection: Mutex::default(), broken: Notify::new() }
    }

    /// Whether it was told. Not told is not lost: it goes by NOTIFY.
    pub async fn tell(&self, text: &str) -> bool {
        let Some(mut connection) = self.connection().clone() else { return false };
        let told: RedisResult<i64> = connection.publish(CHANNEL, text).await;
        if told.is_err() {
            *self.connection() = None;
            self.broken.notify_one();
        }
        told.is_ok()
    }

    /// Keeps a connection, and passes on what is heard.
    pub async fn keep(&self, me: Uuid, bell: &Bell) {
        let Some(client) = &self.client else { return std::future::pending().await };
        let up = |is: f64| metrics::gauge!("nextmove_redis_up").set(is);
        let mut pause = PAUSE;
        loop {
            up(0.0);
            match connect(client).await {
                Ok((connection, pushes)) => {
                    tracing::info!("the bell rings through Redis");
                    pause = PAUSE;
                    up(1.0);
                    *self.connection() = Some(connection.clone());
                    bell.hear_everything();
                    self.hear(me, bell, connection, pushes).await;
                    *self.connection() = None;
                    tracing::warn!("Redis is gone; the bell rings through PostgreSQL meanwhile");
                }
                Err(error) => tracing::debug!(reason = error.category(), "Redis does not answer"),
            }
            up(0.0);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Until the connection breaks.
    async fn hear(
        &self,
        me: Uuid,
        bell: &Bell,
        mut connection: MultiplexedConnection,
        mut pushes: UnboundedReceiver<PushInfo>,
    ) {
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            tokio::select! {
                push = pushes.recv() => match push {
                    None => return,
                    Some(push) if push.kind == PushKind::Disconnection => return,
                    Some(push) => {
                        let text = Msg::from_push_info(push).and_then(|message| message.get_payload::<String>().ok());
                        if let Some(text) = text {
                            pass_on(bell, me, &text, "redis");
                        }
                    }
                },
                _ = ping.tick() => {
                    let answered: RedisResult<String> = connection.ping().await;
                    if answered.is_err() {
                        return;
                    }
                }
                () = self.broken.notified() => return,
            }
        }
    }

    fn connection(&self) -> std::sync::MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(client: &Client) -> RedisResult<(MultiplexedConnection, UnboundedReceiver<PushInfo>)> {
    let (sender, pushes) = unbounded_channel();
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
        .set_push_sender(sender);
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    connection.subscribe(CHANNEL).await?;
    Ok((connection, pushes))
}
