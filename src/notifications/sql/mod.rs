//! The statements on notifications, alerts and what people prefer.

pub(super) mod devices;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Channel, Kind, MOST_UNSEEN, Notice, Notification, Preferences, SendAlert, preferences::Ways};
use crate::{
    app::App,
    db::Tx,
    error::{Error, Result},
    jobs::Job,
    types::ids::{AlertId, LeadId, NotificationId, UserId},
};

pub(super) struct NewAlert {
    pub id: AlertId,
    pub user: UserId,
    pub kind: Kind,
    pub ways: Ways,
    pub send_at: DateTime<Utc>,
}

fn ids(people: &[UserId]) -> Vec<Uuid> {
    people.iter().map(|id| id.0).collect()
}

fn key(user: Uuid, kind: &str) -> Option<(UserId, Kind)> {
    Some((UserId(user), Kind::parse(kind)?))
}

/// An alert that has yet to go: what is added to it goes with it.
pub(super) struct Waiting {
    pub id: AlertId,
    pub key: (UserId, Kind),
    /// It should have gone, and no job will send it. It waits no more: it would keep all that comes after it from its person.
    pub is_lost: bool,
}

/// The alerts that have not gone yet, locked: whoever sends one waits for what is added to it.
pub(super) async fn waiting(tx: &mut Tx, people: &[UserId], overdue: DateTime<Utc>) -> Result<Vec<Waiting>> {
    let rows = sqlx::query!(
        r#"with waiting as materialized (
               select id, user_id, kind, send_at < $2 and not exists (
                   select from jobs where jobs.kind = $3 and jobs.key = alerts.id::text || ':0' and jobs.state in ('ready', 'running')) as is_lost
               from alerts where user_id = any($1) and sent_at is null order by id for update),
           lost as (update alerts set sent_at = send_at where id in (select id from waiting where is_lost))
           select id, user_id, kind, is_lost as "is_lost!" from waiting"#,
        &ids(people),
        overdue,
        <SendAlert as Job<App>>::KIND
    )
    .fetch_all(tx.conn())
    .await?;
    let alert = |row: (Uuid, Uuid, String, bool)| {
        Some(Waiting { id: AlertId(row.0), key: key(row.1, &row.2)?, is_lost: row.3 })
    };
    Ok(rows.into_iter().filter_map(|row| alert((row.id, row.user_id, row.kind, row.is_lost))).collect())
}

pub(super) async fn last_sent(tx: &mut Tx, people: &[UserId]) -> Result<HashMap<(UserId, Kind), DateTime<Utc>>> {
    let rows = sqlx::query!(
        r#"select one.user_id as "user_id!", one.kind as "kind!", latest.sent_at as "sent_at!"
           from (select user_id, kind from unnest($1::uuid[]) as person(user_id), unnest($2::text[]) as kinds(kind)) one,
                lateral (select sent_at from alerts where alerts.user_id = one.user_id and alerts.kind = one.kind and sent_at is not null
                         order by sent_at desc limit 1) latest"#,
        &ids(people),
        &Kind::ALL.map(|kind| kind.as_str().to_owned())
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((key(row.user_id, &row.kind)?, row.sent_at))).collect())
}

fn words(channels: &[Channel]) -> String {
    channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(",")
}

/// Gives the alerts that are new, or, where somebody else began one for the same person and kind just now, that one.
pub(super) async fn insert_alerts(tx: &mut Tx, alerts: &[NewAlert]) -> Result<HashMap<(UserId, Kind), AlertId>> {
    if alerts.is_empty() {
        return Ok(HashMap::new());
    }
    let now = tx.now();
    let rows = sqlx::query!(
        "insert into alerts (id, user_id, kind, channels, fallback, must_be_heard, at, send_at)
         select id, user_id, kind, string_to_array(channels, ','), string_to_array(fallback, ','), must_be_heard, $8, send_at
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[])
              as alert(id, user_id, kind, channels, fallback, must_be_heard, send_at)
         order by user_id, kind
         on conflict (organization_id, user_id, kind) where sent_at is null do update set send_at = alerts.send_at
         returning id, user_id, kind",
        &alerts.iter().map(|alert| alert.id.0).collect::<Vec<_>>(),
        &alerts.iter().map(|alert| alert.user.0).collect::<Vec<_>>(),
        &alerts.iter().map(|alert| alert.kind.as_str().to_owned()).collect::<Vec<_>>(),
        &alerts.iter().map(|alert| words(&alert.ways.at_once)).collect::<Vec<_>>(),
        &alerts.iter().map(|alert| words(&alert.ways.then)).collect::<Vec<_>>(),
        &alerts.iter().map(|alert| alert.kind.must_be_heard()).collect::<Vec<_>>(),
        &alerts.iter().map(|alert| alert.send_at).collect::<Vec<_>>(),
        now
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((key(row.user_id, &row.kind)?, AlertId(row.id)))).collect())
}

