//! Hears of news, reads it once per organization, and hands it to the sockets of this process. Whoever rings, here or in another process,
//! it is the events' own sequence that says what is new: a ring that is lost or comes twice changes nothing.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::{
    db::{Actor, Db, Tx},
    error::Result,
    outbox::{self, Recorded},
    types::ids::OrganizationId,
};

/// How often every organization with an open socket is looked at without a notice.
const LOOK: Duration = Duration::from_secs(2);
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

/// Runs until stopped: reads what is new, and emits it.
pub async fn run(db: Db, audience: Arc<impl Audience>, stop: CancellationToken) {
    tokio::select! {
        () = emit(db, audience) => {}
        () = stop.cancelled() => {}
    }
}

async fn emit(db: Db, audience: Arc<impl Audience>) {
    let mut heads: HashMap<OrganizationId, i64> = HashMap::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let (news, woken) = tokio::select! {
            () = db.bell().events() => (db.bell().take_news(), "bell"),
            _ = look.tick() => (audience.organizations(), "look"),
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
                metrics::counter!("nextmove_live_reads_total", "woken" => woken).increment(1);
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
        let full = db
            .read(organization, Actor::System, async |tx| {
                let events = outbox::since(tx, since, PAGE).await?;
                let head = events.last().map_or(since, |event| event.sequence);
                let full = events.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
                if !events.is_empty() {
                    let oldest = events.iter().map(|event| event.at).min();
                    audience.deliver(tx, events).await?;
                    if let Some(lag) = oldest.and_then(|oldest| (db.now() - oldest).to_std().ok()) {
                        metrics::histogram!("nextmove_events_lag_seconds").record(lag.as_secs_f64());
                    }
                }
                // Already here: what was told is told, also where the database goes away before it ends the transaction.
                heads.insert(organization, head);
                Ok(full)
            })
            .await?;
        if !full {
            return Ok(());
        }
    }
}
