//! The statements on messages, suppressions, settings; and on the directory's routes, by which an organization is found.

mod directory;
mod settings;
mod shown;
mod suppressions;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Channel, Family, NewMessage, Purpose, Recipient, State, unsubscribe::Link};
use crate::{
    db::{Tx, seal::Sealed},
    error::Result,
    providers::delivery::Taken,
    types::{
        ids::{LeadId, MessageId, UserId},
        phone::Phone,
    },
};
pub use directory::prune_directory;
use directory::route_index;
pub(super) use directory::{
    callback, close_callback, correspondents, insert_callback, owner_of_number, route, route_of_link, take_number,
};
pub(super) use settings::{save_settings, settings};
pub(super) use shown::{of_lead, own_standing, standing};
pub use suppressions::suppressed_address;
pub(super) use suppressions::{delete_suppression, insert_suppression, suppression_of, suppressions};

const TABLE: &str = "messages";

/// The blind index of an address within the organization.
fn column(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "message_phone",
        Channel::Email => "message_email",
    }
}

fn index(tx: &Tx, channel: Channel, address: &str) -> Result<Vec<u8>> {
    tx.vault().index(column(channel), address).map_err(crate::error::Error::internal)
}

fn lookups(tx: &Tx, channel: Channel, address: &str) -> Vec<Vec<u8>> {
    tx.vault().lookups(column(channel), address)
}

fn address_of(new: &NewMessage) -> Option<&str> {
    match &new.to {
        Recipient::User(_) => None,
        Recipient::Phone(phone) => Some(phone.as_str()),
        Recipient::Email(email) => Some(email),
    }
}

