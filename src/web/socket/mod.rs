//! The live road's last stretch: Socket.IO to the open apps.
//!
//! A socket is authenticated by the session cookie, joins the rooms of what it may see, catches up from the sequence it names, and from
//! then on only listens; it says nothing but acknowledgements. Architecture invariant: nothing is emitted that was not read under
//! the organization's own row-level security.
//!
//! Rooms: `<organization>` everybody; `<organization>:all` those who see every lead; `<organization>:own` agents who see their own and
//! nobody's; `<organization>:own:<user>` one of them; `<organization>:user:<user>` one person.

mod messages;
mod presence;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::json;
use socketioxide::{
    BroadcastError, SendError, SocketError, SocketIo, TransportType,
    extract::{Data, SocketRef, State, TryData},
    handler::ConnectHandler,
    layer::SocketIoLayer,
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    db::{Actor, Tx},
    error::{Error, Result},
    identity::{self, Live, Viewer},
    leads,
    live::listener::Audience,
    outbox::{self, Recorded},
    types::ids::{LeadId, OrganizationId, SessionId},
};
use messages::{Acknowledgement, Auth, Message, Sight};
use presence::Shared;

/// An app that missed more than this fetches everything anew.
const MOST_MISSED: i64 = 500;
/// Packets that may wait for a slow phone before it is told to come back.
const BUFFER: usize = 512;
/// How often ended sessions are looked for where nobody rings (they idle out, or the ring was lost), and the trace is written.
const SWEEP: Duration = Duration::from_secs(15);
const GATHER: Duration = Duration::from_millis(100);
const FLUSH: Duration = Duration::from_millis(500);
/// When this process ends: within so long every socket has been told, at most so far apart; and each waits this long and up to so much more.
const LEAVE: Duration = Duration::from_secs(4);
const LEAVE_APART: Duration = Duration::from_millis(20);
const LEAVE_AFTER: Duration = Duration::from_millis(100);
const LEAVE_SPREAD: Duration = Duration::from_millis(2500);

/// The sockets of this process.
#[derive(Clone)]
pub struct Sockets {
    app: App,
    io: SocketIo,
    shared: Arc<Shared>,
}

/// The layer that serves `/socket.io`, and the handle to emit with.
pub fn layer(app: &App) -> (SocketIoLayer, Sockets) {
    let shared = Arc::new(Shared::default());
    let (layer, io) = SocketIo::builder()
        .req_path("/socket.io")
        .transports([TransportType::Websocket])
        .ws_read_buffer_size(512)
        // Acknowledgements are small; nothing else is listened to.
        .ws_max_message_size(16 * 1024)
        .ws_max_frame_size(16 * 1024)
        .max_payload(16 * 1024)
        .max_buffer_size(BUFFER)
        // An upgrade is free to ask for, and its place is nobody else's: who does not say who they are goes soon.
        .connect_timeout(app.config.http.limits.head)
        .with_state(app.clone())
        .with_state(shared.clone())
        .build_layer();
    io.ns("/", connected.with(authenticate));
    (layer, Sockets { app: app.clone(), io, shared })
}

/// Display text becomes the client's `connect_error.message`.
async fn authenticate(socket: SocketRef, State(app): State<App>) -> Result<(), &'static str> {
    let parts = socket.req_parts();
    // A browser says from where it comes; another site must not ride on the cookie.
    if let Some(origin) = parts.headers.get(axum::http::header::ORIGIN)
        && origin.to_str().ok() != Some(app.config.http.public_url.origin().ascii_serialization().as_str())
    {
        return Err("unauthenticated");
    }
    let live = identity::authenticate(&app, parts).await.map_err(|error| match error {
        // The app then asks for its session, and is told why; for any other reason it would sign its person out.
        Error::Unauthenticated(_) | Error::Forbidden(_) => "unauthenticated",
        _ => "unavailable",
    })?;
    socket.extensions.insert(live);
    Ok(())
}

fn room(organization: OrganizationId) -> String {
    organization.to_string()
}

fn join(socket: &SocketRef, organization: OrganizationId, viewer: &Viewer) {
    let base = room(organization);
    let person = format!("{base}:user:{}", viewer.user);
    if viewer.sees_all {
        socket.join([format!("{base}:all"), person, base]);
    } else {
        socket.join([format!("{base}:own:{}", viewer.user), format!("{base}:own"), person, base]);
    }
}

