//! Handing a message to the vendor. Claimed in one transaction, which asks whether it may be sent; sent with none open; what came of it written
//! in another.
//!
//! A message that stands at *sending* when this begins was handed over before, by a process that is gone or by a call that was not answered. It is
//! left alone for a minute, in which a report may settle it; then the vendor is asked. Only when the vendor says that it has none such is it sent again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Channel, Family, Purpose, State, Why, settle, sql, suppress, unsubscribe};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::{Error, Result},
    identity,
    jobs::{Context, Failure, Job},
    organizations,
    providers::{
        delivery::{Lookup, SendError, Taken},
        mail::OutgoingMail,
        sms::OutgoingSms,
    },
    types::{ids::MessageId, phone::Phone, sender::Sender},
    words::Words,
};

/// A vendor that was told later, and not when.
const LATER: Duration = Duration::from_secs(30);
/// In doubt: how long a report is waited for, how long after that the vendor's list is trusted to be whole, and when nobody will ever tell.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);
const LISTED: TimeDelta = TimeDelta::minutes(3);
const HOPELESS: TimeDelta = TimeDelta::minutes(15);

/// Sends a message.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendMessage {
    pub message: MessageId,
}

/// A message that is ours to send.
enum Ready {
    Sms(OutgoingSms),
    Mail(OutgoingMail),
}

enum Claim {
    /// Gone, settled, or somebody else's.
    Nothing,
    Send(Ready),
    /// It was handed over at that moment, and nobody has said what became of it.
    InDoubt(Ready, DateTime<Utc>),
}

impl Job<App> for SendMessage {
    const KIND: &'static str = "send_message";
    const PRIORITY: i16 = 30;

    fn key(&self) -> Option<String> {
        Some(self.message.to_string())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let app = &context.app;
        let id = self.message;
        let claim = app.db.write(organization, Actor::System, async |tx| claim(tx, app, id).await).await?;
        let ready = match claim {
            Claim::Nothing => return Ok(()),
            Claim::Send(ready) => ready,
            Claim::InDoubt(ready, since) => match resolve(app, &ready, since).await? {
                Doubt::Has(taken) => {
                    app.db
                        .write(organization, Actor::System, async |tx| taken_by(tx, app, id, taken.clone()).await)
                        .await?;
                    return Ok(());
                }
                Doubt::Absent => {
                    app.db.write(organization, Actor::System, async |tx| sql::requeue(tx, id).await).await?;
                    return Err(Failure::RetryAfter(Duration::ZERO, "the vendor has none such: once more".to_owned()));
                }
                Doubt::Lost => {
                    app.db
                        .write(organization, Actor::System, async |tx| fail(tx, id, Family::Unknown, None).await)
                        .await?;
                    return Ok(());
                }
            },
        };
        let sent = hand_over(app, &ready).await;
        metrics::counter!("nextmove_messages_total", "channel" => ready.channel().as_str(), "outcome" => outcome(&sent)).increment(1);
        match sent {
            Ok(taken) => {
                app.db
                    .write(organization, Actor::System, async |tx| taken_by(tx, app, id, taken.clone()).await)
                    .await?;
                Ok(())
            }
            Err(SendError::Permanent { family, code }) => {
                tracing::info!(message = %id, family = family.as_str(), code, "a message is refused for good");
                let code = code.as_deref();
                app.db.write(organization, Actor::System, async |tx| fail(tx, id, family, code).await).await?;
                Ok(())
            }
            Err(SendError::Retry { after, why }) => {
                app.db.write(organization, Actor::System, async |tx| sql::requeue(tx, id).await).await?;
                Err(Failure::RetryAfter(after.unwrap_or(LATER), why))
            }
            Err(SendError::Unknown(why)) => {
                tracing::warn!(message = %id, why, "nobody knows whether a message was taken: it waits for a report");
                Err(Failure::RetryAfter(std_of(PATIENCE), why))
            }
        }
    }
}

impl Ready {
    fn channel(&self) -> Channel {
        match self {
            Self::Sms(_) => Channel::Sms,
            Self::Mail(_) => Channel::Email,
        }
    }
}

