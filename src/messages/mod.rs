//! Messages to people, SMS and e-mail, and what becomes of them (LP-039, LP-040).
//!
//! [`send`] writes a message down and enqueues what hands it to a vendor; the vendor tells how it goes on (`callbacks`). Its life: *queued* →
//! sending → sent → delivered | undelivered; queued → cancelled; from each of the first three → failed. An answer is *received*.
//!
//! Invariants:
//! - A state only goes forward, in whatever order the vendor tells of it.
//! - Whether somebody may be written to is asked in the transaction that claims the message, right before it is handed over: who said STOP a second ago
//!   gets nothing.
//! - A message that a vendor may have taken is not handed over again before the vendor has said that it has none such.
//! - Addresses and texts are sealed; people are found by blind indexes only. Jobs and events carry ids.
//! - What a vendor tells is on disk before it is answered; what is nobody's is kept.

mod callbacks;
mod deliver;
mod hooks;
mod http;
mod settings;
mod sql;
mod suppress;
mod unsubscribe;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::providers::delivery::Family;
use crate::{
    app::App,
    db::Tx,
    error::{Error, Result},
    identity::normalise_email,
    jobs,
    outbox::{self, Event},
    providers::delivery::Progress,
    types::{
        gsm,
        ids::{LeadId, MessageId, UserId},
        phone::Phone,
    },
};
pub use callbacks::TakeCallback;
pub use deliver::SendMessage;
pub use hooks::routes as webhook_routes;
pub use http::routes;
pub use settings::{SendingSettings, sender};
pub use sql::{prune, prune_directory, suppressed_address};
pub use suppress::{Suppression, Why, is_suppressed, lift, suppress};

/// Ten parts of GSM text; Twilio takes no more.
const LONGEST_TEXT: usize = 1_530;
const LONGEST_SUBJECT: usize = 200;
const LONGEST_MAIL: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageChannel)]
pub enum Channel {
    Sms,
    Email,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        match text {
            "sms" => Ok(Self::Sms),
            "email" => Ok(Self::Email),
            other => Err(Error::internal(format!("unknown channel {other}"))),
        }
    }
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessagePurpose)]
pub enum Purpose {
    /// To a colleague: something has to be done.
    Alert,
    /// To a lead, by a sequence: with a way to end it.
    Sequence,
    /// To oneself, to see whether it arrives.
    Test,
    /// From somebody who was written to.
    Answer,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Sequence => "sequence",
            Self::Test => "test",
            Self::Answer => "answer",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::Alert, Self::Sequence, Self::Test, Self::Answer]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or_else(|| Error::internal(format!("unknown purpose {text}")))
    }

    /// After so long it is worth nothing any more: an alert of this morning helps nobody at noon.
    fn worth(self) -> TimeDelta {
        match self {
            Self::Alert => TimeDelta::hours(2),
            Self::Test => TimeDelta::minutes(30),
            Self::Sequence | Self::Answer => TimeDelta::hours(24),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageState)]
pub enum State {
    Queued,
    /// Handed to the vendor, who has not said yet whether it takes it.
    Sending,
    /// The vendor took it.
    Sent,
    Delivered,
    /// It left, and did not arrive.
    Undelivered,
    /// It never left.
    Failed,
    /// Taken back before it left.
    Cancelled,
    /// An answer.
    Received,
}

impl State {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Delivered,
        Self::Undelivered,
        Self::Failed,
        Self::Cancelled,
        Self::Received,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Received => "received",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::internal(format!("unknown state {text}")))
    }

    /// How far along it is; what is final is as far as it goes.
    fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Sent => 2,
            Self::Delivered | Self::Undelivered | Self::Failed | Self::Cancelled | Self::Received => 3,
        }
    }

    pub fn is_final(self) -> bool {
        self.rank() == 3
    }

    /// Whether it is another state, and further along.
    fn may_become(self, next: Self) -> bool {
        next.rank() > self.rank()
    }
}

impl From<Progress> for State {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Sending => Self::Sending,
            Progress::Sent => Self::Sent,
            Progress::Delivered => Self::Delivered,
            Progress::Undelivered => Self::Undelivered,
            Progress::Failed => Self::Failed,
        }
    }
}

/// Whom it is to. A colleague's address is read when it is sent.
#[derive(Clone, Debug)]
pub enum Recipient {
    User(UserId),
    Phone(Phone),
    Email(String),
}

/// A message to be.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub channel: Channel,
    pub purpose: Purpose,
    pub to: Recipient,
    /// In whose timeline it stands.
    pub lead: Option<LeadId>,
    /// Of an e-mail.
    pub subject: Option<String>,
    pub text: String,
    /// Of an e-mail, beside the text.
    pub html: Option<String>,
    /// What it is the same by: of several with one key the first is sent, and the others are it.
    pub key: Option<String>,
}

/// How a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub channel: Channel,
    pub state: State,
    /// Why it did not arrive.
    pub family: Option<Family>,
    /// Since when nothing more is heard of it. Without a vendor that tells, that is when it was taken.
    pub settled_at: Option<DateTime<Utc>>,
}

/// Writes a message down, to be sent at once. 422 for one without words, for one too long, and for an address that is none.
pub async fn send(tx: &mut Tx, new: NewMessage) -> Result<MessageId> {
    let new = checked(new)?;
    let id = MessageId::new(tx.now());
    let inserted = sql::insert(tx, id, &new).await?;
    if !inserted {
        let key = new.key.as_deref().ok_or_else(|| Error::internal("a message without a key is always new"))?;
        return sql::by_key(tx, key).await?.ok_or_else(|| Error::internal("a message with this key is there"));
    }
    sql::insert_route(tx, id, &new).await?;
    jobs::enqueue::<App, _>(tx, &SendMessage { message: id }).await?;
    told(tx, new.lead);
    Ok(id)
}

