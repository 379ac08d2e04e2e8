//! An attempt to reach the person of a lead (LP-012 … LP-017, LP-078).
//!
//! Its life: *intent*, stored before the other app opens, then the outcome, given with one tap on return. Append-only: an outcome
//! that is corrected is a further row, and the latest counts. Evidence: `intent` (nothing is known of it yet), `self_reported`
//! (a person says so), `provider_confirmed` (the telephone company says so).

mod http;
mod past;
mod sql;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    identity::Viewer,
    leads::{self, Why},
    messages::{self, LeadMessage},
    outbox::{self, Event},
    types::ids::{AttemptId, LeadId, NoteId, UserId},
};
pub use http::routes;
pub use past::{Past, import};

/// How far back what was done without a connection may lie.
const OLDEST: TimeDelta = TimeDelta::days(7);
/// What reached us within this was told at once.
const AT_ONCE: TimeDelta = TimeDelta::minutes(1);

/// How somebody tries to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Call,
    Sms,
    Whatsapp,
    Email,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Reached,
    NoAnswer,
    Voicemail,
    WrongNumber,
    Sent,
    NotSent,
}

impl Outcome {
    /// A call is answered or not; a message is sent or not, or answered at once.
    fn fits(self, channel: Channel) -> bool {
        match self {
            Self::Reached => true,
            Self::NoAnswer | Self::Voicemail | Self::WrongNumber => channel == Channel::Call,
            Self::Sent | Self::NotSent => channel != Channel::Call,
        }
    }
}

/// How well an outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    Intent,
    SelfReported,
    ProviderConfirmed,
}

/// An attempt with its latest outcome.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    pub id: AttemptId,
    pub lead_id: LeadId,
    pub user_id: UserId,
    pub channel: Channel,
    pub started_at: DateTime<Utc>,
    /// When it reached us: later than `started_at` where it was made without a connection.
    pub stored_at: DateTime<Utc>,
    pub evidence: Evidence,
    #[schema(required = true)]
    pub outcome: Option<Outcome>,
    #[schema(required = true)]
    pub outcome_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub note: Option<String>,
}

/// A line of a lead's timeline: who did what, when.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineItem {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// When we heard of it, where that was more than a minute after `at`: it was done without a connection.
    #[schema(required = true)]
    pub stored_at: Option<DateTime<Utc>>,
    /// Null: nobody; the system did.
    #[schema(required = true)]
    pub user_id: Option<UserId>,
    pub kind: TimelineKind,
    /// Of a note.
    #[schema(required = true)]
    pub text: Option<String>,
    /// A status, or the user whom a lead was taken from.
    #[schema(required = true)]
    pub from: Option<String>,
    /// A status, or the user whom a lead was given to.
    #[schema(required = true)]
    pub to: Option<String>,
    /// Of a lost lead.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Of a snooze.
    #[schema(required = true)]
    pub until: Option<DateTime<Utc>>,
    /// The fields that were edited.
    pub fields: Vec<String>,
    /// Why it was given to somebody, where no person did.
    #[schema(required = true)]
    pub placement: Option<Why>,
    #[schema(required = true)]
    pub attempt: Option<Attempt>,
    #[schema(required = true)]
    pub message: Option<LeadMessage>,
}

/// What a line of the timeline tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    Captured,
    Enquiry,
    Status,
    Assigned,
    Released,
    Claimed,
    Snoozed,
    Woken,
    Edited,
    /// The form's questions go elsewhere now, and so did this lead's answers.
    Remapped,
    Note,
    /// A sequence asks for something to be done.
    Task,
    Attempt,
    /// An SMS or an e-mail that went out by itself, or an answer.
    Message,
}

/// An attempt as it is begun.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// The phone's, so that what came of it can be told before we know of the attempt. `None`: ours.
    pub id: Option<AttemptId>,
    pub channel: Channel,
    /// When the tap was, for an app that was offline. `None`: now.
    pub started_at: Option<DateTime<Utc>>,
}

impl From<Channel> for Begun {
    fn from(channel: Channel) -> Self {
        Self { id: None, channel, started_at: None }
    }
}

/// Stores that somebody is about to call or write. Said again under the same id, it is the same attempt.
pub async fn log(tx: &mut Tx, viewer: &Viewer, lead: LeadId, begun: impl Into<Begun>) -> Result<Attempt> {
    let Begun { id, channel, started_at } = begun.into();
    let now = tx.now();
    let started_at = happened_at(started_at, now, "started_at")?;
    if let Some(id) = id {
        check_id(id.0)?;
        leads::find(tx, viewer, lead).await?;
        if let Some(known) = sql::find(tx, lead, id).await? {
            return if known.user_id == viewer.user && known.channel == channel { Ok(known) } else { Err(taken()) };
        }
    }
    // Nobody calls a person whom we do not know yet: a phone whose clock is behind would make the business look faster than light.
    let known_since = leads::attempted(tx, viewer, lead, started_at).await?.received_at;
    let started_at = started_at.max(known_since).min(now);
    let attempt = Attempt {
        id: id.unwrap_or_else(|| AttemptId::new(now)),
        lead_id: lead,
        user_id: viewer.user,
        channel,
        started_at,
        stored_at: now,
        evidence: Evidence::Intent,
        outcome: None,
        outcome_at: None,
        note: None,
    };
    if !sql::insert(tx, &attempt).await? {
        return Err(taken());
    }
    audit::record(tx, Action::AttemptLogged.on(lead).with("attempt", attempt.id).with("channel", channel));
    Ok(attempt)
}

