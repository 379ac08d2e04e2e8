//! The SQL of the count of leads: what Meta's lists hold, beside what is here.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use crate::{
    db::Tx,
    error::{Error, Result},
    types::ids::OrganizationId,
};

/// Keeps what stood in a form's list; what was kept before stays as it is.
pub(in crate::integrations) async fn keep_listed(
    tx: &mut Tx,
    form: &str,
    ids: &[String],
    sent_at: &[DateTime<Utc>],
    missed: &[bool],
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into meta_listed (external_id, form_external_id, sent_at, listed_at, missed)
         select id, $1, sent_at, $2, missed from unnest($3::text[], $4::timestamptz[], $5::boolean[]) as listed(id, sent_at, missed)
         order by id on conflict do nothing",
        form,
        now,
        ids,
        sent_at,
        missed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what was sent before; at most `most` rows. Tells how many.
pub(in crate::integrations) async fn forget_listed(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    Ok(sqlx::query!(
        "delete from meta_listed as kept using (
             select external_id from meta_listed where sent_at < $1 order by sent_at limit $2) as oldest
         where kept.external_id = oldest.external_id",
        before,
        most
    )
    .execute(tx.conn())
    .await?
    .rows_affected())
}

/// One form on one day.
pub(in crate::integrations) struct TallyRow {
    pub form_id: Option<Uuid>,
    pub form_name: Option<String>,
    /// The form's list was read up to here.
    pub asked_at: Option<DateTime<Utc>>,
    pub day: Option<NaiveDate>,
    pub meta: i64,
    pub ours: i64,
    pub fresh: i64,
    pub found: i64,
    pub tests: i64,
    pub unlisted: i64,
    pub on_the_way: i64,
    pub waiting: i64,
    pub given_up: i64,
    pub discarded: i64,
    pub gone: i64,
}

/// Counts by form and day of the time zone, from `since` on. A form without leads has one row without a day.
///
/// What is listed, and what was received, are two accounts; the leads that are here are a third. What a webhook told of, and the list
/// may still lack (`overlap`), is `fresh` and in neither count.
pub(in crate::integrations) async fn tally(
    tx: &mut Tx,
    since: DateTime<Utc>,
    time_zone: &str,
    overlap: TimeDelta,
) -> Result<Vec<TallyRow>> {
    let OrganizationId(organization) = tx.organization();
    let interval = PgInterval::try_from(overlap).map_err(Error::internal)?;
    Ok(sqlx::query_as!(
        TallyRow,
        r#"with listed as (
               select external_id, form_external_id, sent_at, missed from meta_listed where sent_at >= $2),
           told as (
               select external_id, form_id, coalesce(sent_at, received_at) as sent_at from webhook_receipts
               where organization_id = $1 and provider = 'meta' and received_at >= $2 and coalesce(sent_at, received_at) >= $2),
           known as (
               select external_id, coalesce(listed.form_external_id, told.form_id) as form, coalesce(listed.sent_at, told.sent_at) as sent_at,
                      listed.external_id is not null as is_listed, coalesce(listed.missed, false) as missed
               from listed full join told using (external_id)),
           told_of as (
               select known.*, f.id as form_id, leads.id is not null as is_here, coalesce(leads.is_test, false) as is_test,
                      not known.is_listed and coalesce(known.sent_at > f.reconciled_to - $4::interval, true) as is_fresh,
                      live.last_error, live.id is not null as is_live,
                      live.id is null and exists (select from jobs dead where dead.kind = 'fetch_lead' and dead.key = known.external_id and dead.state = 'dead') as is_dead,
                      exists (select from discarded_jobs d where d.kind = 'fetch_lead' and d.key = known.external_id) as is_discarded
               from known
               left join lead_forms f on f.external_id = known.form
               left join lead_enquiries e on e.meta_lead_id = known.external_id
               left join leads on leads.id = e.lead_id
               left join jobs live on live.kind = 'fetch_lead' and live.key = known.external_id and live.state in ('ready', 'running')),
           counted as (
               select form_id, (sent_at at time zone $3)::date as day,
                      count(*) filter (where is_listed) as meta,
                      count(*) filter (where is_here and not is_fresh) as ours,
                      count(*) filter (where is_fresh) as fresh,
                      count(*) filter (where is_here and missed) as found,
                      count(*) filter (where is_here and is_test and not is_fresh) as tests,
                      count(*) filter (where is_here and not is_listed and not is_fresh) as unlisted,
                      count(*) filter (where not is_here and not is_fresh and is_live and not coalesce(last_error ~ '^(broken|not_connected|token_dead|permission|policy_blocked):', false)) as on_the_way,
                      count(*) filter (where not is_here and not is_fresh and is_live and coalesce(last_error ~ '^(broken|not_connected|token_dead|permission|policy_blocked):', false)) as waiting,
                      count(*) filter (where not is_here and not is_fresh and is_dead) as given_up,
                      count(*) filter (where not is_here and not is_fresh and not is_live and not is_dead and is_discarded) as discarded,
                      count(*) filter (where not is_here and not is_fresh and not is_live and not is_dead and not is_discarded) as gone
               from told_of group by 1, 2)
           select f.id as "form_id?", f.name as "form_name?", f.reconciled_to as "asked_at?", c.day as "day?",
                  coalesce(c.meta, 0) as "meta!", coalesce(c.ours, 0) as "ours!", coalesce(c.fresh, 0) as "fresh!", coalesce(c.found, 0) as "found!",
                  coalesce(c.tests, 0) as "tests!", coalesce(c.unlisted, 0) as "unlisted!", coalesce(c.on_the_way, 0) as "on_the_way!",
                  coalesce(c.waiting, 0) as "waiting!", coalesce(c.given_up, 0) as "given_up!", coalesce(c.discarded, 0) as "discarded!",
                  coalesce(c.gone, 0) as "gone!"
           from (select id, name, reconciled_to from lead_forms
                 where coalesce(status, 'ACTIVE') = 'ACTIVE' or id in (select form_id from counted) order by name, id limit 500) f
           full join counted c on c.form_id = f.id
           order by f.name nulls last, f.id, c.day desc"#,
        organization,
        since,
        time_zone,
        interval
    )
    .fetch_all(tx.conn())
    .await?)
}
