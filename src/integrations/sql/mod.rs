//! All the SQL of connections, forms, receipts and the quarantine.

mod health;
mod quarantine;
mod receipts;
mod reconcile;
mod settings;
mod tally;

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::{FetchLead, LeadForm, intake::Delivery};
use crate::{
    db::{Directory, Tx, seal::Sealed},
    error::Result,
    jobs::{self, Job},
    providers::meta::GraphForm,
    types::ids::{FormId, OrganizationId, ReceiptId},
};

pub(super) use health::{
    TroubleRow, begin_trouble, break_connection, checked, clear_trouble, due_for_check, forget_telling,
    mend_connection, name_page, slow_down, test_before, told, troubled_pages, troubles_of,
};
pub(super) use quarantine::{quarantine, replayed, waiting, waiting_by_reason, waiting_for_page, waiting_part};
pub(super) use receipts::{ReceiptRow, SetAside, Wanted, hurry_one, own_body, receipts, remember, revive, set_aside};
pub(super) use reconcile::{
    asks_for_forms, count_missed, forms_to_reconcile, pages_to_ask, received, reconcile_to, reconciled_to,
};
pub(super) use settings::{
    FormRow, PageRow, delete_app, disconnect, ensure_route, form_rows, hold_version, is_broken, keep_test, leads_of,
    lock_form, organization_of, own_app, pages, route_of, save_mapping, subscribed, upsert_app,
};
pub(super) use tally::{TallyRow, forget_listed, keep_listed, tally};

/// What became of some deliveries.
pub(super) struct TakenIn {
    /// Of each lead of each delivery, whether its page is nobody's.
    pub homeless: Vec<Vec<bool>>,
    /// The jobs that fetch the others.
    pub jobs: Vec<jobs::Taken>,
}

/// One statement, one commit: receipts, and the jobs that fetch the leads; taken already where a worker waits for them.
///
/// A receipt is kept once, and with it goes the job. A lead that was received before is either stored, or its job is still there; one
/// that lies in the graveyard gets another job, for Meta that delivers again may give it again.
pub(super) async fn take_in(
    pool: &PgPool,
    deliveries: &[Arc<Delivery>],
    claim: Option<&jobs::Claim>,
) -> Result<TakenIn, sqlx::Error> {
    let (mut ids, mut received_at, mut sent_at) = (Vec::new(), Vec::new(), Vec::new());
    let (mut leadgen_ids, mut page_ids, mut form_ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut doors = Vec::new();
    for delivery in deliveries {
        for lead in &delivery.leads {
            doors.push(delivery.door.map(|organization| organization.0));
            ids.push(ReceiptId::new(delivery.received_at).0);
            received_at.push(delivery.received_at);
            sent_at.push(lead.created_time);
            leadgen_ids.push(lead.leadgen_id.as_str());
            page_ids.push(lead.page_id.as_str());
            form_ids.push(lead.form_id.as_ref().map(|id| id.as_str()));
        }
    }
    // In the order of the leads, so that two posts of the same leads never wait for each other.
    let rows = sqlx::query!(
        r#"with incoming as materialized (
               select new.id, new.leadgen_id, new.page_id, new.form_id, new.sent_at, new.received_at, new.position, meta_pages.organization_id
               from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $12::uuid[])
                    with ordinality as new(id, leadgen_id, page_id, form_id, sent_at, received_at, door, position)
               -- By an organization's own path only what is its own: of another's page it is nobody's.
               left join meta_pages on meta_pages.page_id = new.page_id and meta_pages.organization_id = coalesce(new.door, meta_pages.organization_id)),
           kept as (
               insert into webhook_receipts (id, organization_id, provider, external_id, page_id, form_id, sent_at, received_at)
               select id, organization_id, 'meta', leadgen_id, page_id, form_id, sent_at, received_at from incoming where organization_id is not null
               order by leadgen_id
               on conflict do nothing returning id),
           queued as (
               insert into jobs (organization_id, kind, key, payload, priority, max_attempts, run_at, created_at, state, attempt, locked_by, lease_until)
               select organization_id, $7::text, leadgen_id,
                      jsonb_build_object('leadgen_id', leadgen_id, 'page_id', page_id, 'form_id', form_id, 'received_at', received_at),
                      $8::smallint, $9::int, received_at, received_at,
                      case when $10::uuid is null then 'ready' else 'running' end, case when $10::uuid is null then 0 else 1 end, $10, $11
               from incoming
               where organization_id is not null
                 and (id in (select id from kept)
                      or exists (select from jobs buried where buried.kind = $7 and buried.key = leadgen_id and buried.state = 'dead'))
               order by leadgen_id
               on conflict do nothing returning id, organization_id, payload, created_at)
           select position, null::bigint as job, null::uuid as organization_id, null::jsonb as payload, null::timestamptz as created_at
           from incoming where organization_id is null
           union all
           select null, id, organization_id, payload, created_at from queued"#,
        &ids,
        &leadgen_ids as &[&str],
        &page_ids as &[&str],
        &form_ids as &[Option<&str>],
        &sent_at as &[Option<DateTime<Utc>>],
        &received_at,
        FetchLead::KIND,
        FetchLead::PRIORITY,
        FetchLead::MAX_ATTEMPTS,
        claim.map(|claim| claim.worker),
        claim.map(|claim| claim.lease_until),
        &doors as &[Option<Uuid>]
    )
    .fetch_all(pool)
    .await?;
    let homeless: HashSet<i64> = rows.iter().filter_map(|row| row.position).collect();
    let mut position = 0;
    let mut is_homeless = || {
        position += 1;
        homeless.contains(&position)
    };
    let homeless = deliveries.iter().map(|delivery| delivery.leads.iter().map(|_| is_homeless()).collect()).collect();
    let job = |id, organization, payload, created_at| jobs::Taken {
        id,
        organization,
        kind: FetchLead::KIND.to_owned(),
        payload,
        attempt: 1,
        max_attempts: FetchLead::MAX_ATTEMPTS,
        created_at,
    };
    let jobs = rows
        .into_iter()
        .filter_map(|row| Some(job(row.job?, row.organization_id, row.payload?, row.created_at?)))
        .collect();
    Ok(TakenIn { homeless, jobs })
}

