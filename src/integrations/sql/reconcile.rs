//! The statements that find what no webhook told of.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::{
    db::{Directory, Tx},
    error::Result,
    types::ids::{FormId, OrganizationId},
};

/// Every page that is connected and whose budget allows it, and whose it is.
pub(in crate::integrations) async fn pages_to_ask(directory: &mut Directory) -> Result<Vec<(String, OrganizationId)>> {
    let now = directory.now();
    let rows = sqlx::query!(
        "select page_id, organization_id from meta_pages where coalesce(slow_until <= $1, true) order by page_id",
        now
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.page_id, OrganizationId(row.organization_id))).collect())
}

/// A page's forms that may have new leads, or have never been looked at.
pub(in crate::integrations) async fn forms_to_reconcile(tx: &mut Tx, page_id: &str) -> Result<Vec<FormId>> {
    let ids = sqlx::query_scalar!(
        "select id from lead_forms where page_id = $1 and (coalesce(status, 'ACTIVE') = 'ACTIVE' or reconciled_to is null) order by id",
        page_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(FormId).collect())
}

/// Whether the page was not asked for its forms since `before`; it is now.
pub(in crate::integrations) async fn asks_for_forms(tx: &mut Tx, page_id: &str, before: DateTime<Utc>) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "update meta_connections set forms_asked_at = $3
         where page_id = $1 and coalesce(forms_asked_at, connected_at) < $2",
        page_id,
        before,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::integrations) async fn reconciled_to(tx: &mut Tx, form: FormId) -> Result<Option<DateTime<Utc>>> {
    let mark = sqlx::query_scalar!("select reconciled_to from lead_forms where id = $1", form.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(mark.flatten())
}

/// Never back.
pub(in crate::integrations) async fn reconcile_to(tx: &mut Tx, form: FormId, mark: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update lead_forms set reconciled_to = greatest(reconciled_to, $2) where id = $1", form.0, mark)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(in crate::integrations) async fn count_missed(tx: &mut Tx, form: FormId, count: usize) -> Result<()> {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query!("update lead_forms set missed = missed + $2 where id = $1", form.0, count).execute(tx.conn()).await?;
    Ok(())
}

/// Those of the leads that were received already.
pub(in crate::integrations) async fn received(directory: &mut Directory, ids: &[String]) -> Result<HashSet<String>> {
    let known = sqlx::query_scalar!(
        "select external_id from webhook_receipts where provider = 'meta' and external_id = any($1)",
        ids
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(known.into_iter().collect())
}
