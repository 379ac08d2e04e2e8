//! Who is not to be written to: they said STOP, their mailbox sends everything back, they complained, they used the link, or somebody wrote it
//! down. A row holds as long as it is there. The address is shown shortened; it is found by its blind index.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Channel, sql};
use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    http::Page,
    identity::normalise_email,
    organizations,
    outbox::{self, Event},
    types::{
        ids::{SuppressionId, UserId},
        phone::Phone,
    },
};

const PAGE: i64 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SuppressionReason)]
pub enum Why {
    /// They wrote STOP, or the vendor says that they did.
    Stop,
    /// There is no such mailbox.
    Bounce,
    /// They called it spam.
    Complaint,
    /// They followed the link.
    Link,
    /// A colleague wrote it down.
    Hand,
}

impl Why {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::Link => "link",
            Self::Hand => "hand",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        [Self::Stop, Self::Bounce, Self::Complaint, Self::Link, Self::Hand]
            .into_iter()
            .find(|why| why.as_str() == text)
            .ok_or_else(|| Error::internal(format!("unknown reason {text}")))
    }
}

/// Somebody who is not to be written to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Suppression {
    pub id: SuppressionId,
    pub channel: Channel,
    /// Shortened: `+47******67`, `k…@example.com`.
    pub address: String,
    pub why: Why,
    /// Who wrote it down.
    #[schema(required = true)]
    pub by_user: Option<UserId>,
    pub since: DateTime<Utc>,
}

/// An address as it is compared. 422 for one that is none.
pub(super) async fn normalise(tx: &mut Tx, channel: Channel, address: &str) -> Result<String> {
    match channel {
        Channel::Sms => {
            let country = organizations::current(tx).await?.country;
            let number = Phone::parse(address, country);
            let number = number.map_err(|why| Error::invalid("address", "phone_invalid", why.to_string()))?;
            Ok(number.as_str().to_owned())
        }
        Channel::Email => {
            let address = normalise_email(address);
            if address.len() > 254 || address.parse::<lettre::Address>().is_err() {
                return Err(Error::invalid("address", "email_invalid", "An e-mail address is written name@domain."));
            }
            Ok(address)
        }
    }
}

/// Not to be written to from now on. Tells which row says so; one that said so before stays as it is.
pub async fn suppress(tx: &mut Tx, channel: Channel, address: &str, why: Why) -> Result<SuppressionId> {
    if let Some(known) = sql::suppression_of(tx, channel, address).await? {
        return Ok(known);
    }
    let id = SuppressionId::new(tx.now());
    if !sql::insert_suppression(tx, id, channel, address, why).await? {
        // Somebody was faster.
        return sql::suppression_of(tx, channel, address).await?.ok_or_else(|| Error::internal("it is suppressed"));
    }
    audit::record(tx, Action::SuppressionAdded.on(id).with("channel", channel.as_str()).with("why", why.as_str()));
    outbox::record(tx, Event::OptedOut { suppression: id });
    metrics::counter!("nextmove_suppressions_total", "channel" => channel.as_str(), "why" => why.as_str()).increment(1);
    Ok(id)
}

/// They may be written to again: they said so themselves.
pub async fn lift(tx: &mut Tx, channel: Channel, address: &str) -> Result<()> {
    if let Some(id) = sql::suppression_of(tx, channel, address).await? {
        remove(tx, id).await?;
    }
    Ok(())
}

/// As `suppress` stands in the way of a message of this channel to this address (E.164, or [`normalise_email`]).
pub async fn is_suppressed(tx: &mut Tx, channel: Channel, address: &str) -> Result<bool> {
    Ok(sql::suppression_of(tx, channel, address).await?.is_some())
}

/// Takes a row away. 404.
pub(super) async fn remove(tx: &mut Tx, id: SuppressionId) -> Result<()> {
    let Some(channel) = sql::delete_suppression(tx, id).await? else { return Err(Error::NotFound) };
    audit::record(tx, Action::SuppressionRemoved.on(id).with("channel", channel));
    Ok(())
}

/// The newest first; with an address that one.
pub(super) async fn list(tx: &mut Tx, cursor: Option<&str>, search: Option<&str>) -> Result<Page<Suppression>> {
    let after = cursor.map(crate::http::decode_cursor).transpose()?;
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        let mut items = Vec::new();
        for channel in [Channel::Sms, Channel::Email] {
            let Ok(address) = normalise(tx, channel, search).await else { continue };
            if let Some(id) = sql::suppression_of(tx, channel, &address).await? {
                items.extend(sql::suppressions(tx, None, Some(id), 1).await?);
            }
        }
        return Ok(Page { items, next_cursor: None });
    }
    let mut items = sql::suppressions(tx, after, None, PAGE + 1).await?;
    let has_more = items.len() > PAGE as usize;
    items.truncate(PAGE as usize);
    let last = items.last().filter(|_| has_more).map(|row| (row.since, row.id));
    let next_cursor = last.map(|key| crate::http::encode_cursor(&key)).transpose()?;
    Ok(Page { items, next_cursor })
}

/// Enough to recognise, too little to write to.
pub(super) fn shortened(channel: Channel, address: &str) -> String {
    match channel {
        Channel::Sms => Phone::from_e164(address).map_or_else(|_| "…".to_owned(), |phone| format!("{phone:?}")),
        Channel::Email => {
            let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
            format!("{}…@{domain}", local.chars().next().unwrap_or('…'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_shortened() {
        assert_eq!(shortened(Channel::Sms, "+4791234567"), "+47******67");
        assert_eq!(shortened(Channel::Email, "kari.nordmann@example.com"), "k…@example.com");
    }
}