async fn connected(
    socket: SocketRef,
    TryData(auth): TryData<Auth>,
    State(app): State<App>,
    State(shared): State<Arc<Shared>>,
) {
    let Some(live) = socket.extensions.get::<Live>() else { return };
    metrics::gauge!("nextmove_sockets").increment(1.0);
    let organization = live.organization;
    let leaving = shared.clone();
    socket.on_disconnect(async move || {
        metrics::gauge!("nextmove_sockets").decrement(1.0);
        if let Some(organization) = organization {
            leaving.leave(organization);
        }
    });
    let (Some(organization), Some(viewer)) = (live.organization, live.viewer) else {
        socket.emit("hello", &json!({ "sequence": 0, "replayed": 0 })).ok();
        return;
    };
    // First the rooms, then the reading: what happens between the two is told twice rather than not at all.
    join(&socket, organization, &viewer);
    shared.enter(organization);
    let acknowledging = shared.clone();
    let clock = app.clock.clone();
    socket.on("ack", async move |Data(ack): Data<Acknowledgement>| {
        acknowledging.pass(organization, &ack.lead_ids[..ack.lead_ids.len().min(200)], clock.now(), |passed| {
            &mut passed.acknowledged
        });
    });
    let since = auth.ok().and_then(|auth| auth.since);
    match catch_up(&app, organization, &viewer, since).await {
        Ok((head, missed)) => {
            // Another socket may have begun the organization's stream further on while we read: what lies between is read as well.
            let begun = shared.start(organization, head);
            let (head, missed) = if begun > head && missed.is_some() {
                match catch_up(&app, organization, &viewer, Some(since.unwrap_or(head).min(head))).await {
                    Ok(again) => again,
                    Err(_) => (begun, None),
                }
            } else {
                (head, missed)
            };
            app.db.bell().hear_events(organization);
            let said = match missed {
                Some(messages) => {
                    let replayed = messages.len();
                    messages
                        .iter()
                        .try_for_each(|message| socket.emit(message.name(), message.body()))
                        .and_then(|()| socket.emit("hello", &json!({ "sequence": head, "replayed": replayed })))
                }
                None => socket
                    .emit("refetch", &json!({ "sequence": head }))
                    .and_then(|()| socket.emit("hello", &json!({ "sequence": head, "replayed": 0 }))),
            };
            if said.is_err() {
                socket.disconnect().ok(); // it could not keep up; it comes back and says where it stood
            }
        }
        Err(error) => {
            tracing::warn!(%error, %organization, "a socket cannot catch up");
            socket.disconnect().ok();
        }
    }
}

/// Where the stream stands, and what was missed since `since`: nothing to tell for a fresh app, `None` where it is too much.
async fn catch_up(
    app: &App,
    organization: OrganizationId,
    viewer: &Viewer,
    since: Option<i64>,
) -> Result<(i64, Option<Vec<Message>>)> {
    app.db
        .read(organization, Actor::System, async |tx| {
            let head = outbox::head(tx).await?;
            let Some(since) = since else { return Ok((head, Some(Vec::new()))) };
            if since > head || head - since > MOST_MISSED {
                return Ok((head, None));
            }
            let events = outbox::since(tx, since, MOST_MISSED).await?;
            // Pruned meanwhile: the stream is gapless, so the first one shows it.
            if events.first().map_or(since < head, |first| first.sequence != since + 1) {
                return Ok((head, None));
            }
            let messages = messages::read(tx, events).await?;
            Ok((head, Some(messages.into_iter().filter_map(|message| message.into_seen_by(viewer)).collect())))
        })
        .await
}

impl Audience for Sockets {
    fn organizations(&self) -> HashSet<OrganizationId> {
        self.shared.presence.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    fn sockets(&self, organization: OrganizationId) -> usize {
        let presence = self.shared.presence.lock().unwrap_or_else(PoisonError::into_inner);
        presence.get(&organization).map_or(0, |here| here.sockets)
    }

    fn start(&self, organization: OrganizationId) -> Option<i64> {
        self.shared
            .presence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&organization)
            .and_then(|presence| presence.start)
    }

    async fn deliver(&self, tx: &mut Tx, events: Vec<Recorded>) -> Result<()> {
        let organization = tx.organization();
        if events.iter().any(|recorded| messages::changes_the_team(&recorded.event)) {
            // Before anything else is said: whoever left hears no more, and whoever became something else hears as what they are now.
            self.end_stale().await?;
        }
        let messages = messages::read(tx, events).await?;
        let at = self.app.clock.now();
        let mut created = Vec::new();
        for message in &messages {
            self.emit(organization, message).await;
            created.extend(message.created());
        }
        self.shared.pass(organization, &created, at, |passed| &mut passed.emitted);
        Ok(())
    }
}

impl Sockets {
    /// How many sockets are open in this process.
    pub fn count(&self) -> usize {
        self.shared
            .presence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(|presence| presence.sockets)
            .sum()
    }

    async fn emit(&self, organization: OrganizationId, message: &Message) {
        let base = room(organization);
        match message.sight() {
            Sight::Everybody => self.emit_to(vec![base], &[], message.name(), message.body()).await,
            Sight::Person(user) => {
                self.emit_to(vec![format!("{base}:user:{user}")], &[], message.name(), message.body()).await;
            }
            Sight::Lead { assignee: None } => {
                self.emit_to(vec![format!("{base}:all"), format!("{base}:own")], &[], message.name(), message.body())
                    .await
            }
            Sight::Lead { assignee: Some(assignee) } => {
                let theirs = format!("{base}:own:{assignee}");
                self.emit_to(vec![format!("{base}:all"), theirs.clone()], &[], message.name(), message.body()).await;
                if let Some(hidden) = message.hidden() {
                    self.emit_to(vec![format!("{base}:own")], &[theirs], "lead.hidden", &hidden).await;
                }
            }
        }
    }

