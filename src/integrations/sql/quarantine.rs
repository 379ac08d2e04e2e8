//! The SQL of the quarantine: what was signed and could not be taken in.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    db::Directory,
    error::Result,
    integrations::{Quarantined, quarantine_ids},
    types::ids::{OrganizationId, QuarantineId},
};

/// `door`: whose path it came by.
pub(in crate::integrations) async fn quarantine(
    pool: &PgPool,
    parts: &[Quarantined],
    door: Option<OrganizationId>,
    received_at: DateTime<Utc>,
) -> Result<()> {
    let ids = quarantine_ids(parts.len(), received_at);
    let reasons: Vec<&str> = parts.iter().map(|part| part.reason).collect();
    let pages: Vec<Option<&str>> = parts.iter().map(|part| part.page_id.as_deref()).collect();
    let bodies: Vec<&[u8]> = parts.iter().map(|part| part.body.as_slice()).collect();
    sqlx::query!(
        "insert into webhook_quarantine (id, provider, reason, page_id, body, received_at, organization_id)
         select id, 'meta', reason, page_id, body, $5, $6 from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) as new(id, reason, page_id, body)",
        &ids,
        &reasons as &[&str],
        &pages as &[Option<&str>],
        &bodies as &[&[u8]],
        received_at,
        door.map(|organization| organization.0)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// What waits in the quarantine.
pub(in crate::integrations) struct Waiting {
    pub id: Uuid,
    pub provider: String,
    pub reason: String,
    pub received_at: DateTime<Utc>,
    pub size: i32,
}

/// What waits; for somebody who looks after these organizations without what is others'.
pub(in crate::integrations) async fn waiting(
    directory: &mut Directory,
    only: Option<&[OrganizationId]>,
) -> Result<Vec<Waiting>> {
    let only = ids(only);
    Ok(sqlx::query_as!(
        Waiting,
        r#"select q.id, q.provider, q.reason, q.received_at, length(q.body) as "size!"
           from webhook_quarantine q left join meta_pages p using (page_id)
           where q.replayed_at is null and q.reason <> 'other_field'
             and ($1::uuid[] is null or coalesce(q.organization_id, p.organization_id) is null or coalesce(q.organization_id, p.organization_id) = any($1))
           order by q.received_at desc limit 200"#,
        only.as_deref()
    )
    .fetch_all(directory.conn())
    .await?)
}

fn ids(only: Option<&[OrganizationId]>) -> Option<Vec<Uuid>> {
    only.map(|only| only.iter().map(|id| id.0).collect())
}

/// A part of a delivery, as it came.
pub(in crate::integrations) struct Part {
    pub id: QuarantineId,
    pub body: Vec<u8>,
    pub received_at: DateTime<Utc>,
    /// Whose path it came by.
    pub door: Option<OrganizationId>,
}

/// Waiting parts of a page that may be this organization's: what came by the common path, or by its own.
pub(in crate::integrations) async fn waiting_for_page(
    directory: &mut Directory,
    page_id: &str,
    organization: OrganizationId,
) -> Result<Vec<Part>> {
    let rows = sqlx::query!(
        "select id, body, received_at, organization_id from webhook_quarantine
         where replayed_at is null and page_id = $1 and reason = 'unknown_page' and (organization_id is null or organization_id = $2)
         order by received_at limit 1000",
        page_id,
        organization.0
    )
    .fetch_all(directory.conn())
    .await?;
    let part = |id, body, received_at, door: Option<Uuid>| Part {
        id: QuarantineId(id),
        body,
        received_at,
        door: door.map(OrganizationId),
    };
    Ok(rows.into_iter().map(|row| part(row.id, row.body, row.received_at, row.organization_id)).collect())
}

/// The waiting part of this id; as in [`waiting`].
pub(in crate::integrations) async fn waiting_part(
    directory: &mut Directory,
    id: QuarantineId,
    only: Option<&[OrganizationId]>,
) -> Result<Option<Part>> {
    let only = ids(only);
    let row = sqlx::query!(
        r#"select q.id, q.body, q.received_at, q.organization_id as "door?" from webhook_quarantine q left join meta_pages p using (page_id)
           where q.replayed_at is null and q.id = $1
             and ($2::uuid[] is null or coalesce(q.organization_id, p.organization_id) is null or coalesce(q.organization_id, p.organization_id) = any($2))"#,
        id.0,
        only.as_deref()
    )
    .fetch_optional(directory.conn())
    .await?;
    Ok(row.map(|row| Part {
        id: QuarantineId(row.id),
        body: row.body,
        received_at: row.received_at,
        door: row.door.map(OrganizationId),
    }))
}

pub(in crate::integrations) async fn replayed(directory: &mut Directory, id: QuarantineId) -> Result<()> {
    let now = directory.now();
    sqlx::query!("update webhook_quarantine set replayed_at = $2 where id = $1", id.0, now)
        .execute(directory.conn())
        .await?;
    Ok(())
}

/// How much waits in the quarantine, by reason.
pub(in crate::integrations) async fn waiting_by_reason(directory: &mut Directory) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select reason, count(*) as "count!" from webhook_quarantine where replayed_at is null group by reason"#
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.count)).collect())
}
