//! Hears of news, reads it once per organization, and hands it to the sockets of this process.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    db::{Actor, Db, Tx, seal},
    error::Result,
    outbox::{self, Recorded},
    types::ids::OrganizationId,
};

const CHANNEL: &str = "nextmove";
/// How often every organization with an open socket is looked at without a notice.
const LOOK: Duration = Duration::from_secs(2);
/// The first commit is told at once; those within this time after it share the next NOTIFY.
const GATHER: Duration = Duration::from_millis(20);
/// Events read at a time.
const PAGE: i64 = 500;
/// What a frame costs the processor, with all that the kernel does for it. After a round so long is waited for each socket that heard
/// it: what happens meanwhile goes to each phone in one write, and the webhook's answer does not wait behind phones.
const FRAME: Duration = Duration::from_micros(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Who is there to be told.
pub trait Audience: Send + Sync + 'static {
    /// The organizations with an open socket in this process.
    fn organizations(&self) -> HashSet<OrganizationId>;
    /// Where the organization's stream stood when its first socket had caught up; `None` until then.
    fn start(&self, organization: OrganizationId) -> Option<i64>;
    /// How many sockets the organization has in this process.
    fn sockets(&self, organization: OrganizationId) -> usize;
    /// Prepares what the sockets will be told, while the transaction that read the events is open.
    fn deliver(&self, tx: &mut Tx, events: Vec<Recorded>) -> impl Future<Output = Result<()>> + Send;
}

/// Runs until stopped: emits, and passes the bell on to other processes.
pub async fn run(db: Db, audience: Arc<impl Audience>, stop: CancellationToken) {
    let me = Uuid::from_bytes(seal::random());
    tokio::select! {
        () = tell_others(db.clone(), me) => {}
        () = hear_others(db.clone(), me) => {}
        () = emit(db, audience) => {}
        () = stop.cancelled() => {}
    }
}

/// As [`run`], for a process without sockets: only the bell.
pub async fn run_bell(db: Db, stop: CancellationToken) {
    let me = Uuid::from_bytes(seal::random());
    tokio::select! {
        () = tell_others(db.clone(), me) => {}
        () = hear_others(db, me) => {}
        () = stop.cancelled() => {}
    }
}

async fn tell_others(db: Db, me: Uuid) {
    loop {
        db.bell().0.outgoing.notified().await;
        let to_tell = db.bell().take_to_tell();
        let organizations: Vec<String> = to_tell.organizations.iter().map(ToString::to_string).collect();
        // A payload holds 8,000 bytes; with more organizations than fit everybody looks at all of theirs.
        let organizations = if organizations.len() > 150 { "*".to_owned() } else { organizations.join(",") };
        let payload = format!("{me}|{}|{organizations}", if to_tell.jobs { "j" } else { "" });
        if let Err(error) =
            sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(db.queue_pool()).await
        {
            tracing::debug!(%error, "cannot notify; the others will look by themselves");
        }
        tokio::time::sleep(GATHER).await;
    }
}

async fn hear_others(db: Db, me: Uuid) {
    loop {
        if let Ok(mut listener) = db.listener().await
            && listener.listen(CHANNEL).await.is_ok()
        {
            db.bell().hear_jobs();
            while let Ok(Some(notice)) = listener.try_recv().await {
                hear(&db, me, notice.payload());
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn hear(db: &Db, me: Uuid, payload: &str) {
    let mut parts = payload.splitn(3, '|');
    let (Some(who), Some(jobs), Some(organizations)) = (parts.next(), parts.next(), parts.next()) else { return };
    if who == me.to_string() {
        return; // our own: heard already
    }
    if jobs == "j" {
        db.bell().hear_jobs();
    }
    if organizations == "*" {
        db.bell().hear_all();
    }
    for organization in organizations.split(',').filter_map(|id| id.parse().ok()) {
        db.bell().hear_events(organization);
    }
}

async fn emit(db: Db, audience: Arc<impl Audience>) {
    let mut heads: HashMap<OrganizationId, i64> = HashMap::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let news = tokio::select! {
            () = db.bell().events() => db.bell().take_news(),
            _ = look.tick() => audience.organizations(),
        };
        let listening = audience.organizations();
        let news = if db.bell().take_all() { listening.clone() } else { news };
        // Where nobody listens any more, the next socket starts from where the stream stands then.
        heads.retain(|organization, _| listening.contains(organization));
        let mut told = 0;
        for organization in news.into_iter().filter(|organization| listening.contains(organization)) {
            let before = heads.get(&organization).copied();
            if let Err(error) = emit_one(&db, &*audience, organization, &mut heads).await {
                tracing::warn!(%error, %organization, "cannot read news; trying again");
            }
            if heads.get(&organization).copied() != before {
                told += audience.sockets(organization);
            }
        }
        let pause = FRAME.saturating_mul(u32::try_from(told).unwrap_or(u32::MAX)).min(LONGEST_PAUSE);
        // The timer counts in milliseconds.
        if pause >= Duration::from_millis(1) {
            tokio::time::sleep(pause).await;
        }
    }
}

async fn emit_one(
    db: &Db,
    audience: &impl Audience,
    organization: OrganizationId,
    heads: &mut HashMap<OrganizationId, i64>,
) -> Result<()> {
    loop {
        let Some(since) = heads.get(&organization).copied().or_else(|| audience.start(organization)) else {
            return Ok(());
        };
        let (head, full) = db
            .read(organization, Actor::System, async |tx| {
                let events = outbox::since(tx, since, PAGE).await?;
                let head = events.last().map_or(since, |event| event.sequence);
                let full = events.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
                if !events.is_empty() {
                    audience.deliver(tx, events).await?;
                }
                Ok((head, full))
            })
            .await?;
        heads.insert(organization, head);
        if !full {
            return Ok(());
        }
    }
}
