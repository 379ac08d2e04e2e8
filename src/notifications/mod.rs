//! A notification tells one person that something happened which they may want to act on (LP-028, LP-029, LP-081). It stands in their
//! notification centre; an alert carries it to their phone.
//!
//! Its life: told → seen (the centre was looked at) → read. Several of one kind that come close together go in one alert. What an alert says and
//! on which ways it goes is `alerts`', which knows leads; here is who wants what.
//!
//! Invariants: a notification is a person's own, nobody else sees it; no personal data of a lead is kept in it; a critical kind goes out on one
//! way at least, whatever its person prefers, and at night.

mod devices;
mod http;
mod preferences;
mod sql;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    app::App,
    db::Tx,
    error::Result,
    http::{Page, decode_cursor, encode_cursor},
    jobs, organizations,
    outbox::{self, Event},
    types::ids::{AlertId, LeadId, NotificationId, UserId},
};
pub use devices::{Device, NewDevice, acknowledge_device, note_sent, subscriptions_of, vapid_keys};
pub use http::routes;
pub use preferences::{Preferences, QuietHours};

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationKind)]
pub enum Kind {
    /// A new lead, for whoever takes it first or for the one it was given to.
    NewLead,
    /// A colleague gave it to this person.
    LeadAssigned,
    /// Nobody has tried the lead in time: a step of the ladder.
    LeadWaiting,
    /// A lead answered.
    LeadReplied,
    /// Meta refuses us: leads may be missing.
    ConnectionBroken,
    ConnectionMended,
    /// Asked for by the person, to see that it arrives.
    Test,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::NewLead,
        Self::LeadAssigned,
        Self::LeadWaiting,
        Self::LeadReplied,
        Self::ConnectionBroken,
        Self::ConnectionMended,
        Self::Test,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewLead => "new_lead",
            Self::LeadAssigned => "lead_assigned",
            Self::LeadWaiting => "lead_waiting",
            Self::LeadReplied => "lead_replied",
            Self::ConnectionBroken => "connection_broken",
            Self::ConnectionMended => "connection_mended",
            Self::Test => "test",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Cannot be muted, and does not wait for the morning.
    pub fn is_critical(self) -> bool {
        matches!(self, Self::LeadWaiting | Self::ConnectionBroken)
    }

    /// Somebody else is told where it reaches nobody.
    pub fn must_be_heard(self) -> bool {
        matches!(self, Self::NewLead | Self::LeadAssigned | Self::LeadWaiting)
    }

    /// Whether people may say on which ways it comes.
    pub fn is_chosen(self) -> bool {
        self != Self::Test
    }
}

/// A way to a person outside the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AlertChannel)]
pub enum Channel {
    Push,
    Sms,
    Email,
}

impl Channel {
    /// In the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Push, Self::Sms, Self::Email];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// Something to be told to one person.
#[derive(Clone, Debug)]
pub struct Notice {
    pub to: UserId,
    pub kind: Kind,
    pub lead: Option<LeadId>,
    /// What the app needs for its words: ids, numbers, times. No personal data.
    pub data: Value,
    /// The ways it goes at once, as far as its person wants them; none: push.
    pub channels: Vec<Channel>,
}

/// A notification as its person sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    pub id: NotificationId,
    pub kind: Kind,
    #[schema(required = true)]
    pub lead_id: Option<LeadId>,
    /// By kind: `due_at`, `step`, `page_name`, …
    #[schema(value_type = Object)]
    pub data: Value,
    pub at: DateTime<Utc>,
    #[schema(required = true)]
    pub seen_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub read_at: Option<DateTime<Utc>>,
}

/// One's own notifications, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Unseen {
    /// At most 100.
    pub unseen: i64,
}

/// Sends an alert, or tries the next way; runs in `alerts`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendAlert {
    pub alert: AlertId,
    /// 0: the ways it goes at once; then the others, one by one.
    pub stage: usize,
}

/// Alerts of one kind to one person are at least so far apart: what comes between goes with the next.
const APART: TimeDelta = TimeDelta::seconds(1);
/// Where an alert is later than that by so much, its job is looked for.
const OVERDUE: TimeDelta = TimeDelta::minutes(1);
/// So many are counted.
pub(crate) const MOST_UNSEEN: i64 = 100;
const PAGE: i64 = 50;

