//! The statements on browsers that take pushes, in the directory.

use uuid::Uuid;

use super::super::Device;
use crate::{
    db::{
        Directory,
        seal::{Place, Sealed},
    },
    error::{Error, Result},
    providers::push::{Subscription, VapidKeys},
    types::ids::{DeviceId, SessionId, UserId, new_uuid},
};

const TABLE: &str = "push_devices";

/// Stores a browser's subscription under its endpoint, whoever had it before.
pub(in crate::notifications) async fn upsert(
    directory: &mut Directory,
    user: UserId,
    session: SessionId,
    label: &str,
    subscription: &Subscription,
) -> Result<DeviceId> {
    let now = directory.now();
    let lookups = directory.vault().lookups("push_devices.endpoint", &subscription.endpoint);
    let known = sqlx::query_scalar!("select id from push_devices where endpoint_index = any($1) for update", &lookups)
        .fetch_optional(directory.conn())
        .await?;
    let id = known.unwrap_or_else(|| new_uuid(now));
    let index = directory.index("push_devices.endpoint", &subscription.endpoint)?;
    let endpoint = directory.seal(TABLE, "endpoint", id, &subscription.endpoint)?;
    let p256dh = directory.seal(TABLE, "p256dh", id, &subscription.p256dh)?;
    let auth = directory.seal(TABLE, "auth", id, &subscription.auth)?;
    // Of two requests of one browser at once, the second one's row is the first one's; what it sealed would not open there, and is left.
    let id = sqlx::query_scalar!(
        "insert into push_devices as device (id, user_id, session_id, endpoint, p256dh, auth, endpoint_index, label, created_at, renewed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         on conflict (endpoint_index) do update set
             created_at = case when device.user_id = excluded.user_id then device.created_at else excluded.created_at end,
             sent_at = case when device.user_id = excluded.user_id then device.sent_at end,
             acknowledged_at = case when device.user_id = excluded.user_id then device.acknowledged_at end,
             user_id = excluded.user_id, session_id = excluded.session_id, label = excluded.label, renewed_at = excluded.renewed_at,
             endpoint = case when device.id = excluded.id then excluded.endpoint else device.endpoint end,
             p256dh = case when device.id = excluded.id then excluded.p256dh else device.p256dh end,
             auth = case when device.id = excluded.id then excluded.auth else device.auth end
         returning id",
        id,
        user.0,
        session.0,
        endpoint.0,
        p256dh.0,
        auth.0,
        index,
        label,
        now
    )
    .fetch_one(directory.conn())
    .await?;
    Ok(DeviceId(id))
}

/// Keeps the `most` that were renewed last.
pub(in crate::notifications) async fn keep(directory: &mut Directory, user: UserId, most: i64) -> Result<()> {
    sqlx::query!(
        "delete from push_devices where user_id = $1
             and id not in (select id from push_devices where user_id = $1 order by renewed_at desc, id limit $2)",
        user.0,
        most
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(in crate::notifications) async fn list(
    directory: &mut Directory,
    user: UserId,
    session: SessionId,
) -> Result<Vec<Device>> {
    let rows = sqlx::query!(
        "select id, session_id, label, created_at, sent_at, acknowledged_at from push_devices where user_id = $1 order by created_at, id",
        user.0
    )
    .fetch_all(directory.conn())
    .await?;
    let shown = rows.into_iter().map(|row| Device {
        id: DeviceId(row.id),
        label: row.label,
        is_this: row.session_id == session.0,
        created_at: row.created_at,
        sent_at: row.sent_at,
        acknowledged_at: row.acknowledged_at,
    });
    Ok(shown.collect())
}

pub(in crate::notifications) async fn remove(directory: &mut Directory, user: UserId, id: DeviceId) -> Result<()> {
    let done = sqlx::query!("delete from push_devices where id = $1 and user_id = $2", id.0, user.0)
        .execute(directory.conn())
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Forgets the browsers where the person was signed out.
pub(in crate::notifications) async fn forget_ended(directory: &mut Directory, user: UserId) -> Result<()> {
    sqlx::query!(
        "delete from push_devices d using sessions s where d.user_id = $1 and s.id = d.session_id and s.ended_at is not null",
        user.0
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(in crate::notifications) async fn subscriptions(
    directory: &mut Directory,
    user: UserId,
) -> Result<Vec<(DeviceId, Subscription)>> {
    let rows = sqlx::query!(
        r#"select id, endpoint as "endpoint: Sealed", p256dh as "p256dh: Sealed", auth as "auth: Sealed" from push_devices
           where user_id = $1 order by id"#,
        user.0
    )
    .fetch_all(directory.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let subscription = Subscription {
                endpoint: directory.open(TABLE, "endpoint", row.id, &row.endpoint)?,
                p256dh: directory.open(TABLE, "p256dh", row.id, &row.p256dh)?,
                auth: directory.open(TABLE, "auth", row.id, &row.auth)?,
            };
            Ok((DeviceId(row.id), subscription))
        })
        .collect()
}

pub(in crate::notifications) async fn note_sent(
    directory: &mut Directory,
    taken: &[DeviceId],
    gone: &[DeviceId],
) -> Result<()> {
    let raw = |ids: &[DeviceId]| ids.iter().map(|id| id.0).collect::<Vec<_>>();
    let now = directory.now();
    sqlx::query!(
        "with taken as (update push_devices set sent_at = $3 where id = any($1)) delete from push_devices where id = any($2)",
        &raw(taken),
        &raw(gone),
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(in crate::notifications) async fn acknowledge(directory: &mut Directory, id: DeviceId) -> Result<()> {
    let now = directory.now();
    sqlx::query!("update push_devices set acknowledged_at = $2 where id = $1", id.0, now)
        .execute(directory.conn())
        .await?;
    Ok(())
}

/// The keys of the server, made where there are none. Of two processes that start together one makes them.
pub(in crate::notifications) async fn read_or_make_keys(directory: &mut Directory) -> Result<VapidKeys> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('push_keys', 0))").execute(directory.conn()).await?;
    let row = sqlx::query!(
        r#"select id, public_key, private_key as "private_key: Sealed" from push_keys order by created_at, id limit 1"#
    )
    .fetch_optional(directory.conn())
    .await?;
    let place = |row: Uuid| Place { table: "push_keys", column: "private_key", row };
    if let Some(row) = row {
        let private = directory.vault().open(place(row.id), &row.private_key).map_err(Error::internal)?;
        return Ok(VapidKeys { public: row.public_key, private: private.into() });
    }
    let keys = VapidKeys::generate().ok_or_else(|| Error::internal("no keys for web push could be made"))?;
    let now = directory.now();
    let id = new_uuid(now);
    let sealed = directory.vault().seal(place(id), &keys.private).map_err(Error::internal)?;
    sqlx::query!(
        "insert into push_keys (id, public_key, private_key, created_at) values ($1, $2, $3, $4)",
        id,
        keys.public,
        sealed.0,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(keys)
}