/// `false`: there is one with this key.
pub(super) async fn insert(tx: &mut Tx, id: MessageId, new: &NewMessage) -> Result<bool> {
    let (now, address) = (tx.now(), address_of(new));
    let user = match new.to {
        Recipient::User(user) => Some(user.0),
        _ => None,
    };
    let address_index = address.map(|address| index(tx, new.channel, address)).transpose()?;
    let address = tx.seal_some(TABLE, "address", id.0, address)?;
    let subject = tx.seal_some(TABLE, "subject", id.0, new.subject.as_deref())?;
    let text = tx.seal(TABLE, "text", id.0, &new.text)?;
    let html = tx.seal_some(TABLE, "html", id.0, new.html.as_deref())?;
    let done = sqlx::query!(
        "insert into messages (id, channel, direction, purpose, lead_id, user_id, key, address, address_index, subject, text, html, state, created_at)
         values ($1, $2, 'out', $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', $12)
         on conflict (organization_id, key) where key is not null do nothing",
        id.0,
        new.channel.as_str(),
        new.purpose.as_str(),
        new.lead.map(|lead| lead.0),
        user,
        new.key,
        address as Option<Sealed>,
        address_index,
        subject as Option<Sealed>,
        text as Sealed,
        html as Option<Sealed>,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<MessageId>> {
    let id = sqlx::query_scalar!("select id from messages where key = $1", key).fetch_optional(tx.conn()).await?;
    Ok(id.map(MessageId))
}

/// The way back: by what a vendor tells, the organization is found.
pub(super) async fn insert_route(tx: &mut Tx, id: MessageId, new: &NewMessage) -> Result<()> {
    let (organization, now) = (tx.organization(), tx.now());
    let address_index = match address_of(new) {
        Some(address) => Some(route_index(&*tx.directory_vault().await?, new.channel, address)?),
        None => None,
    };
    sqlx::query!(
        "insert into message_routes (message_id, organization_id, channel, address_index, created_at) values ($1, $2, $3, $4, $5)",
        id.0,
        organization.0,
        new.channel.as_str(),
        address_index,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A message that nobody else changes until the end of the transaction.
pub(super) struct Locked {
    pub channel: Channel,
    pub purpose: Purpose,
    pub lead: Option<LeadId>,
    pub user: Option<UserId>,
    pub address: Option<String>,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub state: State,
    pub created_at: DateTime<Utc>,
    pub claimed_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
}

pub(super) async fn lock(tx: &mut Tx, id: MessageId) -> Result<Option<Locked>> {
    let row = sqlx::query!(
        r#"select channel, purpose, lead_id, user_id, address as "address: Sealed", subject as "subject: Sealed", text as "text: Sealed",
                  html as "html: Sealed", state, created_at, claimed_at, settled_at
           from messages where id = $1 for update"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let open = |name, sealed: Option<&Sealed>| tx.open_some(TABLE, name, id.0, sealed);
    Ok(Some(Locked {
        channel: Channel::parse(&row.channel)?,
        purpose: Purpose::parse(&row.purpose)?,
        lead: row.lead_id.map(LeadId),
        user: row.user_id.map(UserId),
        address: open("address", row.address.as_ref())?,
        subject: open("subject", row.subject.as_ref())?,
        text: open("text", row.text.as_ref())?,
        html: open("html", row.html.as_ref())?,
        state: State::parse(&row.state)?,
        created_at: row.created_at,
        claimed_at: row.claimed_at,
        settled_at: row.settled_at,
    }))
}

/// It is handed over now, to this address.
pub(super) async fn claim(
    tx: &mut Tx,
    id: MessageId,
    channel: Channel,
    address: &str,
    sender: Option<&str>,
    link: Option<&Link>,
) -> Result<()> {
    let (now, sealed, address_index) =
        (tx.now(), tx.seal(TABLE, "address", id.0, address)?, index(tx, channel, address)?);
    let route = route_index(&*tx.directory_vault().await?, channel, address)?;
    sqlx::query!(
        "update messages set state = 'sending', claimed_at = $2, address = $3, address_index = $4, sender = $5 where id = $1",
        id.0,
        now,
        sealed as Sealed,
        address_index,
        sender
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update message_routes set address_index = $2, sender = $3, link_hash = $4 where message_id = $1",
        id.0,
        route,
        sender,
        link.map(Link::hash)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It was surely not taken: from the beginning, later.
pub(super) async fn requeue(tx: &mut Tx, id: MessageId) -> Result<()> {
    sqlx::query!("update messages set state = 'queued', claimed_at = null where id = $1 and state = 'sending'", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The vendor has it. `is_forward`: nothing further is known of it.
pub(super) async fn taken(
    tx: &mut Tx,
    id: MessageId,
    provider: Option<&str>,
    taken: &Taken,
    is_forward: bool,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update messages set provider = $2, provider_id = coalesce($3, provider_id), segments = coalesce($4, segments),
                sent_at = coalesce(sent_at, $5), state = case when $6 then 'sent' else state end
         where id = $1",
        id.0,
        provider,
        taken.id,
        taken.segments.and_then(|segments| i16::try_from(segments).ok()),
        now,
        is_forward
    )
    .execute(tx.conn())
    .await?;
    route_known_as(tx, id, provider, taken.id.as_deref()).await
}

/// What a report tells of a message besides its state.
pub(super) async fn known_as(
    tx: &mut Tx,
    id: MessageId,
    provider: &str,
    provider_id: Option<&str>,
    segments: Option<u16>,
) -> Result<()> {
    sqlx::query!(
        "update messages set provider = coalesce(provider, $2), provider_id = coalesce(provider_id, $3), segments = coalesce(segments, $4) where id = $1",
        id.0,
        provider,
        provider_id,
        segments.and_then(|segments| i16::try_from(segments).ok())
    )
    .execute(tx.conn())
    .await?;
    route_known_as(tx, id, Some(provider), provider_id).await
}

async fn route_known_as(tx: &mut Tx, id: MessageId, provider: Option<&str>, provider_id: Option<&str>) -> Result<()> {
    sqlx::query!(
        "update message_routes set provider = $2, provider_id = coalesce($3, provider_id) where message_id = $1",
        id.0,
        provider,
        provider_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Further along, and not at the end.
pub(super) async fn advance(tx: &mut Tx, id: MessageId, state: State) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update messages set state = $2, sent_at = coalesce(sent_at, case when $2 = 'sent' then $3::timestamptz end) where id = $1",
        id.0,
        state.as_str(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn settle(
    tx: &mut Tx,
    id: MessageId,
    state: State,
    family: Option<Family>,
    code: Option<&str>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update messages set state = $2, family = $3, code = $4, settled_at = coalesce(settled_at, $5),
                sent_at = coalesce(sent_at, case when $2 in ('sent', 'delivered', 'undelivered') then $5 end)
         where id = $1",
        id.0,
        state.as_str(),
        family.map(Family::as_str),
        code,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The lead that was last written to at this address.
pub(super) async fn last_lead(tx: &mut Tx, channel: Channel, address: &str) -> Result<Option<LeadId>> {
    let indexes = lookups(tx, channel, address);
    let lead = sqlx::query_scalar!(
        "select lead_id from messages where address_index = any($1) and direction = 'out' order by created_at desc limit 1",
        &indexes
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(lead.flatten().map(LeadId))
}

/// `false`: it is here already.
#[allow(clippy::too_many_arguments)] // a row
pub(super) async fn insert_answer(
    tx: &mut Tx,
    id: MessageId,
    provider: &str,
    provider_id: &str,
    from: &Phone,
    to: &str,
    text: &str,
    lead: Option<LeadId>,
) -> Result<bool> {
    let now = tx.now();
    let address_index = index(tx, Channel::Sms, from.as_str())?;
    let address = tx.seal(TABLE, "address", id.0, from.as_str())?;
    let text = tx.seal(TABLE, "text", id.0, text)?;
    let done = sqlx::query!(
        "insert into messages (id, channel, direction, purpose, lead_id, key, address, address_index, text, sender, state, provider, provider_id,
                               created_at, settled_at)
         values ($1, 'sms', 'in', 'answer', $2, $3, $4, $5, $6, $7, 'received', $8, $9, $10, $10)
         on conflict (organization_id, key) where key is not null do nothing",
        id.0,
        lead.map(|lead| lead.0),
        format!("in:{provider}:{provider_id}"),
        address as Sealed,
        address_index,
        text as Sealed,
        to,
        provider,
        provider_id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What is not kept in a lead's timeline is forgotten after a while: alerts, tests, answers of people who are no leads.
const PASSING_KEPT: TimeDelta = TimeDelta::days(90);

/// Forgets at most `most` messages that are in no lead's timeline; tells how many.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64> {
    let before = tx.now() - PASSING_KEPT;
    let done = sqlx::query!(
        "delete from messages where id in (select id from messages where lead_id is null and created_at < $1 order by created_at limit $2)",
        before,
        most
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// A message's place in the directory.
fn ids(row: (Uuid, Uuid)) -> (crate::types::ids::OrganizationId, MessageId) {
    (crate::types::ids::OrganizationId(row.0), MessageId(row.1))
}
