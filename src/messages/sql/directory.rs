//! The statements on the directory: by what a vendor tells, the organization and the message are found.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::ids;
use crate::{
    db::{
        Directory, Tx,
        seal::{Sealed, Vault},
    },
    error::{Error, Result},
    messages::Channel,
    types::ids::{MessageId, OrganizationId},
};

/// Whoever answers later than this answers nobody in particular.
const ROUTES_KEPT: TimeDelta = TimeDelta::days(400);
/// What was taken in stays so long known by its number, so that a vendor's repetition is recognised; what was nobody's, for an operator.
const CALLBACKS_KEPT: TimeDelta = TimeDelta::days(30);

fn column(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "route_phone",
        Channel::Email => "route_email",
    }
}

/// Under the directory's key: the same person has the same index whoever writes to them.
pub(super) fn route_index(vault: &Vault, channel: Channel, address: &str) -> Result<Vec<u8>> {
    vault.index(column(channel), address).map_err(Error::internal)
}

/// The message that is meant: by our id, or by the vendor's.
pub(in crate::messages) async fn route(
    directory: &mut Directory,
    message: Option<Uuid>,
    provider: &str,
    provider_id: Option<&str>,
) -> Result<Option<(OrganizationId, MessageId)>> {
    let row = sqlx::query!(
        "select organization_id, message_id from message_routes
         where message_id = $1 or ($1::uuid is null and provider = $2 and provider_id = $3) limit 1",
        message,
        provider,
        provider_id
    )
    .fetch_optional(directory.conn())
    .await?;
    Ok(row.map(|row| ids((row.organization_id, row.message_id))))
}

pub(in crate::messages) async fn route_of_link(
    directory: &mut Directory,
    hash: &[u8],
) -> Result<Option<(OrganizationId, MessageId)>> {
    let row = sqlx::query!("select organization_id, message_id from message_routes where link_hash = $1", hash)
        .fetch_optional(directory.conn())
        .await?;
    Ok(row.map(|row| ids((row.organization_id, row.message_id))))
}

/// Who wrote to this number from that one, whoever did last first. A sender that the vendor's account picked is not known.
pub(in crate::messages) async fn correspondents(
    directory: &mut Directory,
    person: &str,
    sender: &str,
) -> Result<Vec<OrganizationId>> {
    let indexes = directory.vault().lookups(column(Channel::Sms), person);
    let rows = sqlx::query_scalar!(
        r#"select organization_id as "organization!" from message_routes
           where address_index = any($1) and channel = 'sms' and (sender is null or sender = $2)
           group by organization_id order by max(created_at) desc"#,
        &indexes,
        sender
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(rows.into_iter().map(OrganizationId).collect())
}

pub(in crate::messages) async fn owner_of_number(
    directory: &mut Directory,
    number: &str,
) -> Result<Option<OrganizationId>> {
    let owner = sqlx::query_scalar!("select organization_id from sender_numbers where number = $1", number)
        .fetch_optional(directory.conn())
        .await?;
    Ok(owner.map(OrganizationId))
}

/// The organization sends from this number from now on, and from no other. `false`: another one does.
pub(in crate::messages) async fn take_number(tx: &mut Tx, number: Option<&str>) -> Result<bool> {
    let (organization, now) = (tx.organization(), tx.now());
    sqlx::query!(
        "delete from sender_numbers where organization_id = $1 and number is distinct from $2",
        organization.0,
        number
    )
    .execute(tx.conn())
    .await?;
    let Some(number) = number else { return Ok(true) };
    let owner = sqlx::query_scalar!(
        "insert into sender_numbers (number, organization_id, since) values ($1, $2, $3)
         on conflict (number) do update set since = sender_numbers.since returning organization_id",
        number,
        organization.0,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(owner == organization.0)
}

/// `false`: it was told before.
pub(in crate::messages) async fn insert_callback(
    directory: &mut Directory,
    id: Uuid,
    provider: &str,
    dedupe: &str,
    payload: &Sealed,
) -> Result<bool> {
    let now = directory.now();
    let done = sqlx::query!(
        "insert into message_callbacks (id, provider, dedupe, payload, received_at) values ($1, $2, $3, $4, $5)
         on conflict (provider, dedupe) do nothing",
        id,
        provider,
        dedupe,
        payload as &Sealed,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a vendor told.
pub(in crate::messages) struct Kept {
    pub provider: String,
    pub payload: String,
    pub received_at: DateTime<Utc>,
}

/// `None`: it is taken in already.
pub(in crate::messages) async fn callback(directory: &mut Directory, id: Uuid) -> Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"select provider, payload as "payload: Sealed", received_at from message_callbacks where id = $1 and state <> 'done'"#,
        id
    )
    .fetch_optional(directory.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(payload) = row.payload else { return Ok(None) };
    let payload = directory.open("message_callbacks", "payload", id, &payload)?;
    Ok(Some(Kept { provider: row.provider, payload, received_at: row.received_at }))
}

/// It is taken in, and what it said is forgotten; or it is nobody's, and kept.
pub(in crate::messages) async fn close_callback(connection: &mut PgConnection, id: Uuid, is_done: bool) -> Result<()> {
    sqlx::query!(
        "update message_callbacks set state = case when $2 then 'done' else 'unknown' end, payload = case when $2 then null else payload end
         where id = $1",
        id,
        is_done
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the ways back of long ago, and what vendors told. Some thousands at a time: the next sweep goes on.
pub async fn prune_directory(directory: &mut Directory) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "delete from message_routes where message_id in (select message_id from message_routes where created_at < $1 order by created_at limit 5000)",
        now - ROUTES_KEPT
    )
    .execute(directory.conn())
    .await?;
    sqlx::query!(
        "delete from message_callbacks where id in (select id from message_callbacks where received_at < $1 order by received_at limit 5000)",
        now - CALLBACKS_KEPT
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}
