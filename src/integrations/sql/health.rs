//! The SQL of how connections are. Trouble stands in the directory, beside whose page it is: operators look after many organizations.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{Directory, Tx},
    error::Result,
    types::ids::OrganizationId,
};

/// Marks a working connection broken; nothing where it was already, or got another token since `known_at`.
pub(in crate::integrations) async fn break_connection(
    tx: &mut Tx,
    page_id: &str,
    reason: &str,
    known_at: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let now = tx.now();
    sqlx::query!(
        "update meta_connections set tried_at = $2 where page_id = $1 and connected_at <= $3",
        page_id,
        now,
        known_at
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        "update meta_connections set broken_at = $2, broken_reason = $3
         where page_id = $1 and broken_at is null and connected_at <= $4 returning row_id",
        page_id,
        now,
        reason,
        known_at
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A connection that was taken for broken, by `before` at the latest, and answers again.
pub(in crate::integrations) async fn mend_connection(
    tx: &mut Tx,
    page_id: &str,
    before: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update meta_connections set broken_at = null, broken_reason = null where page_id = $1 and broken_at <= $2",
        page_id,
        before
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes what is wrong with a page. Tells whether that is new, or worse than what was wrong before, and when people were told last;
/// nothing where the page got another token since `known_at`.
pub(in crate::integrations) async fn begin_trouble(
    tx: &mut Tx,
    page_id: &str,
    (kind, step, mend): (&str, &str, &str),
    known_at: DateTime<Utc>,
) -> Result<Option<(bool, Option<DateTime<Utc>>)>> {
    let (organization, now) = (tx.organization().0, tx.now());
    let row = sqlx::query!(
        r#"with before as materialized (
               select p.page_id, p.trouble_since, p.trouble_kind, p.told_at from meta_pages p
               where p.page_id = $1 and p.organization_id = $2
                 and exists (select from meta_connections c where c.page_id = p.page_id and c.connected_at <= $7)
               for update of p)
           update meta_pages p set trouble_kind = $4, trouble_step = $5, trouble_mend = $6, trouble_since = coalesce(p.trouble_since, $3)
           from before where p.page_id = before.page_id
           returning (before.trouble_since is null or (before.trouble_kind = 'late' and $4 = 'missing')) as "news!", before.told_at as "told_at?""#,
        page_id,
        organization,
        now,
        kind,
        step,
        mend,
        known_at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.news, row.told_at)))
}

