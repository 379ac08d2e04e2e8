//! The SQL of what an owner sets up: the app, the connections, the forms.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{Directory, Tx, seal::Sealed},
    error::Result,
    types::ids::{FormId, LeadId, OrganizationId},
};

pub(in crate::integrations) async fn organization_of(
    directory: &mut Directory,
    route: &str,
) -> Result<Option<OrganizationId>> {
    let id = sqlx::query_scalar!("select organization_id from meta_routes where route = $1", route)
        .fetch_optional(directory.conn())
        .await?;
    Ok(id.map(OrganizationId))
}

pub(in crate::integrations) async fn route_of(tx: &mut Tx) -> Result<Option<String>> {
    let organization = tx.organization().0;
    Ok(sqlx::query_scalar!("select route from meta_routes where organization_id = $1", organization)
        .fetch_optional(tx.conn())
        .await?)
}

/// Gives the organization a path, once.
pub(in crate::integrations) async fn ensure_route(tx: &mut Tx, route: &str) -> Result<()> {
    let (organization, now) = (tx.organization().0, tx.now());
    sqlx::query!(
        "insert into meta_routes (route, organization_id, created_at) values ($1, $2, $3) on conflict (organization_id) do nothing",
        route,
        organization,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::integrations) struct AppRow {
    pub row_id: Uuid,
    pub app_id: String,
    pub app_secret: Sealed,
    pub verify_token: Sealed,
    pub updated_at: DateTime<Utc>,
}

pub(in crate::integrations) async fn own_app(tx: &mut Tx) -> Result<Option<AppRow>> {
    Ok(sqlx::query_as!(
        AppRow,
        r#"select row_id, app_id, app_secret as "app_secret: Sealed", verify_token as "verify_token: Sealed", updated_at from meta_apps"#
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(in crate::integrations) async fn upsert_app(
    tx: &mut Tx,
    row: Uuid,
    app_id: &str,
    app_secret: Sealed,
    verify_token: Sealed,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into meta_apps (row_id, app_id, app_secret, verify_token, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (organization_id) do update set row_id = excluded.row_id, app_id = excluded.app_id, app_secret = excluded.app_secret,
             verify_token = excluded.verify_token, updated_at = excluded.updated_at",
        row,
        app_id,
        app_secret.0,
        verify_token.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::integrations) async fn delete_app(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query!("delete from meta_apps").execute(tx.conn()).await?.rows_affected() == 1)
}

/// A connected page, its token sealed.
pub(in crate::integrations) struct PageRow {
    pub page_id: String,
    pub row_id: Uuid,
    pub name: String,
    pub token: Sealed,
    pub connected_at: DateTime<Utc>,
    pub subscribed_at: Option<DateTime<Utc>>,
    pub broken_at: Option<DateTime<Utc>>,
    pub broken_reason: Option<String>,
    pub test: Option<Value>,
    /// When the newest delivery for it came.
    pub last_received_at: Option<DateTime<Utc>>,
    /// Leads that are still to be fetched.
    pub waiting: i64,
    /// Leads that were given up.
    pub failed: i64,
    pub token_ends_at: Option<DateTime<Utc>>,
    pub slow_until: Option<DateTime<Utc>>,
    pub budget_percent: Option<i32>,
}

pub(in crate::integrations) async fn pages(tx: &mut Tx, page_id: Option<&str>) -> Result<Vec<PageRow>> {
    let organization = tx.organization().0;
    Ok(sqlx::query_as!(
        PageRow,
        r#"select c.page_id, c.row_id, c.name, c.token as "token: Sealed", c.connected_at, c.subscribed_at, c.broken_at, c.broken_reason, c.test,
                  (select r.received_at from webhook_receipts r where r.organization_id = $2 and r.page_id = c.page_id
                   order by r.received_at desc limit 1) as last_received_at,
                  (select count(*) from jobs j where j.organization_id = $2 and j.kind = 'fetch_lead' and j.state in ('ready', 'running')
                   and j.payload->>'page_id' = c.page_id) as "waiting!",
                  (select count(*) from jobs j where j.organization_id = $2 and j.kind = 'fetch_lead' and j.state = 'dead'
                   and j.payload->>'page_id' = c.page_id) as "failed!",
                  p.token_ends_at as "token_ends_at?", p.slow_until as "slow_until?", p.budget_percent as "budget_percent?"
           from meta_connections c left join meta_pages p on p.page_id = c.page_id and p.organization_id = $2 where ($1::text is null or c.page_id = $1) order by c.name, c.page_id"#,
        page_id,
        organization
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets a page and its token. Its leads, forms and receipts stay.
pub(in crate::integrations) async fn disconnect(tx: &mut Tx, page_id: &str) -> Result<Option<Uuid>> {
    let organization = tx.organization().0;
    let row = sqlx::query_scalar!("delete from meta_connections where page_id = $1 returning row_id", page_id)
        .fetch_optional(tx.conn())
        .await?;
    sqlx::query!("delete from meta_pages where page_id = $1 and organization_id = $2", page_id, organization)
        .execute(tx.conn())
        .await?;
    Ok(row)
}

pub(in crate::integrations) async fn subscribed(tx: &mut Tx, page_id: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!("update meta_connections set subscribed_at = $2 where page_id = $1", page_id, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(in crate::integrations) async fn keep_test(tx: &mut Tx, page_id: &str, test: Value) -> Result<()> {
    let now = tx.now();
    sqlx::query!("update meta_connections set tested_at = $2, test = $3 where page_id = $1", page_id, now, test)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(in crate::integrations) async fn is_broken(tx: &mut Tx, page_id: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from meta_connections where page_id = $1 and broken_at is not null) as "broken!""#,
        page_id
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A form with what Meta tells of it.
pub(in crate::integrations) struct FormRow {
    pub id: Uuid,
    pub page_id: String,
    pub page_name: Option<String>,
    pub external_id: String,
    pub name: String,
    pub locale: Option<String>,
    pub status: Option<String>,
    pub version: i32,
    pub snapshot: Value,
    pub overrides: Value,
    pub mapped_at: Option<DateTime<Utc>>,
    pub leads: i64,
}

/// All forms, or one. `since`: from when its leads are counted.
pub(in crate::integrations) async fn form_rows(
    tx: &mut Tx,
    id: Option<FormId>,
    since: DateTime<Utc>,
) -> Result<Vec<FormRow>> {
    Ok(sqlx::query_as!(
        FormRow,
        r#"select f.id, f.page_id, c.name as "page_name?", f.external_id, f.name, f.locale, f.status, f.version, f.snapshot, f.overrides, f.mapped_at,
                  (select count(*) from leads l where l.form_id = f.id and l.created_at >= $2) as "leads!"
           from lead_forms f left join meta_connections c on c.page_id = f.page_id
           where ($1::uuid is null or f.id = $1) order by (coalesce(f.status, 'ACTIVE') <> 'ACTIVE'), f.name, f.id limit 500"#,
        id.map(|id| id.0),
        since
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Locks a form; gives its version.
pub(in crate::integrations) async fn lock_form(tx: &mut Tx, id: FormId) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!("select version from lead_forms where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?)
}

/// A form's version, which stays so until the transaction ends. Leads of the form may come meanwhile.
pub(in crate::integrations) async fn hold_version(tx: &mut Tx, id: FormId) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!("select version from lead_forms where id = $1 for share", id.0)
        .fetch_optional(tx.conn())
        .await?)
}

pub(in crate::integrations) async fn save_mapping(tx: &mut Tx, id: FormId, overrides: Value) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update lead_forms set overrides = $2, mapped_at = $3, version = version + 1 where id = $1",
        id.0,
        overrides,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Of Meta's ids those that are stored, with their leads.
pub(in crate::integrations) async fn leads_of(tx: &mut Tx, meta_lead_ids: &[String]) -> Result<Vec<(String, LeadId)>> {
    let rows = sqlx::query!(
        r#"select meta_lead_id as "meta_lead_id!", lead_id from lead_enquiries where meta_lead_id = any($1)"#,
        meta_lead_ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.meta_lead_id, LeadId(row.lead_id))).collect())
}