pub(super) async fn prune(directory: &mut Directory, before: DateTime<Utc>) -> Result<u64> {
    let receipts = sqlx::query!("delete from webhook_receipts where id = any(array(select id from webhook_receipts where received_at < $1 limit 50000))", before)
        .execute(directory.conn())
        .await?
        .rows_affected();
    let parts = sqlx::query!("delete from webhook_quarantine where received_at < $1", before)
        .execute(directory.conn())
        .await?
        .rows_affected();
    Ok(receipts + parts)
}

/// Says that a page's leads are this organization's; `false` where they are another's.
pub(super) async fn route_page(tx: &mut Tx, page_id: &str) -> Result<bool> {
    let (organization, now) = (tx.organization().0, tx.now());
    let holder = sqlx::query_scalar!(
        "insert into meta_pages (page_id, organization_id, connected_at) values ($1, $2, $3)
         on conflict (page_id) do update set page_id = excluded.page_id returning organization_id",
        page_id,
        organization,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(holder == organization)
}

pub(super) async fn connection_row(tx: &mut Tx, page_id: &str) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!("select row_id from meta_connections where page_id = $1", page_id)
        .fetch_optional(tx.conn())
        .await?)
}

pub(super) async fn upsert_connection(tx: &mut Tx, page_id: &str, row: Uuid, name: &str, token: Sealed) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into meta_connections (page_id, row_id, name, token, connected_at) values ($1, $2, $3, $4, $5)
         on conflict (organization_id, page_id) do update
         set name = excluded.name, token = excluded.token, connected_at = excluded.connected_at, broken_at = null, broken_reason = null",
        page_id,
        row,
        name,
        token.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All that fetching a lead needs to know, in one look.