    async fn emit_to(&self, rooms: Vec<String>, except: &[String], name: &str, body: &serde_json::Value) {
        let sent = self.io.to(rooms.clone()).except(except.to_vec()).emit(name, body).await;
        if let Err(BroadcastError::Socket(errors)) = sent
            && errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull))
        {
            // Some socket did not get it. Emitting does not say which, so all are told to fetch again; who has no room even for that
            // is disconnected.
            for socket in self.io.within(rooms).sockets() {
                if let Err(SendError::Socket(SocketError::InternalChannelFull)) =
                    socket.emit("refetch", &json!({ "sequence": body["sequence"] }))
                {
                    metrics::counter!("nextmove_sockets_lagging_total").increment(1);
                    socket.disconnect().ok(); // it comes back and says where it stood
                }
            }
        }
    }

    /// Keeps house until stopped: writes the latency trace, ends the sockets of sessions that ended. Then sends all sockets elsewhere.
    pub async fn keep_house(self, stop: CancellationToken) {
        let mut flush = tokio::time::interval(FLUSH);
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            let woken = tokio::select! {
                _ = flush.tick() => {
                    self.write_trace().await;
                    continue;
                }
                _ = sweep.tick() => "look",
                () = self.app.db.bell().sessions() => "bell",
                () = stop.cancelled() => break,
            };
            if let Err(error) = self.end_stale().await {
                tracing::warn!(%error, "cannot look for ended sessions");
            }
            metrics::counter!("nextmove_session_looks_total", "woken" => woken).increment(1);
            // However many sign out at once, it is one look.
            tokio::time::sleep(GATHER).await;
        }
        self.send_elsewhere().await;
        self.write_trace().await;
        self.io.close().await;
    }

    /// Tells every socket to connect anew, a few at a time, each to wait another moment before it does: another process, or the next one
    /// of this place, must not get all phones at once.
    async fn send_elsewhere(&self) {
        let Some(all) = self.io.of("/") else { return };
        let sockets: Vec<SocketRef> = all.sockets();
        let count = u32::try_from(sockets.len()).unwrap_or(u32::MAX);
        let apart = (LEAVE / count.max(1)).min(LEAVE_APART);
        let begun = Instant::now();
        for (number, socket) in (0_u32..).zip(sockets) {
            // The golden ratio spreads however many there are, and needs no randomness.
            let after = LEAVE_AFTER + LEAVE_SPREAD.mul_f64((f64::from(number) * 0.618_034).fract());
            socket.emit("moving", &json!({ "after": after.as_millis() })).ok();
            socket.disconnect().ok();
            let due = apart * (number + 1);
            if let Some(wait) = due.checked_sub(begun.elapsed()).filter(|wait| *wait >= Duration::from_millis(1)) {
                tokio::time::sleep(wait).await;
            }
        }
    }

    async fn write_trace(&self) {
        for (organization, passed) in self.shared.take_trace() {
            let list = |door: HashMap<LeadId, DateTime<Utc>>| door.into_iter().collect::<Vec<_>>();
            let (emitted, acknowledged) = (list(passed.emitted), list(passed.acknowledged));
            let written = self
                .app
                .db
                .write(organization, Actor::System, async |tx| {
                    leads::emitted(tx, &emitted).await?;
                    leads::acknowledged(tx, &acknowledged).await
                })
                .await;
            if let Err(error) = written {
                tracing::debug!(%error, "a piece of the latency trace is lost");
            }
        }
    }

    /// Disconnects the sockets whose sessions ended or may no longer be here; sockets do not keep a session alive. Where a person may see
    /// more or less than before, their sockets change rooms and are told to fetch again.
    pub async fn end_stale(&self) -> Result<()> {
        let Some(all) = self.io.of("/") else { return Ok(()) };
        let open: Vec<(SocketRef, Live)> = all
            .sockets()
            .into_iter()
            .filter_map(|socket| socket.extensions.get::<Live>().map(|live| (socket.clone(), live)))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let sessions: Vec<SessionId> =
            open.iter().map(|(_, live)| live.session).collect::<HashSet<_>>().into_iter().collect();
        let alive = identity::live_sessions(&self.app, &sessions).await?;
        for (socket, mut live) in open {
            match alive.get(&live.session).filter(|standing| live.is_still(standing)).map(|standing| standing.viewer) {
                None => {
                    socket.emit("session.ended", &json!({})).ok();
                    socket.disconnect().ok();
                }
                Some(viewer) if viewer == live.viewer => {}
                Some(viewer) => {
                    let (Some(organization), Some(now)) = (live.organization, viewer) else { continue };
                    socket.leave_all();
                    join(&socket, organization, &now);
                    live.viewer = Some(now);
                    socket.extensions.insert(live);
                    // First the rooms, then where the stream stands, as at the beginning.
                    let (head, _) = catch_up(&self.app, organization, &now, None).await?;
                    socket.emit("refetch", &json!({ "sequence": head })).ok();
                }
            }
        }
        Ok(())
    }
}
