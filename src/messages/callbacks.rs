//! What vendors tell: how a delivery goes on, who wants no more, who wrote back. On disk before it is answered; a job finds out whose it is.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Channel, Family, State, Why, settle, sql, suppress};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::{Error, Result},
    jobs::{self, Context, Failure, Job},
    outbox::{self, Event},
    providers::delivery::{Callback, Refusal, Told},
    types::{
        ids::{MessageId, OrganizationId, new_uuid},
        phone::Phone,
    },
};

/// A report may be faster than the vendor's answer, which tells us the vendor's id.
const RACE: TimeDelta = TimeDelta::minutes(2);
/// The longest answer that is kept.
const LONGEST_ANSWER: usize = 4_000;

/// Keeps what a vendor told; on return it is on disk. What was told before is not kept twice.
pub(super) async fn receive(app: &App, provider: &'static str, told: Vec<Told>) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    app.db
        .directory(async |directory| {
            for Told { dedupe, callback } in &told {
                let id = new_uuid(directory.now());
                let payload = directory.seal("message_callbacks", "payload", id, &serde_json::to_string(callback)?)?;
                let dedupe: String = dedupe.chars().take(200).collect();
                if sql::insert_callback(directory, id, provider, &dedupe, &payload).await? {
                    jobs::enqueue_for::<App, _>(directory, None, &TakeCallback { callback: id }).await?;
                }
            }
            Ok(())
        })
        .await
}

/// Takes in what a vendor told.
#[derive(Debug, Serialize, Deserialize)]
pub struct TakeCallback {
    pub callback: Uuid,
}

impl Job<App> for TakeCallback {
    const KIND: &'static str = "take_callback";
    const PRIORITY: i16 = 40;

