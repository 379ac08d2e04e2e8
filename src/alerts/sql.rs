//! The statements on alerts that are under way.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{Directory, Tx},
    error::Result,
    notifications::{Channel, Kind},
    types::ids::{AlertId, DeliveryId, DeviceId, LeadId, MessageId, OrganizationId, UserId},
};

pub(super) struct Alert {
    pub user: UserId,
    pub kind: Kind,
    pub channels: Vec<Channel>,
    pub fallback: Vec<Channel>,
    pub must_be_heard: bool,
    pub at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    /// The last that has begun.
    pub stage: usize,
    pub is_heard: bool,
    pub is_given_up: bool,
}

/// What is told in it.
pub(super) struct Told {
    pub lead: Option<LeadId>,
    pub data: Value,
    pub is_seen: bool,
}

fn channels(words: &[String]) -> Vec<Channel> {
    words.iter().filter_map(|word| Channel::parse(word)).collect()
}

/// Locked: what is added to it while it waits is added before it goes, or begins another one.
pub(super) async fn find(tx: &mut Tx, id: AlertId) -> Result<Option<Alert>> {
    let row = sqlx::query!(
        "select user_id, kind, channels, fallback, must_be_heard, at, sent_at, stage, heard_at, given_up_at from alerts where id = $1 for update",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| {
        Some(Alert {
            user: UserId(row.user_id),
            kind: Kind::parse(&row.kind)?,
            channels: channels(&row.channels),
            fallback: channels(&row.fallback),
            must_be_heard: row.must_be_heard,
            at: row.at,
            sent_at: row.sent_at,
            stage: usize::try_from(row.stage).unwrap_or_default(),
            is_heard: row.heard_at.is_some(),
            is_given_up: row.given_up_at.is_some(),
        })
    }))
}

pub(super) async fn notices(tx: &mut Tx, id: AlertId) -> Result<Vec<Told>> {
    let rows = sqlx::query!(
        r#"select lead_id, data, seen_at is not null as "is_seen!" from notifications where alert_id = $1 order by id"#,
        id.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Told { lead: row.lead_id.map(LeadId), data: row.data, is_seen: row.is_seen })
        .collect())
}