fn outcome(sent: &Result<Taken, SendError>) -> &'static str {
    match sent {
        Ok(_) => "taken",
        Err(SendError::Permanent { .. }) => "refused",
        Err(SendError::Retry { .. }) => "later",
        Err(SendError::Unknown(_)) => "unknown",
    }
}

fn std_of(time: TimeDelta) -> Duration {
    time.to_std().unwrap_or_default()
}

/// Takes the message, if it may be sent. What may not is settled here.
async fn claim(tx: &mut Tx, app: &App, id: MessageId) -> Result<Claim> {
    let Some(row) = sql::lock(tx, id).await? else { return Ok(Claim::Nothing) };
    let now = tx.now();
    match (row.state, row.claimed_at) {
        (State::Queued, _) => {}
        (State::Sending, Some(since)) => {
            let Some(address) = row.address.clone() else { return Ok(Claim::Nothing) };
            let ready = write(app, tx, &row, id, address, None).await?;
            return Ok(ready.map_or(Claim::Nothing, |ready| Claim::InDoubt(ready, since)));
        }
        _ => return Ok(Claim::Nothing),
    }
    let refused = async |tx: &mut Tx, family| {
        settle(tx, id, &row, State::Failed, Some(family), None).await?;
        Ok(Claim::Nothing)
    };
    if now - row.created_at > row.purpose.worth() {
        return refused(tx, Family::Expired).await;
    }
    let has_way = match row.channel {
        Channel::Sms => app.sms.is_some(),
        Channel::Email => app.mail.is_some(),
    };
    let address = match (&row.address, row.user) {
        (Some(address), _) => Some(address.clone()),
        (None, Some(user)) => identity::contact(tx, user).await?.and_then(|contact| match row.channel {
            Channel::Sms => contact.phone.map(|phone| phone.as_str().to_owned()),
            Channel::Email => Some(contact.email),
        }),
        (None, None) => None,
    };
    let Some(address) = address.filter(|_| has_way) else { return refused(tx, Family::NotConfigured).await };
    if suppress::is_suppressed(tx, row.channel, &address).await? {
        return refused(tx, Family::OptedOut).await;
    }
    let sender = match row.channel {
        Channel::Sms => super::sender(tx, app).await?,
        Channel::Email => None,
    };
    let link = needs_link(&row, sender.as_ref()).then(unsubscribe::Link::make);
    let Some(ready) = write(app, tx, &row, id, address.clone(), link.as_ref()).await? else {
        return refused(tx, Family::InvalidAddress).await;
    };
    sql::claim(tx, id, row.channel, &address, sender.as_ref().map(Sender::to_string).as_deref(), link.as_ref()).await?;
    Ok(Claim::Send(ready))
}

/// Whoever gets a sequence can end it: an e-mail always has a link; an SMS where STOP would reach nobody.
fn needs_link(row: &sql::Locked, sender: Option<&Sender>) -> bool {
    row.purpose == Purpose::Sequence
        && (row.channel == Channel::Email || sender.is_some_and(|sender| !sender.takes_answers()))
}