fn checked(mut new: NewMessage) -> Result<NewMessage> {
    let long = |field, most: usize| Error::invalid(field, "too_long", format!("At most {most} characters."));
    if new.channel == Channel::Sms {
        new.text = gsm::plain(&new.text);
        (new.subject, new.html) = (None, None);
    }
    if new.text.trim().is_empty() {
        return Err(Error::invalid("text", "required", "A message says something."));
    }
    let most = if new.channel == Channel::Sms { LONGEST_TEXT } else { LONGEST_MAIL };
    if new.text.chars().count() > most {
        return Err(long("text", most));
    }
    if new.subject.as_ref().is_some_and(|subject| subject.chars().count() > LONGEST_SUBJECT) {
        return Err(long("subject", LONGEST_SUBJECT));
    }
    match (&mut new.to, new.channel) {
        (Recipient::User(_), _) | (Recipient::Phone(_), Channel::Sms) => {}
        (Recipient::Email(email), Channel::Email) => {
            *email = normalise_email(email);
            if email.parse::<lettre::Address>().is_err() {
                return Err(Error::invalid("email", "email_invalid", "An e-mail address is written name@domain."));
            }
        }
        (Recipient::Phone(_), Channel::Email) | (Recipient::Email(_), Channel::Sms) => {
            return Err(Error::internal("an SMS goes to a number, an e-mail to an address"));
        }
    }
    Ok(new)
}

/// A message as it stands in a lead's timeline.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeadMessage {
    pub id: MessageId,
    pub channel: Channel,
    /// Theirs; otherwise ours.
    pub is_answer: bool,
    pub state: State,
    /// Why it did not arrive.
    #[schema(required = true)]
    pub family: Option<Family>,
    #[schema(required = true)]
    pub subject: Option<String>,
    pub text: String,
    #[serde(skip)]
    pub at: DateTime<Utc>,
}

/// What was written to a lead, and what they wrote back; the newest first. Who may see the lead is the caller's to ask.
pub async fn of_lead(tx: &mut Tx, lead: LeadId) -> Result<Vec<LeadMessage>> {
    sql::of_lead(tx, lead).await
}

/// Whether mail can be addressed so.
pub fn is_address(text: &str) -> bool {
    text.len() <= 254 && text.trim().parse::<lettre::Address>().is_ok()
}

/// How it stands; `None` where there is none (any more).
pub async fn state(tx: &mut Tx, id: MessageId) -> Result<Option<Standing>> {
    sql::standing(tx, id).await
}

/// Takes a message back that has not left yet. `false`: it has.
pub async fn cancel(tx: &mut Tx, id: MessageId) -> Result<bool> {
    let Some(row) = sql::lock(tx, id).await? else { return Ok(false) };
    if row.state != State::Queued {
        return Ok(false);
    }
    settle(tx, id, &row, State::Cancelled, None, None).await?;
    Ok(true)
}

/// Ends it, and tells whoever waits for that.
async fn settle(
    tx: &mut Tx,
    id: MessageId,
    row: &sql::Locked,
    state: State,
    family: Option<Family>,
    code: Option<&str>,
) -> Result<()> {
    sql::settle(tx, id, state, family, code).await?;
    if row.settled_at.is_none() {
        outbox::record(tx, Event::MessageSettled { message: id });
    }
    let labels =
        [("channel", row.channel.as_str()), ("state", state.as_str()), ("why", family.map_or("", Family::as_str))];
    metrics::counter!("nextmove_messages_settled_total", &labels).increment(1);
    told(tx, row.lead);
    Ok(())
}

/// The lead's timeline shows something else now.
fn told(tx: &mut Tx, lead: Option<LeadId>) {
    if let Some(lead) = lead {
        outbox::record(tx, Event::TimelineChanged { lead });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_only_goes_forward() {
        for from in State::ALL {
            for to in State::ALL {
                let expected = to.rank() > from.rank();
                assert_eq!(from.may_become(to), expected, "{from:?} → {to:?}");
            }
            assert_eq!(State::parse(from.as_str()).expect("reads itself"), from);
        }
        assert!(!State::Delivered.may_become(State::Sent) && !State::Delivered.may_become(State::Failed));
        assert!(State::Queued.may_become(State::Delivered), "the report was faster than the answer");
    }

    #[test]
    fn what_cannot_be_sent_is_told_why() {
        let new = |text: &str| NewMessage {
            channel: Channel::Sms,
            purpose: Purpose::Test,
            to: Recipient::Phone(Phone::from_e164("+4791234567").expect("a number")),
            lead: None,
            subject: None,
            text: text.to_owned(),
            html: None,
            key: None,
        };
        assert_eq!(checked(new("Hei – du")).expect("goes").text, "Hei - du");
        assert!(matches!(checked(new(" \n")), Err(Error::Invalid { reason: "required", .. })));
        assert!(matches!(checked(new(&"a".repeat(1_531))), Err(Error::Invalid { reason: "too_long", .. })));
        let mail = NewMessage {
            channel: Channel::Email,
            to: Recipient::Email(" Kari@Example.com ".to_owned()),
            ..new("Hei – du")
        };
        let Recipient::Email(address) = checked(mail.clone()).expect("goes").to else { panic!("an address") };
        assert_eq!(address, "kari@example.com");
        let bad = NewMessage { to: Recipient::Email("kari".to_owned()), ..mail };
        assert!(matches!(checked(bad), Err(Error::Invalid { reason: "email_invalid", .. })));
    }
}