pub(super) async fn insert(tx: &mut Tx, rows: &[(NotificationId, Notice, Option<AlertId>)]) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into notifications (id, user_id, kind, lead_id, data, alert_id, at)
         select id, user_id, kind, lead_id, data, alert_id, $7
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::jsonb[], $6::uuid[]) as new(id, user_id, kind, lead_id, data, alert_id)",
        &rows.iter().map(|(id, ..)| id.0).collect::<Vec<_>>(),
        &rows.iter().map(|(_, notice, _)| notice.to.0).collect::<Vec<_>>(),
        &rows.iter().map(|(_, notice, _)| notice.kind.as_str().to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, notice, _)| notice.lead.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &rows.iter().map(|(_, notice, _)| notice.data.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|(.., alert)| alert.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn list(
    tx: &mut Tx,
    user: UserId,
    before: Option<NotificationId>,
    limit: i64,
) -> Result<Vec<Notification>> {
    let rows = sqlx::query!(
        "select id, kind, lead_id, data, at, seen_at, read_at from notifications
         where user_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        user.0,
        before.map(|id| id.0),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let shown = rows.into_iter().filter_map(|row| {
        Some(Notification {
            id: NotificationId(row.id),
            kind: Kind::parse(&row.kind)?, // of a newer release: shown by it
            lead_id: row.lead_id.map(LeadId),
            data: row.data,
            at: row.at,
            seen_at: row.seen_at,
            read_at: row.read_at,
        })
    });
    Ok(shown.collect())
}

pub(super) async fn unseen(tx: &mut Tx, people: &[UserId]) -> Result<HashMap<UserId, i64>> {
    let rows = sqlx::query!(
        r#"select person as "user_id!", (select count(*) from (select from notifications where user_id = person and seen_at is null limit $2) few) as "count!"
           from unnest($1::uuid[]) person"#,
        &ids(people),
        MOST_UNSEEN
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (UserId(row.user_id), row.count)).collect())
}

/// Whether anything was not seen before. Here and below, an alert that has yet to go is not heard by that: when it goes, it tells what is
/// not seen by then, if anything.
pub(super) async fn see(tx: &mut Tx, user: UserId, until: NotificationId) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query_scalar!(
        r#"with seen as (update notifications set seen_at = $3 where user_id = $1 and id <= $2 and seen_at is null returning alert_id),
                heard as (update alerts set heard_at = $3 where id in (select alert_id from seen) and sent_at is not null and heard_at is null)
           select count(*) as "count!" from seen"#,
        user.0,
        until.0,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(done > 0)
}

pub(super) async fn read(tx: &mut Tx, user: UserId, id: NotificationId) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query_scalar!(
        r#"with done as (update notifications set seen_at = coalesce(seen_at, $3), read_at = coalesce(read_at, $3) where user_id = $1 and id = $2
                         returning alert_id),
                heard as (update alerts set heard_at = $3 where id in (select alert_id from done) and sent_at is not null and heard_at is null)
           select count(*) as "count!" from done"#,
        user.0,
        id.0,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    if done == 1 { Ok(()) } else { Err(Error::NotFound) }
}

pub(super) async fn settle(tx: &mut Tx, user: UserId, lead: LeadId) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query_scalar!(
        r#"with done as (update notifications set seen_at = $3, read_at = $3
                         where user_id = $1 and lead_id = $2 and seen_at is null returning alert_id),
                heard as (update alerts set heard_at = $3 where id in (select alert_id from done) and sent_at is not null and heard_at is null)
           select count(*) as "count!" from done"#,
        user.0,
        lead.0,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(done > 0)
}

pub(super) async fn prune(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let notifications = sqlx::query!(
        "delete from notifications where id in (select id from notifications where at < $1 order by at limit $2)",
        before,
        most
    )
    .execute(tx.conn())
    .await?;
    let alerts = sqlx::query!(
        "delete from alerts where id in (select id from alerts where at < $1 order by at limit $2)",
        before,
        most
    )
    .execute(tx.conn())
    .await?;
    Ok(notifications.rows_affected().max(alerts.rows_affected()))
}

pub(super) async fn preferences(tx: &mut Tx, people: &[UserId]) -> Result<HashMap<UserId, Preferences>> {
    let rows = sqlx::query!("select user_id, settings from alert_preferences where user_id = any($1)", &ids(people))
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter().map(|row| Ok((UserId(row.user_id), serde_json::from_value(row.settings)?))).collect()
}

pub(super) async fn own_preferences(tx: &mut Tx, user: UserId) -> Result<(Option<Preferences>, i32)> {
    let row = sqlx::query!("select settings, version from alert_preferences where user_id = $1", user.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map_or(Ok((None, 0)), |row| Ok((Some(serde_json::from_value(row.settings)?), row.version)))
}

/// `false`: `version` is not the current one.
pub(super) async fn save_preferences(tx: &mut Tx, user: UserId, version: i32, wanted: &Preferences) -> Result<bool> {
    let (settings, now) = (serde_json::to_value(wanted)?, tx.now());
    let saved = sqlx::query!(
        "insert into alert_preferences (user_id, settings, version, changed_at) select $1, $2, 1, $4 where $3 = 0
         on conflict (organization_id, user_id) do nothing",
        user.0,
        settings,
        version,
        now
    )
    .execute(tx.conn())
    .await?;
    if saved.rows_affected() == 1 {
        return Ok(true);
    }
    let saved = sqlx::query!(
        "update alert_preferences set settings = $2, version = version + 1, changed_at = $4 where user_id = $1 and version = $3",
        user.0,
        settings,
        version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(saved.rows_affected() == 1)
}