pub(in crate::integrations) async fn told(tx: &mut Tx, page_id: &str) -> Result<()> {
    let (organization, now) = (tx.organization().0, tx.now());
    sqlx::query!(
        "update meta_pages set told_at = $3 where page_id = $1 and organization_id = $2",
        page_id,
        organization,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nothing is wrong any more; tells whether something was.
pub(in crate::integrations) async fn clear_trouble(tx: &mut Tx, page_id: &str) -> Result<bool> {
    let organization = tx.organization().0;
    let done = sqlx::query!(
        "update meta_pages set trouble_since = null, trouble_kind = null, trouble_step = null, trouble_mend = null
         where page_id = $1 and organization_id = $2 and trouble_since is not null",
        page_id,
        organization
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A person gave another token: the next breaking is another one, and nothing is known of how long this one lives.
pub(in crate::integrations) async fn forget_telling(tx: &mut Tx, page_id: &str) -> Result<()> {
    let organization = tx.organization().0;
    sqlx::query!(
        "update meta_pages set told_at = null, token_ends_at = null, checked_at = null where page_id = $1 and organization_id = $2",
        page_id,
        organization
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::integrations) async fn name_page(tx: &mut Tx, page_id: &str, name: &str) -> Result<()> {
    let organization = tx.organization().0;
    sqlx::query!(
        "update meta_pages set name = $3 where page_id = $1 and organization_id = $2",
        page_id,
        organization,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page was looked over; the time its token ends is known where Meta told it. Tells whether that time moved.
pub(in crate::integrations) async fn checked(
    tx: &mut Tx,
    page_id: &str,
    token_ends_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let (organization, now) = (tx.organization().0, tx.now());
    let row = sqlx::query!(
        r#"with before as materialized (
               select page_id, token_ends_at from meta_pages where page_id = $1 and organization_id = $2 for update)
           update meta_pages p set checked_at = $3, token_ends_at = coalesce($4, p.token_ends_at),
               name = coalesce((select c.name from meta_connections c where c.page_id = $1), p.name)
           from before where p.page_id = before.page_id
           returning (p.token_ends_at is distinct from before.token_ends_at) as "moved!""#,
        page_id,
        organization,
        now,
        token_ends_at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.is_some_and(|row| row.moved))
}

/// The test that is kept of a page.
pub(in crate::integrations) async fn test_before(tx: &mut Tx, page_id: &str) -> Result<Option<Value>> {
    let test = sqlx::query_scalar!("select test from meta_connections where page_id = $1", page_id)
        .fetch_optional(tx.conn())
        .await?;
    Ok(test.flatten())
}

/// Meta's budget for calls is used up for the most part: the lists are left alone for a while. Never sooner than was said before.
pub(in crate::integrations) async fn slow_down(
    tx: &mut Tx,
    page_id: &str,
    percent: i32,
    pause: TimeDelta,
) -> Result<bool> {
    let (organization, now) = (tx.organization().0, tx.now());
    let until = now + pause;
    let row = sqlx::query!(
        r#"with before as materialized (
               select page_id, slow_until from meta_pages where page_id = $1 and organization_id = $2 for update)
           update meta_pages p set slow_until = greatest(p.slow_until, $3), budget_percent = $4
           from before where p.page_id = before.page_id
           returning (before.slow_until is null or before.slow_until < $5) as "news!""#,
        page_id,
        organization,
        until,
        percent,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.is_some_and(|row| row.news))
}

/// Pages that were last looked over before `before`, or that are in trouble and were before `in_trouble`.
pub(in crate::integrations) async fn due_for_check(
    directory: &mut Directory,
    before: DateTime<Utc>,
    in_trouble: DateTime<Utc>,
) -> Result<Vec<(String, OrganizationId)>> {
    let rows = sqlx::query!(
        "select page_id, organization_id from meta_pages
         where coalesce(checked_at <= case when trouble_since is null then $1::timestamptz else $2::timestamptz end, true) order by page_id",
        before,
        in_trouble
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.page_id, OrganizationId(row.organization_id))).collect())
}

/// What is wrong with a page, or soon will be.
pub(in crate::integrations) struct TroubleRow {
    pub page_id: String,
    pub page_name: String,
    pub organization_id: Uuid,
    pub organization_name: String,
    pub since: Option<DateTime<Utc>>,
    pub kind: Option<String>,
    pub step: Option<String>,
    pub mend: Option<String>,
    pub told_at: Option<DateTime<Utc>>,
    pub token_ends_at: Option<DateTime<Utc>>,
}

/// The organization's pages that are in trouble, or whose token ends before `ends`.
pub(in crate::integrations) async fn troubles_of(tx: &mut Tx, ends: DateTime<Utc>) -> Result<Vec<TroubleRow>> {
    let organization = tx.organization().0;
    Ok(sqlx::query_as!(
        TroubleRow,
        r#"select p.page_id, coalesce(p.name, p.page_id) as "page_name!", p.organization_id, o.name as organization_name, p.trouble_since as since,
                  p.trouble_kind as kind, p.trouble_step as step, p.trouble_mend as mend, p.told_at, p.token_ends_at
           from meta_pages p join organizations o on o.id = p.organization_id
           where p.organization_id = $1 and (p.trouble_since is not null or p.token_ends_at < $2)
           order by p.trouble_since nulls last, p.page_id"#,
        organization,
        ends
    )
    .fetch_all(tx.conn())
    .await?)
}

/// As [`troubles_of`], of several organizations.
pub(in crate::integrations) async fn troubled_pages(
    directory: &mut Directory,
    only: &[OrganizationId],
    ends: DateTime<Utc>,
) -> Result<Vec<TroubleRow>> {
    let only: Vec<Uuid> = only.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        TroubleRow,
        r#"select p.page_id, coalesce(p.name, p.page_id) as "page_name!", p.organization_id, o.name as organization_name, p.trouble_since as since,
                  p.trouble_kind as kind, p.trouble_step as step, p.trouble_mend as mend, p.told_at, p.token_ends_at
           from meta_pages p join organizations o on o.id = p.organization_id
           where p.organization_id = any($1) and (p.trouble_since is not null or p.token_ends_at < $2)
           order by p.trouble_since nulls last, p.page_id limit 200"#,
        &only,
        ends
    )
    .fetch_all(directory.conn())
    .await?)
}