/// The message as it goes out. `None`: the address is none.
async fn write(
    app: &App,
    tx: &mut Tx,
    row: &sql::Locked,
    id: MessageId,
    address: String,
    link: Option<&unsubscribe::Link>,
) -> Result<Option<Ready>> {
    let organization = organizations::current(tx).await?;
    let words = Words::of(organization.locale.as_str());
    let link = link.map(|link| link.url(app)).transpose()?;
    let text = row.text.clone().unwrap_or_default();
    if row.channel == Channel::Sms {
        let Ok(to) = Phone::from_e164(&address) else { return Ok(None) };
        let sender = sql::settings(tx).await?.sms_sender;
        let text = match &link {
            Some(link) => format!("{text}\n{}", words.fill("sms-unsubscribe", &[("link", link.as_str())])),
            None => text,
        };
        let vendor = app.sms.as_ref().map_or("none", |sms| sms.vendor());
        let mut callback =
            app.config.http.public_url.join(&format!("webhooks/sms/{vendor}")).map_err(Error::internal)?;
        callback.query_pairs_mut().append_pair("m", &id.to_string());
        let left = row.purpose.worth() - (tx.now() - row.created_at);
        return Ok(Some(Ready::Sms(OutgoingSms { id: id.0, to, sender, text, callback, valid_for: std_of(left) })));
    }
    let reply_to = sql::settings(tx).await?.reply_to;
    let (mut text, mut html) = (text, row.html.clone());
    if let Some(link) = &link {
        let line = words.fill("mail-unsubscribe", &[("organization", &organization.name)]);
        text = format!("{text}\n\n-- \n{line}\n{link}\n");
        html = html.map(|html| format!("{html}<p><a href=\"{link}\">{}</a></p>", escaped(&line)));
    }
    Ok(Some(Ready::Mail(OutgoingMail {
        id: id.to_string(),
        to: address,
        to_name: None,
        from_name: Some(organization.name),
        reply_to,
        subject: row.subject.clone().unwrap_or_default(),
        text,
        html,
        unsubscribe: link,
    })))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

async fn hand_over(app: &App, ready: &Ready) -> Result<Taken, SendError> {
    let nobody = || SendError::permanent(Family::NotConfigured, None);
    match ready {
        Ready::Sms(message) => app.sms.as_ref().ok_or_else(nobody)?.send(message).await,
        Ready::Mail(mail) => app.mail.as_ref().ok_or_else(nobody)?.deliver(mail, app.clock.now()).await,
    }
}

enum Doubt {
    Has(Taken),
    Absent,
    /// Nobody will ever tell.
    Lost,
}

async fn resolve(app: &App, ready: &Ready, since: DateTime<Utc>) -> Result<Doubt, Failure> {
    let age = app.clock.now() - since;
    if age < PATIENCE {
        return Err(Failure::RetryAfter(std_of(PATIENCE - age), "it waits for a report".to_owned()));
    }
    let found = match (ready, &app.sms, &app.mail) {
        (Ready::Sms(message), Some(sms), _) => sms.look_up(message, since).await,
        (Ready::Mail(mail), _, Some(relay)) => match mail.id.parse() {
            Ok(id) => relay.look_up(id).await,
            Err(_) => Lookup::CannotTell,
        },
        _ => Lookup::CannotTell,
    };
    match found {
        Lookup::Has(taken) => Ok(Doubt::Has(taken)),
        Lookup::Absent if age >= LISTED => Ok(Doubt::Absent),
        Lookup::Absent => Err(Failure::RetryAfter(std_of(LISTED - age), "not in the vendor's list yet".to_owned())),
        Lookup::CannotTell if age >= HOPELESS => Ok(Doubt::Lost),
        Lookup::CannotTell => Err(Failure::RetryAfter(std_of(LISTED), "the vendor cannot tell".to_owned())),
    }
}

/// The vendor has it.
async fn taken_by(tx: &mut Tx, app: &App, id: MessageId, taken: Taken) -> Result<()> {
    let Some(row) = sql::lock(tx, id).await? else { return Ok(()) };
    let (vendor, tells) = match row.channel {
        Channel::Sms => (app.sms.as_ref().map(|sms| sms.vendor()), true),
        Channel::Email => {
            (app.mail.as_ref().map(|mail| mail.vendor()), app.mail.as_ref().is_some_and(|mail| mail.tells()))
        }
    };
    sql::taken(tx, id, vendor, &taken, row.state.may_become(State::Sent)).await?;
    if !tells && row.state.may_become(State::Sent) {
        settle(tx, id, &row, State::Sent, None, None).await?;
    }
    super::told(tx, row.lead);
    Ok(())
}

async fn fail(tx: &mut Tx, id: MessageId, family: Family, code: Option<&str>) -> Result<()> {
    let Some(row) = sql::lock(tx, id).await? else { return Ok(()) };
    if let (Family::OptedOut, Some(address)) = (family, &row.address) {
        let why = if row.channel == Channel::Sms { Why::Stop } else { Why::Link };
        suppress::suppress(tx, row.channel, address, why).await?;
    }
    if row.state.may_become(State::Failed) {
        settle(tx, id, &row, State::Failed, Some(family), code).await?;
    }
    Ok(())
}