/// When something was done, as a phone tells it: not in the future (its clock may be a little ahead of ours), nor long ago.
fn happened_at(told: Option<DateTime<Utc>>, now: DateTime<Utc>, field: &'static str) -> Result<DateTime<Utc>> {
    let at = told.unwrap_or(now).min(now);
    if at < now - OLDEST { Err(Error::invalid(field, "too_old", "It is taken within a week.")) } else { Ok(at) }
}

/// An id that the phone chose sorts by age like ours.
fn check_id(id: Uuid) -> Result<()> {
    if id.get_version_num() == 7 { Ok(()) } else { Err(Error::invalid("id", "id_invalid", "A UUID of version 7.")) }
}

fn taken() -> Error {
    Error::conflict("id_taken", "This id is something else's.")
}

/// Says what came of an attempt. Said again, the later word counts; both are kept.
pub async fn report(
    tx: &mut Tx,
    viewer: &Viewer,
    lead: LeadId,
    id: AttemptId,
    outcome: Outcome,
    note: Option<String>,
) -> Result<Attempt> {
    leads::find(tx, viewer, lead).await?;
    let attempt = sql::find(tx, lead, id).await?.ok_or(Error::NotFound)?;
    if !outcome.fits(attempt.channel) {
        return Err(Error::invalid("outcome", "outcome_unfit", "This cannot come of that channel."));
    }
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > 2000) {
        return Err(Error::invalid("note", "too_long", "At most 2,000 characters."));
    }
    sql::insert_outcome(tx, id, viewer.user, outcome, Evidence::SelfReported, note.as_deref()).await?;
    let reported = Action::AttemptReported.on(lead).with("attempt", id).with("channel", attempt.channel);
    audit::record(tx, reported.with("outcome", outcome));
    let unanswered = matches!(outcome, Outcome::NoAnswer | Outcome::Voicemail);
    leads::outcome_known(tx, viewer, lead, outcome == Outcome::Reached, unanswered, attempt.started_at).await?;
    outbox::record(tx, Event::TimelineChanged { lead });
    sql::find(tx, lead, id).await?.ok_or(Error::NotFound)
}

/// Writes a note, and gives its line of the timeline. `id` and `written_at` are a phone's that was offline; under the same id it is the
/// same note.
pub async fn note(
    tx: &mut Tx,
    viewer: &Viewer,
    lead: LeadId,
    text: &str,
    id: Option<NoteId>,
    written_at: Option<DateTime<Utc>>,
) -> Result<TimelineItem> {
    let now = tx.now();
    let written_at = happened_at(written_at, now, "written_at")?;
    if let Some(id) = id {
        check_id(id.0)?;
        if let Some(known) = timeline(tx, viewer, lead).await?.into_iter().find(|item| item.id == id.0) {
            return if known.user_id == Some(viewer.user) { Ok(known) } else { Err(taken()) };
        }
    }
    let id = id.unwrap_or_else(|| NoteId::new(now));
    if !leads::write_note(tx, viewer, lead, id, written_at, text).await? {
        return Err(taken());
    }
    let items = timeline(tx, viewer, lead).await?;
    items
        .into_iter()
        .find(|item| item.id == id.0)
        .ok_or_else(|| Error::internal("a note that was just written is gone"))
}

/// The timeline of a lead: attempts, messages, notes and history, newest first.
pub async fn timeline(tx: &mut Tx, viewer: &Viewer, lead: LeadId) -> Result<Vec<TimelineItem>> {
    let mut items = Vec::new();
    for line in leads::timeline_items(tx, viewer, lead).await? {
        let text = |name: &str| line.data.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        items.push(TimelineItem {
            id: line.id,
            at: line.at,
            stored_at: line.stored_at.filter(|stored| *stored - line.at >= AT_ONCE),
            user_id: line.user,
            kind: serde_json::from_value(line.kind.clone().into())?,
            from: text("from"),
            to: text("to"),
            reason: text("reason"),
            until: text("until").and_then(|until| until.parse().ok()),
            fields: line.data.get("fields").cloned().map(serde_json::from_value).transpose()?.unwrap_or_default(),
            placement: line.data.get("placement").cloned().map(serde_json::from_value).transpose()?,
            text: line.text,
            attempt: None,
            message: None,
        });
    }
    items.extend(sql::of_lead(tx, lead).await?.into_iter().map(|attempt| TimelineItem {
        id: attempt.id.0,
        at: attempt.started_at,
        stored_at: Some(attempt.stored_at).filter(|stored| *stored - attempt.started_at >= AT_ONCE),
        user_id: Some(attempt.user_id),
        kind: TimelineKind::Attempt,
        text: None,
        from: None,
        to: None,
        reason: None,
        until: None,
        fields: Vec::new(),
        placement: None,
        attempt: Some(attempt),
        message: None,
    }));
    items.extend(messages::of_lead(tx, lead).await?.into_iter().map(|message| TimelineItem {
        id: message.id.0,
        at: message.at,
        stored_at: None,
        user_id: None,
        kind: TimelineKind::Message,
        text: None,
        from: None,
        to: None,
        reason: None,
        until: None,
        fields: Vec::new(),
        placement: None,
        attempt: None,
        message: Some(message),
    }));
    items.sort_by_key(|item| std::cmp::Reverse((item.at, item.id)));
    Ok(items)
}
