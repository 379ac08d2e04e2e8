//! All the SQL of sources and what came by them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{Directory, Tx, seal::Sealed},
    error::Result,
    types::ids::{LeadId, OrganizationId},
};

/// Whose path it is.
pub(super) async fn find_route(directory: &mut Directory, route: &str) -> Result<Option<(OrganizationId, Uuid)>> {
    let row = sqlx::query!("select organization_id, source_id from lead_routes where route = $1", route)
        .fetch_optional(directory.conn())
        .await?;
    Ok(row.map(|row| (OrganizationId(row.organization_id), row.source_id)))
}

pub(super) async fn insert_route(tx: &mut Tx, route: &str, source: Uuid) -> Result<()> {
    let organization = tx.organization().0;
    sqlx::query!(
        "insert into lead_routes (route, organization_id, source_id) values ($1, $2, $3)",
        route,
        organization,
        source
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) struct SourceRow {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    pub route: String,
    pub secret: Option<Sealed>,
    pub previous_until: Option<DateTime<Utc>>,
    pub redirect_url: Option<String>,
    pub overrides: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub last_received_at: Option<DateTime<Utc>>,
    /// Leads of what is kept.
    pub leads: i64,
    /// What could not be read and waits.
    pub failed: i64,
}

/// All sources, or one.
pub(super) async fn sources(tx: &mut Tx, id: Option<Uuid>) -> Result<Vec<SourceRow>> {
    Ok(sqlx::query_as!(
        SourceRow,
        r#"select s.id, s.name, s.kind, s.route, s.secret as "secret: Sealed", s.previous_until,
                  s.redirect_url, s.overrides, s.version, s.created_at, s.last_received_at,
                  (select count(*) from (select from source_deliveries d where d.source_id = s.id and d.state = 'stored' limit 1000) as stored) as "leads!",
                  (select count(*) from (select from source_deliveries d where d.source_id = s.id and d.state = 'failed' limit 1000) as failed) as "failed!"
           from lead_sources s where ($1::uuid is null or s.id = $1) order by s.name, s.id limit 200"#,
        id
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What taking something in needs to know of its source.
pub(super) struct DoorRow {
    pub kind: String,
    pub secret: Option<Sealed>,
    pub previous_secret: Option<Sealed>,
    pub previous_until: Option<DateTime<Utc>>,
    pub redirect_url: Option<String>,
}

pub(super) async fn door(tx: &mut Tx, id: Uuid) -> Result<Option<DoorRow>> {
    Ok(sqlx::query_as!(
        DoorRow,
        r#"select kind, secret as "secret: Sealed", previous_secret as "previous_secret: Sealed", previous_until, redirect_url
           from lead_sources where id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(super) async fn insert_source(
    tx: &mut Tx,
    id: Uuid,
    (name, kind, route): (&str, &str, &str),
    secret: Option<Sealed>,
    redirect_url: Option<&str>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into lead_sources (id, name, kind, route, secret, redirect_url, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        name,
        kind,
        route,
        secret.map(|sealed| sealed.0),
        redirect_url,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn change_source(tx: &mut Tx, id: Uuid, name: &str, redirect_url: Option<&str>) -> Result<bool> {
    let done =
        sqlx::query!("update lead_sources set name = $2, redirect_url = $3 where id = $1", id, name, redirect_url)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Another secret; the one before is good until then.
pub(super) async fn rotate(tx: &mut Tx, id: Uuid, secret: Sealed, before: Sealed, until: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update lead_sources set secret = $2, previous_secret = $3, previous_until = $4 where id = $1",
        id,
        secret.0,
        before.0,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn delete_source(tx: &mut Tx, id: Uuid) -> Result<bool> {
    let organization = tx.organization().0;
    sqlx::query!("delete from lead_routes where source_id = $1 and organization_id = $2", id, organization)
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query!("delete from lead_sources where id = $1", id).execute(tx.conn()).await?.rows_affected() == 1)
}

/// Where the fields go, of the version that is named.
pub(super) async fn save_mapping(tx: &mut Tx, id: Uuid, version: i32, overrides: Value) -> Result<bool> {
    let done = sqlx::query!(
        "update lead_sources set overrides = $3, version = version + 1 where id = $1 and version = $2",
        id,
        version,
        overrides
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What came.
pub(super) struct DeliveryRow {
    pub id: Uuid,
    pub body: Sealed,
    pub received_at: DateTime<Utc>,
    pub state: String,
    pub reason: Option<String>,
    pub lead_id: Option<Uuid>,
}

/// Keeps what came, once; `false` where it was here already.
pub(super) async fn insert_delivery(
    tx: &mut Tx,
    id: Uuid,
    source: Uuid,
    external_id: Option<&str>,
    body: Sealed,
) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "insert into source_deliveries (id, source_id, external_id, body, received_at, state) values ($1, $2, $3, $4, $5, 'failed')
         on conflict do nothing",
        id,
        source,
        external_id,
        body.0,
        now
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("update lead_sources set last_received_at = $2 where id = $1", source, now).execute(tx.conn()).await?;
    Ok(true)
}

pub(super) async fn finish_delivery(tx: &mut Tx, id: Uuid, reason: Option<&str>, lead: Option<LeadId>) -> Result<()> {
    let state = if lead.is_some() { "stored" } else { "failed" };
    sqlx::query!(
        "update source_deliveries set state = $2, reason = $3, lead_id = $4 where id = $1",
        id,
        state,
        reason,
        lead.map(|lead| lead.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest of a source, or one of them.
pub(super) async fn deliveries(tx: &mut Tx, source: Uuid, id: Option<Uuid>, limit: i64) -> Result<Vec<DeliveryRow>> {
    Ok(sqlx::query_as!(
        DeliveryRow,
        r#"select id, body as "body: Sealed", received_at, state, reason, lead_id from source_deliveries
           where source_id = $1 and ($2::uuid is null or id = $2) order by received_at desc, id desc limit $3"#,
        source,
        id,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Locks one that waits.
pub(super) async fn lock_delivery(tx: &mut Tx, source: Uuid, id: Uuid) -> Result<Option<DeliveryRow>> {
    Ok(sqlx::query_as!(
        DeliveryRow,
        r#"select id, body as "body: Sealed", received_at, state, reason, lead_id from source_deliveries
           where source_id = $1 and id = $2 for update"#,
        source,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Forgets what came before; at most so many. Tells how many.
pub(super) async fn forget(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    Ok(sqlx::query!(
        "delete from source_deliveries as kept using (
             select id from source_deliveries where received_at < $1 order by received_at limit $2) as oldest
         where kept.id = oldest.id",
        before,
        most
    )
    .execute(tx.conn())
    .await?
    .rows_affected())
}
