//! The graveyard: jobs that were given up. Nothing is lost there; a person replays it, or takes it out for good, which stays known.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    db::{Directory, Tx},
    error::{Error, Result},
    types::ids::OrganizationId,
};

/// A job in the graveyard.
#[derive(Debug, Serialize, ToSchema)]
pub struct Buried {
    pub id: i64,
    pub kind: String,
    pub organization_id: Option<Uuid>,
    pub attempt: i32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
}

fn ids(only: Option<&[OrganizationId]>) -> Option<Vec<Uuid>> {
    only.map(|only| only.iter().map(|id| id.0).collect())
}

/// The graveyard, newest first. `only`: of these organizations, and the jobs that belong to none.
pub async fn buried(directory: &mut Directory, only: Option<&[OrganizationId]>) -> Result<Vec<Buried>> {
    let only = ids(only);
    Ok(sqlx::query_as!(
        Buried,
        "select id, kind, organization_id, attempt, last_error, finished_at from jobs
         where state = 'dead' and ($1::uuid[] is null or organization_id is null or organization_id = any($1)) order by id desc limit 200",
        only.as_deref()
    )
    .fetch_all(directory.conn())
    .await?)
}

/// Brings a job back from the graveyard, with all its attempts before it.
pub async fn replay(directory: &mut Directory, id: i64, only: Option<&[OrganizationId]>) -> Result<()> {
    let (only, now) = (ids(only), directory.now());
    let done = sqlx::query!(
        "update jobs set state = 'ready', attempt = 0, run_at = $2, created_at = $2, finished_at = null
         where id = $1 and state = 'dead' and ($3::uuid[] is null or organization_id is null or organization_id = any($3))
           and not exists (select from jobs twin where twin.kind = jobs.kind and twin.key = jobs.key and twin.state in ('ready', 'running'))",
        id,
        now,
        only.as_deref()
    )
    .execute(directory.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    directory.ring_jobs();
    Ok(())
}

/// The organization's own part of the graveyard, newest first.
pub async fn buried_own(tx: &mut Tx) -> Result<Vec<Buried>> {
    let organization = tx.organization().0;
    Ok(sqlx::query_as!(
        Buried,
        "select id, kind, organization_id, attempt, last_error, finished_at from jobs
         where state = 'dead' and organization_id = $1 order by id desc limit 200",
        organization
    )
    .fetch_all(tx.conn())
    .await?)
}

/// As [`replay`], of the organization's own. Where the same work waits already, this one goes.
pub async fn replay_own(tx: &mut Tx, id: i64) -> Result<()> {
    let (organization, now) = (tx.organization().0, tx.now());
    let done = sqlx::query!(
        "with twin as (
             delete from jobs using jobs live
             where jobs.id = $1 and jobs.organization_id = $3 and jobs.state = 'dead'
               and live.kind = jobs.kind and live.key = jobs.key and live.state in ('ready', 'running') returning jobs.id),
         revived as (
             update jobs set state = 'ready', attempt = 0, run_at = $2, created_at = $2, finished_at = null
             where id = $1 and organization_id = $3 and state = 'dead' and id not in (select id from twin) returning id)
         select id from twin union all select id from revived",
        id,
        now,
        organization
    )
    .fetch_all(tx.conn())
    .await?;
    if done.is_empty() {
        return Err(Error::NotFound);
    }
    tx.ring_jobs();
    Ok(())
}

/// Takes a job of the organization's own out of the graveyard for good, and keeps that it was there.
pub async fn discard_own(tx: &mut Tx, id: i64) -> Result<String> {
    let (organization, now, by) = (tx.organization().0, tx.now(), tx.actor().user().map(|id| id.0));
    let kind = sqlx::query_scalar!(
        r#"with gone as (
               delete from jobs where id = $1 and organization_id = $2 and state = 'dead' returning id, kind, key, attempt, last_error, finished_at),
           kept as (
               insert into discarded_jobs (job_id, kind, key, attempt, reason, buried_at, discarded_at, discarded_by)
               select id, kind, key, attempt, coalesce(last_error, ''), finished_at, $3, $4 from gone)
           select kind as "kind!" from gone"#,
        id,
        organization,
        now,
        by
    )
    .fetch_optional(tx.conn())
    .await?;
    kind.ok_or(Error::NotFound)
}
