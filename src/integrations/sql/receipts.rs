//! The SQL of deliveries, as their organization sees them: ids and times only.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::Tx,
    error::Result,
    types::ids::{QuarantineId, ReceiptId},
};

/// Which receipts, after which.
#[derive(Debug, Default)]
pub(in crate::integrations) struct Wanted<'a> {
    pub id: Option<Uuid>,
    pub page_id: Option<&'a str>,
    /// `waiting`, `failed`, `fetched` or `discarded`.
    pub state: Option<&'a str>,
    pub before: Option<(DateTime<Utc>, Uuid)>,
    pub limit: i64,
}

/// A receipt, with the job that fetches its lead or was given up, and the lead.
pub(in crate::integrations) struct ReceiptRow {
    pub id: Uuid,
    pub page_id: String,
    pub form_id: Option<String>,
    pub external_id: String,
    pub sent_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub lead_id: Option<Uuid>,
    pub live: Option<String>,
    pub live_error: Option<String>,
    pub run_at: Option<DateTime<Utc>>,
    pub attempt: Option<i32>,
    pub dead: Option<i64>,
    pub dead_error: Option<String>,
    pub tries: Option<i32>,
    pub discarded: bool,
}

pub(in crate::integrations) async fn receipts(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Vec<ReceiptRow>> {
    let organization = tx.organization().0;
    Ok(sqlx::query_as!(
        ReceiptRow,
        r#"select r.id, r.page_id, r.form_id, r.external_id, r.sent_at, r.received_at, e.lead_id as "lead_id?",
                  live.state as "live?", live.last_error as live_error, live.run_at as "run_at?", live.attempt as "attempt?",
                  dead.id as "dead?", dead.last_error as dead_error, dead.attempt as "tries?",
                  exists (select from discarded_jobs d where d.kind = 'fetch_lead' and d.key = r.external_id) as "discarded!"
           from webhook_receipts r
           left join lead_enquiries e on e.meta_lead_id = r.external_id
           left join lateral (select state, last_error, run_at, attempt from jobs
                              where kind = 'fetch_lead' and key = r.external_id and organization_id = $1 and state in ('ready', 'running')) as live on true
           left join lateral (select id, last_error, attempt from jobs
                              where kind = 'fetch_lead' and key = r.external_id and organization_id = $1 and state = 'dead' order by id desc limit 1) as dead on true
           where r.organization_id = $1 and r.provider = 'meta' and ($2::uuid is null or r.id = $2) and ($3::text is null or r.page_id = $3)
             and ($5::timestamptz is null or (r.received_at, r.id) < ($5, $6::uuid))
             and ($4::text is null
                  or ($4 = 'fetched' and e.lead_id is not null)
                  or ($4 = 'waiting' and e.lead_id is null
                      and r.external_id in (select key from jobs where organization_id = $1 and kind = 'fetch_lead' and state in ('ready', 'running')))
                  or ($4 = 'failed' and e.lead_id is null and live.state is null
                      and r.external_id in (select key from jobs where organization_id = $1 and kind = 'fetch_lead' and state = 'dead'))
                  or ($4 = 'discarded' and e.lead_id is null and live.state is null and dead.id is null
                      and r.external_id in (select key from discarded_jobs where kind = 'fetch_lead')))
           order by r.received_at desc, r.id desc limit $7"#,
        organization,
        wanted.id,
        wanted.page_id,
        wanted.state,
        wanted.before.map(|(at, _)| at),
        wanted.before.map(|(_, id)| id),
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// A part of a delivery that waits in the quarantine.
pub(in crate::integrations) struct SetAside {
    pub id: Uuid,
    pub page_id: Option<String>,
    pub reason: String,
    pub received_at: DateTime<Utc>,
}

/// What came by the organization's own path, and by the common one for its pages.
pub(in crate::integrations) async fn set_aside(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Vec<SetAside>> {
    let organization = tx.organization().0;
    Ok(sqlx::query_as!(
        SetAside,
        "select id, page_id, reason, received_at from webhook_quarantine q
         where replayed_at is null and reason <> 'other_field'
           and (organization_id = $1 or (organization_id is null and page_id in (select page_id from meta_connections)))
           and ($2::uuid is null or id = $2) and ($3::text is null or page_id = $3)
           and ($4::timestamptz is null or (received_at, id) < ($4, $5::uuid))
         order by received_at desc, id desc limit $6",
        organization,
        wanted.id,
        wanted.page_id,
        wanted.before.map(|(at, _)| at),
        wanted.before.map(|(_, id)| id),
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The organization's part of the quarantine with this id, as it came.
pub(in crate::integrations) async fn own_body(
    tx: &mut Tx,
    id: QuarantineId,
) -> Result<Option<(Vec<u8>, DateTime<Utc>)>> {
    let organization = tx.organization().0;
    let row = sqlx::query!(
        "select body, received_at from webhook_quarantine
         where id = $2 and replayed_at is null
           and (organization_id = $1 or (organization_id is null and page_id in (select page_id from meta_connections)))",
        organization,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.body, row.received_at)))
}

/// Lets what was given up of this lead, or of all, be tried again. Tells how many.
pub(in crate::integrations) async fn revive(tx: &mut Tx, receipt: Option<ReceiptId>) -> Result<i64> {
    let (organization, now) = (tx.organization().0, tx.now());
    let done = sqlx::query!(
        "update jobs set state = 'ready', attempt = 0, run_at = $2, created_at = $2, finished_at = null
         where organization_id = $1 and kind = 'fetch_lead' and state = 'dead'
           and ($3::uuid is null or key = (select external_id from webhook_receipts where id = $3 and organization_id = $1))
           and not exists (select from jobs twin where twin.kind = jobs.kind and twin.key = jobs.key and twin.id <> jobs.id
                           and (twin.state in ('ready', 'running') or twin.id > jobs.id))",
        organization,
        now,
        receipt.map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    tx.ring_jobs();
    i64::try_from(done.rows_affected()).map_err(crate::error::Error::internal)
}

/// For the demo world: a delivery of its past.
pub(in crate::integrations) async fn remember(
    tx: &mut Tx,
    page_id: &str,
    form_id: &str,
    leadgen_id: &str,
    sent_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
) -> Result<()> {
    let organization = tx.organization().0;
    sqlx::query!(
        "insert into webhook_receipts (id, organization_id, provider, external_id, page_id, form_id, sent_at, received_at)
         values ($1, $2, 'meta', $3, $4, $5, $6, $7) on conflict do nothing",
        ReceiptId::new(received_at).0,
        organization,
        leadgen_id,
        page_id,
        form_id,
        sent_at,
        received_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What waits for its time may run now.
pub(in crate::integrations) async fn hurry_one(tx: &mut Tx, leadgen_id: &str) -> Result<()> {
    let (organization, now) = (tx.organization().0, tx.now());
    sqlx::query!(
        "update jobs set run_at = $3 where organization_id = $1 and kind = 'fetch_lead' and key = $2 and state = 'ready' and run_at > $3",
        organization,
        leadgen_id,
        now
    )
    .execute(tx.conn())
    .await?;
    tx.ring_jobs();
    Ok(())
}