pub(super) async fn set_sent(tx: &mut Tx, id: AlertId, stage: usize) -> Result<()> {
    let (now, stage) = (tx.now(), i32::try_from(stage).unwrap_or(i32::MAX));
    sqlx::query!(
        "update alerts set sent_at = coalesce(sent_at, $2), stage = greatest(stage, $3) where id = $1",
        id.0,
        now,
        stage
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn set_heard(tx: &mut Tx, id: AlertId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update alerts set sent_at = coalesce(sent_at, $2), heard_at = coalesce(heard_at, $2) where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn give_up(tx: &mut Tx, id: AlertId) -> Result<()> {
    let now = tx.now();
    sqlx::query!("update alerts set given_up_at = $2 where id = $1", id.0, now).execute(tx.conn()).await?;
    Ok(())
}

/// A delivery that is under way, and the device that it is for.
pub(super) struct UnderWay {
    pub id: DeliveryId,
    pub device: Option<DeviceId>,
}

/// The deliveries of one way that have not been taken yet: made where there are none, found where the job runs once more.
pub(super) async fn begin(
    tx: &mut Tx,
    alert: AlertId,
    channel: Channel,
    devices: &[Option<DeviceId>],
) -> Result<Vec<UnderWay>> {
    let now = tx.now();
    let ids: Vec<Uuid> = devices.iter().map(|_| DeliveryId::new(now).0).collect();
    sqlx::query!(
        "insert into alert_deliveries (id, alert_id, channel, device_id, state, at)
         select id, $3, $4, device_id, 'sending', $5 from unnest($1::uuid[], $2::uuid[]) as new(id, device_id)
         where not exists (select from alert_deliveries known
                           where known.alert_id = $3 and known.channel = $4 and known.device_id is not distinct from new.device_id)",
        &ids,
        &devices.iter().map(|id| id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        alert.0,
        channel.as_str(),
        now
    )
    .execute(tx.conn())
    .await?;
    let rows = sqlx::query!(
        "select id, device_id from alert_deliveries where alert_id = $1 and channel = $2 and state = 'sending' order by id",
        alert.0,
        channel.as_str()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| UnderWay { id: DeliveryId(row.id), device: row.device_id.map(DeviceId) }).collect())
}

/// Whether anything of the alert has been taken by anybody, or may be within moments: what a service does not take now is tried again.
pub(super) async fn is_taken(tx: &mut Tx, alert: AlertId) -> Result<bool> {
    let taken = sqlx::query_scalar!(
        r#"select exists (select from alert_deliveries where alert_id = $1 and state <> 'failed') as "taken!""#,
        alert.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(taken)
}

/// Whether something of it is still to be tried again.
pub(super) async fn is_under_way(tx: &mut Tx, alert: AlertId) -> Result<bool> {
    let under_way = sqlx::query_scalar!(
        r#"select exists (select from alert_deliveries where alert_id = $1 and state = 'sending') as "under_way!""#,
        alert.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(under_way)
}

/// Whether it went on any way, successfully or not.
pub(super) async fn was_tried(tx: &mut Tx, alert: AlertId) -> Result<bool> {
    let tried = sqlx::query_scalar!(
        r#"select exists (select from alert_deliveries where alert_id = $1 and reason is distinct from 'not_configured') as "tried!""#,
        alert.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(tried)
}

/// Of these leads those that nobody's device told of: every alert of this kind about them was given up.
pub(super) async fn unheard(tx: &mut Tx, kind: Kind, leads: &[LeadId]) -> Result<Vec<LeadId>> {
    let ids: Vec<Uuid> = leads.iter().map(|id| id.0).collect();
    let unheard = sqlx::query_scalar!(
        r#"select lead as "lead!" from unnest($1::uuid[]) lead
           where not exists (select from notifications n join alerts a on a.id = n.alert_id
                             where n.lead_id = lead and n.kind = $2 and (a.heard_at is not null or a.given_up_at is null))"#,
        &ids,
        kind.as_str()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(unheard.into_iter().map(LeadId).collect())
}

/// What became of a delivery. One that has arrived already stays so: a phone can be faster than the answer to us.
pub(super) async fn settle(tx: &mut Tx, id: DeliveryId, failed: Option<&str>) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update alert_deliveries set state = case when $2::text is null then 'accepted' else 'failed' end, reason = $2, settled_at = $3
         where id = $1 and state = 'sending'",
        id.0,
        failed,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A vendor took it, and then it did not arrive.
pub(super) async fn fail(tx: &mut Tx, id: DeliveryId, why: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update alert_deliveries set state = 'failed', reason = $2, settled_at = $3 where id = $1 and state <> 'arrived'",
        id.0,
        why,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The message that a delivery became.
pub(super) async fn set_message(tx: &mut Tx, id: DeliveryId, message: MessageId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update alert_deliveries set message_id = $2, state = 'accepted', settled_at = $3 where id = $1 and state = 'sending'",
        id.0,
        message.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn delivery_of(tx: &mut Tx, message: MessageId) -> Result<Option<(AlertId, DeliveryId, Channel)>> {
    let row = sqlx::query!("select id, alert_id, channel from alert_deliveries where message_id = $1", message.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.and_then(|row| Some((AlertId(row.alert_id), DeliveryId(row.id), Channel::parse(&row.channel)?))))
}

/// A link by which its person may take a lead of the alert.
pub(super) async fn insert_link(
    tx: &mut Tx,
    hash: &[u8],
    user: UserId,
    alert: AlertId,
    until: DateTime<Utc>,
) -> Result<()> {
    let organization = tx.organization();
    sqlx::query!(
        "insert into claim_links (code_hash, organization_id, user_id, alert_id, expires_at) values ($1, $2, $3, $4, $5)",
        hash,
        organization.0,
        user.0,
        alert.0,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The tokens by which devices say that a push arrived.
pub(super) async fn insert_tokens(tx: &mut Tx, tokens: &[(DeliveryId, Vec<u8>)], until: DateTime<Utc>) -> Result<()> {
    let organization = tx.organization();
    sqlx::query!(
        "insert into push_tokens (token_hash, organization_id, delivery_id, expires_at)
         select hash, $3, delivery, $4 from unnest($1::bytea[], $2::uuid[]) as token(hash, delivery)",
        &tokens.iter().map(|(_, hash)| hash.clone()).collect::<Vec<_>>(),
        &tokens.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        organization.0,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whose push arrived; a token is taken once.
pub(super) async fn take_token(directory: &mut Directory, hash: &[u8]) -> Result<Option<(OrganizationId, DeliveryId)>> {
    let now = directory.now();
    let row = sqlx::query!(
        "delete from push_tokens where token_hash = $1 and expires_at > $2 returning organization_id, delivery_id",
        hash,
        now
    )
    .fetch_optional(directory.conn())
    .await?;
    Ok(row.map(|row| (OrganizationId(row.organization_id), DeliveryId(row.delivery_id))))
}

/// The delivery arrived, so its alert is heard.
pub(super) async fn arrived(tx: &mut Tx, id: DeliveryId) -> Result<Option<DeviceId>> {
    let now = tx.now();
    let device = sqlx::query_scalar!(
        "with arrived as (update alert_deliveries set state = 'arrived', settled_at = $2 where id = $1 returning alert_id, device_id),
              heard as (update alerts set heard_at = coalesce(heard_at, $2) where id = (select alert_id from arrived))
         select device_id from arrived",
        id.0,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(device.flatten().map(DeviceId))
}

pub(super) async fn names_on_lock_screen(tx: &mut Tx) -> Result<bool> {
    let allowed = sqlx::query_scalar!("select names_on_lock_screen from escalation_ladders").fetch_optional(tx.conn());
    Ok(allowed.await?.unwrap_or(false))
}

pub(super) async fn prune(directory: &mut Directory) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "with tokens as (delete from push_tokens where expires_at < $1) delete from claim_links where expires_at < $1",
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}