    fn key(&self) -> Option<String> {
        Some(self.callback.to_string())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let (app, id) = (&context.app, self.callback);
        let found = app.db.directory(async |directory| sql::callback(directory, id).await).await?;
        let Some(kept) = found else { return Ok(()) };
        let callback: Callback = serde_json::from_str(&kept.payload).map_err(Error::from)?;
        let owners = app.db.directory(async |directory| owners(directory, &kept.provider, &callback).await).await?;
        if owners.is_empty() {
            if app.clock.now() - kept.received_at < RACE && is_by_vendors_id(&callback) {
                return Err(Failure::RetryAfter(Duration::from_secs(20), "whose message is it?".to_owned()));
            }
            tracing::warn!(provider = kept.provider, "a vendor tells of a message that is nobody's; it is kept");
            metrics::counter!("nextmove_message_callbacks_unknown_total").increment(1);
            app.db.directory(async |directory| sql::close_callback(directory.conn(), id, false).await).await?;
            return Ok(());
        }
        let last = owners.len() - 1;
        for (position, (organization, message)) in owners.into_iter().enumerate() {
            let provider = kept.provider.as_str();
            app.db
                .write(organization, Actor::System, async |tx| {
                    apply(tx, provider, message, &callback, position == 0).await?;
                    if position == last {
                        sql::close_callback(tx.conn(), id, true).await?;
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }
}

fn is_by_vendors_id(callback: &Callback) -> bool {
    matches!(
        callback,
        Callback::Progress { message: None, provider_id: Some(_), .. }
            | Callback::Refused { message: None, provider_id: Some(_), .. }
    )
}

/// Whose it is, with the message where it is about one. An answer to a number that several organizations send from belongs to the one that wrote
/// last; STOP is meant for all of them.
async fn owners(
    directory: &mut crate::db::Directory,
    provider: &str,
    callback: &Callback,
) -> Result<Vec<(OrganizationId, Option<MessageId>)>> {
    match callback {
        Callback::Progress { message, provider_id, .. } | Callback::Refused { message, provider_id, .. } => {
            let found = sql::route(directory, *message, provider, provider_id.as_deref()).await?;
            Ok(found.map(|(organization, message)| (organization, Some(message))).into_iter().collect())
        }
        Callback::Inbound { from, to, text, opt_out, .. } => {
            let mut found = sql::correspondents(directory, from, to).await?;
            if let Some(own) = sql::owner_of_number(directory, to).await?
                && !found.contains(&own)
            {
                found.insert(0, own);
            }
            if wish(text, opt_out.as_deref()).is_none() {
                found.truncate(1);
            }
            Ok(found.into_iter().map(|organization| (organization, None)).collect())
        }
    }
}

/// `is_first`: where the words of an answer are kept.
async fn apply(
    tx: &mut Tx,
    provider: &str,
    message: Option<MessageId>,
    callback: &Callback,
    is_first: bool,
) -> Result<()> {
    match callback {
        Callback::Progress { provider_id, progress, family, code, segments, .. } => {
            let Some(id) = message else { return Ok(()) };
            let Some(row) = sql::lock(tx, id).await? else { return Ok(()) };
            sql::known_as(tx, id, provider, provider_id.as_deref(), *segments).await?;
            if let (Some(Family::OptedOut), Some(address)) = (family, &row.address) {
                let why = if row.channel == Channel::Sms { Why::Stop } else { Why::Link };
                suppress::suppress(tx, row.channel, address, why).await?;
            }
            advance(tx, id, &row, State::from(*progress), *family, code.as_deref()).await
        }
        Callback::Refused { provider_id, refusal, code, .. } => {
            let Some(id) = message else { return Ok(()) };
            let Some(row) = sql::lock(tx, id).await? else { return Ok(()) };
            sql::known_as(tx, id, provider, provider_id.as_deref(), None).await?;
            let why = match refusal {
                Refusal::Bounce => Why::Bounce,
                Refusal::Complaint => Why::Complaint,
                Refusal::Unsubscribe => Why::Link,
            };
            if let Some(address) = &row.address {
                suppress::suppress(tx, row.channel, address, why).await?;
            }
            match refusal {
                Refusal::Bounce => {
                    advance(tx, id, &row, State::Undelivered, Some(Family::InvalidAddress), code.as_deref()).await
                }
                // Whoever complains has it.
                Refusal::Complaint | Refusal::Unsubscribe => advance(tx, id, &row, State::Delivered, None, None).await,
            }
        }
        Callback::Inbound { provider_id, from, to, text, opt_out } => {
            answered(tx, provider, provider_id, from, to, text, wish(text, opt_out.as_deref()), is_first).await
        }
    }
}

async fn advance(
    tx: &mut Tx,
    id: MessageId,
    row: &sql::Locked,
    next: State,
    family: Option<Family>,
    code: Option<&str>,
) -> Result<()> {
    if !row.state.may_become(next) {
        return Ok(());
    }
    if next.is_final() {
        return settle(tx, id, row, next, family, code).await;
    }
    sql::advance(tx, id, next).await?;
    super::told(tx, row.lead);
    Ok(())
}

/// What somebody wants who writes one of these words and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Stop,
    Start,
}

/// The words that networks and vendors know, and what people here write.
fn wish(text: &str, vendors: Option<&str>) -> Option<Wish> {
    match vendors.map(str::to_ascii_uppercase).as_deref() {
        Some("STOP") => return Some(Wish::Stop),
        Some("START") => return Some(Wish::Start),
        _ => {}
    }
    let word: String = text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase();
    match word.as_str() {
        "STOP" | "STOPP" | "STOPPEN" | "STOPALL" | "STOP ALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => {
            Some(Wish::Stop)
        }
        "START" | "YES" | "UNSTOP" => Some(Wish::Start),
        _ => None,
    }
}

#[allow(clippy::too_many_arguments)] // what a message has
async fn answered(
    tx: &mut Tx,
    provider: &str,
    provider_id: &str,
    from: &str,
    to: &str,
    text: &str,
    wish: Option<Wish>,
    is_first: bool,
) -> Result<()> {
    let Ok(from) = Phone::from_e164(from) else { return Ok(()) }; // a short code or a name: nobody we wrote to
    if is_first {
        let lead = sql::last_lead(tx, Channel::Sms, from.as_str()).await?;
        let text: String = text.chars().take(LONGEST_ANSWER).collect();
        let id = MessageId::new(tx.now());
        if sql::insert_answer(tx, id, provider, provider_id, &from, to, &text, lead).await? {
            outbox::record(tx, Event::MessageReceived { message: id, lead });
            super::told(tx, lead);
        }
    }
    match wish {
        Some(Wish::Stop) => suppress::suppress(tx, Channel::Sms, from.as_str(), Why::Stop).await.map(drop),
        Some(Wish::Start) => suppress::lift(tx, Channel::Sms, from.as_str()).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_stops_and_a_sentence_with_it_does_not() {
        for text in ["STOP", " stopp. ", "Stop!", "unsubscribe", "END", "QUIT", "cancel", "StopAll"] {
            assert_eq!(wish(text, None), Some(Wish::Stop), "{text}");
        }
        for text in ["start", "YES", "Unstop"] {
            assert_eq!(wish(text, None), Some(Wish::Start), "{text}");
        }
        for text in ["Please stop by on Monday", "ja", "", "Don't stop", "yes please"] {
            assert_eq!(wish(text, None), None, "{text}");
        }
        assert_eq!(wish("avslutt", Some("STOP")), Some(Wish::Stop), "the vendor knows more words");
        assert_eq!(wish("help", Some("HELP")), None);
    }
}