pub(super) struct Ground {
    pub row_id: Uuid,
    pub token: Sealed,
    pub connected_at: DateTime<Utc>,
    pub broken_at: Option<DateTime<Utc>>,
    /// When Meta refused last.
    pub tried_at: Option<DateTime<Utc>>,
    pub country: String,
    pub sla_minutes: i32,
    pub time_zone: String,
    pub schedule: Option<Value>,
    pub is_known: bool,
    pub form_id: Option<Uuid>,
    pub form: Option<Value>,
    pub overrides: Option<Value>,
    /// The organization's own app.
    pub app_row: Option<Uuid>,
    pub app_id: Option<String>,
    pub app_secret: Option<Sealed>,
}

pub(super) async fn ground(
    tx: &mut Tx,
    page_id: &str,
    leadgen_id: &str,
    form_id: Option<&str>,
) -> Result<Option<Ground>> {
    Ok(sqlx::query_as!(
        Ground,
        r#"select c.row_id, c.token as "token: Sealed", coalesce(p.connected_at, c.connected_at) as "connected_at!", c.broken_at, c.tried_at, o.country, o.sla_minutes, o.time_zone, h.schedule as "schedule?",
                  exists (select from lead_enquiries e where e.meta_lead_id = $2) as "is_known!",
                  f.id as "form_id?", f.snapshot as "form?", f.overrides as "overrides?",
                  a.row_id as "app_row?", a.app_id as "app_id?", a.app_secret as "app_secret?: Sealed"
           from meta_connections c join organizations o on o.id = c.organization_id
           left join meta_pages p on p.page_id = c.page_id
           left join business_hours h on h.organization_id = c.organization_id
           left join meta_apps a on a.organization_id = c.organization_id
           left join lead_forms f on f.external_id = $3
           where c.page_id = $1"#,
        page_id,
        leadgen_id,
        form_id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Keeps a form as Meta tells it; gives its id, and whether it is new to us.
pub(super) async fn upsert_form(
    tx: &mut Tx,
    page_id: &str,
    external_id: &str,
    name: &str,
    form: &GraphForm,
) -> Result<(FormId, bool)> {
    let (locale, status, snapshot) = (form.locale.as_deref(), form.status.as_deref(), serde_json::to_value(form)?);
    let now = tx.now();
    let fresh = FormId::new(now);
    let id = sqlx::query_scalar!(
        "insert into lead_forms (id, page_id, external_id, name, locale, snapshot, fetched_at, status) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (organization_id, external_id) do update
         set name = excluded.name, locale = excluded.locale, snapshot = excluded.snapshot, fetched_at = excluded.fetched_at, status = excluded.status
         returning id",
        fresh.0,
        page_id,
        external_id,
        name,
        locale,
        snapshot,
        now,
        status
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((FormId(id), id == fresh.0))
}

pub(super) async fn forms(tx: &mut Tx) -> Result<Vec<LeadForm>> {
    Ok(sqlx::query_as!(
        LeadForm,
        r#"select id as "id: FormId", name, external_id, locale from lead_forms order by name, id limit 1000"#
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Throttled: no fetch of this organization before `until`.
pub(super) async fn hold_back(tx: &mut Tx, pause: TimeDelta) -> Result<()> {
    let (organization, until) = (tx.organization().0, tx.now() + pause);
    sqlx::query!(
        "update jobs set run_at = greatest(run_at, $2) where organization_id = $1 and kind = 'fetch_lead' and state = 'ready'",
        organization,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What waits for this organization's leads may run now; what was buried for want of a connection comes back.
pub(super) async fn hurry(tx: &mut Tx) -> Result<()> {
    let (organization, now) = (tx.organization().0, tx.now());
    sqlx::query!(
        "update jobs set run_at = $2 where organization_id = $1 and kind = 'fetch_lead' and state = 'ready' and run_at > $2",
        organization,
        now
    )
    .execute(tx.conn())
    .await?;
    revive(tx, None).await?;
    Ok(())
}

/// Which of these pages are somebody's.
pub(super) async fn routed(directory: &mut Directory, pages: &[String]) -> Result<Vec<(String, OrganizationId)>> {
    let rows = sqlx::query!("select page_id, organization_id from meta_pages where page_id = any($1)", pages)
        .fetch_all(directory.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (row.page_id, OrganizationId(row.organization_id))).collect())
}