/// Tells people: into their notification centres at once, and on the ways that each of them wants.
pub async fn tell(tx: &mut Tx, notices: Vec<Notice>) -> Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    let people: BTreeSet<UserId> = notices.iter().map(|notice| notice.to).collect();
    let people: Vec<UserId> = people.into_iter().collect();
    let preferences = preferences::of(tx, &people).await?;
    let zone = organizations::current(tx).await?.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let now = tx.now();
    let local = now.with_timezone(&zone).time();
    let (lost, waiting): (Vec<_>, Vec<_>) =
        sql::waiting(tx, &people, now - OVERDUE).await?.into_iter().partition(|alert| alert.is_lost);
    for alert in lost {
        tracing::warn!(alert = %alert.id, "an alert had lost its job");
        jobs::enqueue::<App, _>(tx, &SendAlert { alert: alert.id, stage: 0 }).await?;
    }
    let mut waiting: HashMap<_, _> = waiting.into_iter().map(|alert| (alert.key, alert.id)).collect();
    let sent = sql::last_sent(tx, &people).await?;
    let (mut rows, mut alerts) = (Vec::new(), Vec::new());
    for notice in notices {
        let wanted = preferences.get(&notice.to).cloned().unwrap_or_default();
        let ways = wanted.ways(notice.kind, &notice.channels, local);
        let key = (notice.to, notice.kind);
        let alert = ways.map(|ways| {
            *waiting.entry(key).or_insert_with(|| {
                let id = AlertId::new(now);
                let send_at = sent.get(&key).map_or(now, |last| now.max((*last).min(now) + APART));
                alerts.push(sql::NewAlert { id, user: notice.to, kind: notice.kind, ways, send_at });
                id
            })
        });
        rows.push((NotificationId::new(now), notice, alert));
    }
    let begun = sql::insert_alerts(tx, &alerts).await?;
    for (_, notice, alert) in &mut rows {
        if let (Some(alert), Some(begun)) = (alert, begun.get(&(notice.to, notice.kind))) {
            *alert = *begun;
        }
    }
    sql::insert(tx, &rows).await?;
    for alert in alerts.iter().filter(|alert| begun.get(&(alert.user, alert.kind)) == Some(&alert.id)) {
        jobs::enqueue_at::<App, _>(tx, &SendAlert { alert: alert.id, stage: 0 }, alert.send_at).await?;
    }
    outbox::record(tx, Event::Notified { users: people });
    Ok(())
}

/// A person's notifications, newest first.
pub async fn list(tx: &mut Tx, user: UserId, cursor: Option<&str>) -> Result<Page<Notification>> {
    let before = cursor.map(decode_cursor::<NotificationId>).transpose()?;
    let mut items = sql::list(tx, user, before, PAGE + 1).await?;
    let has_more = items.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    items.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let next_cursor = items.last().filter(|_| has_more).map(|last| encode_cursor(&last.id)).transpose()?;
    Ok(Page { items, next_cursor })
}

/// How many of each person's have not been seen.
pub async fn unseen(tx: &mut Tx, people: &[UserId]) -> Result<HashMap<UserId, i64>> {
    sql::unseen(tx, people).await
}

/// The centre was looked at: what stood there up to `until` is seen, and the alerts about it are heard.
pub async fn see(tx: &mut Tx, user: UserId, until: NotificationId) -> Result<()> {
    if sql::see(tx, user, until).await? {
        outbox::record(tx, Event::Notified { users: vec![user] });
    }
    Ok(())
}

/// Somebody went on from it to what it is about. 404.
pub async fn read(tx: &mut Tx, user: UserId, id: NotificationId) -> Result<()> {
    sql::read(tx, user, id).await?;
    outbox::record(tx, Event::Notified { users: vec![user] });
    Ok(())
}

/// Somebody acted on the lead: whatever told them of it is seen and read.
pub async fn settle(tx: &mut Tx, user: UserId, lead: LeadId) -> Result<()> {
    if sql::settle(tx, user, lead).await? {
        outbox::record(tx, Event::Notified { users: vec![user] });
    }
    Ok(())
}

/// Forgets what is older than `before`, at most `most` of each; tells how many of what there was most.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    sql::prune(tx, before, most).await
}
