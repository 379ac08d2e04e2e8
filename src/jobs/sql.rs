//! The statements of the queue.
//!
//! What a worker writes (`take`, `finish`, `fail`, `renew`, `tick`) goes through connections with `synchronous_commit = off`: lost in a crash,
//! a job merely runs once more, which it has to bear anyway. Enqueuing is as durable as the write it belongs to.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{db::Directory, error::Result, types::ids::OrganizationId};

/// A job as a worker takes it.
#[derive(Debug)]
pub struct Taken {
    pub id: i64,
    pub organization: Option<Uuid>,
    pub kind: String,
    pub payload: Value,
    pub attempt: i32,
    pub max_attempts: i32,
    pub created_at: DateTime<Utc>,
}

#[allow(clippy::too_many_arguments)] // a row
pub(super) async fn insert(
    connection: &mut PgConnection,
    organization: Option<OrganizationId>,
    kind: &str,
    key: Option<String>,
    payload: Value,
    priority: i16,
    max_attempts: i32,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into jobs (organization_id, kind, key, payload, priority, max_attempts, run_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (kind, key) where key is not null and state in ('ready', 'running') do nothing",
        organization.map(|id| id.0),
        kind,
        key,
        payload,
        priority,
        max_attempts,
        run_at,
        now
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// As [`insert`], to run now; one of the same key that runs will run again. The row is locked either way, so one that is ready is taken after the
/// commit of whoever asks.
#[allow(clippy::too_many_arguments)] // a row of the table
pub(super) async fn ask(
    connection: &mut PgConnection,
    organization: Option<OrganizationId>,
    kind: &str,
    key: Option<String>,
    payload: Value,
    priority: i16,
    max_attempts: i32,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into jobs as job (organization_id, kind, key, payload, priority, max_attempts, run_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (kind, key) where key is not null and state in ('ready', 'running')
         do update set again = job.state = 'running', run_at = case when job.state = 'ready' then least(job.run_at, excluded.run_at) else job.run_at end
         where (job.state = 'running' and not job.again) or (job.state = 'ready' and job.run_at > excluded.run_at)",
        organization.map(|id| id.0),
        kind,
        key,
        payload,
        priority,
        max_attempts,
        at,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes up to `limit` jobs that are due. Fair between organizations: of those waiting, each organization's first comes before anyone's second.
///
/// Looked for priority by priority, of which there are a handful: the index begins with it, and what waits for its day, however much that is, is then
/// never read.
pub(super) async fn take(
    pool: &PgPool,
    worker: Uuid,
    kinds: &[String],
    limit: i64,
    now: DateTime<Utc>,
    lease: Duration,
) -> Result<Vec<Taken>> {
    let lease_until = now + lease;
    let rows = sqlx::query_as!(
        Taken,
        r#"/* jobs: take */
           with recursive priorities as (
               (select priority from jobs where state = 'ready' order by priority limit 1)
               union all
               select (select jobs.priority from jobs where state = 'ready' and jobs.priority > known.priority order by jobs.priority limit 1)
               from priorities known where known.priority is not null),
           due as materialized (
               select found.* from priorities cross join lateral (
                   select id, organization_id, priority, run_at from jobs
                   where state = 'ready' and jobs.priority = priorities.priority and run_at <= $4 and kind = any($2)
                   order by run_at, id limit greatest(256, 4 * $3::bigint)) found
               order by priority, run_at, id limit greatest(256, 4 * $3::bigint)),
           fair as (
               select id, row_number() over (partition by organization_id, priority order by run_at, id) as turn, priority, run_at from due),
           chosen as (
               -- Still ready: not taken, not buried. Said so that no index but the key's fits, however empty the queue looks.
               select jobs.id from jobs join fair using (id)
               where jobs.lease_until is null and jobs.finished_at is null
               order by fair.priority, fair.turn, fair.run_at, jobs.id
               limit $3 for update of jobs skip locked)
           update jobs set state = 'running', again = false, attempt = attempt + 1, locked_by = $1, lease_until = $5
           from chosen where jobs.id = chosen.id
           returning jobs.id, jobs.organization_id as organization, jobs.kind, jobs.payload, jobs.attempt, jobs.max_attempts, jobs.created_at"#,
        worker,
        kinds,
        limit,
        now,
        lease_until
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// How long a job that was asked for again while it ran waits: what comes in quick succession is then done together.
const BREATH: TimeDelta = TimeDelta::milliseconds(200);

/// Forgets jobs that are done, many at a time: what they did stands where it belongs, and the queue stays small. One that was asked for again
/// meanwhile is ready again.
pub(super) async fn finish(pool: &PgPool, worker: Uuid, ids: &[i64], now: DateTime<Utc>) -> Result<()> {
    let done = sqlx::query!("delete from jobs where id = any($2) and locked_by = $1 and not again", worker, ids)
        .execute(pool)
        .await?;
    if done.rows_affected() == ids.len() as u64 {
        return Ok(());
    }
    // A statement of its own: it sees also who asked while the first one waited for them.
    sqlx::query!(
        "update jobs set state = 'ready', again = false, attempt = 0, run_at = $3, locked_by = null, lease_until = null
         where id = any($2) and locked_by = $1 and again",
        worker,
        ids,
        now + BREATH
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Puts jobs back that this worker will not do after all, as if it had never taken them.
pub(super) async fn give_back(pool: &PgPool, worker: Uuid, ids: &[i64]) -> Result<u64> {
    let done = sqlx::query!(
        "update jobs set state = 'ready', attempt = attempt - 1, locked_by = null, lease_until = null
         where id = any($2) and locked_by = $1",
        worker,
        ids
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// Puts a failed job back, or buries it.
#[allow(clippy::too_many_arguments)] // a row
pub(super) async fn fail(
    pool: &PgPool,
    worker: Uuid,
    id: i64,
    bury: bool,
    refund: bool,
    error: &str,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update jobs set state = case when $3 then 'dead' else 'ready' end, last_error = $4, run_at = $5, locked_by = null, lease_until = null,
                         attempt = attempt - case when $7 then 1 else 0 end, finished_at = case when $3 then $6::timestamptz end
         where id = $2 and locked_by = $1",
        worker,
        id,
        bury,
        error,
        run_at,
        now,
        refund
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Renews the leases of this worker, and takes back those of workers that are gone. Tells how many were taken back.
///
/// Only what really runs is renewed: a job whose finishing could not be written is nobody's any more, and comes back when its lease ends.
pub(super) async fn renew(
    pool: &PgPool,
    worker: Uuid,
    in_flight: &[i64],
    now: DateTime<Utc>,
    lease: Duration,
) -> Result<u64> {
    let lease_until = now + lease;
    sqlx::query!(
        "update jobs set lease_until = $2 where id = any($3) and locked_by = $1",
        worker,
        lease_until,
        in_flight
    )
    .execute(pool)
    .await?;
    let lost = sqlx::query!(
        "update jobs set state = case when attempt >= max_attempts then 'dead' else 'ready' end,
                         finished_at = case when attempt >= max_attempts then $1::timestamptz end,
                         last_error = 'the process that ran it is gone', locked_by = null, lease_until = null
         where state = 'running' and lease_until < $1",
        now
    )
    .execute(pool)
    .await?;
    Ok(lost.rows_affected())
}

/// Enqueues a scheduled job for its slot; over all processes, once.
pub(super) async fn tick(
    pool: &PgPool,
    kind: &str,
    slot: DateTime<Utc>,
    payload: &Value,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "with mine as (insert into cron_slots (name, slot) values ($1, $2) on conflict do nothing returning name)
         insert into jobs (kind, payload, run_at, created_at) select name, $3, $4, $4 from mine",
        kind,
        slot,
        payload,
        now
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets old slots of the schedule. Jobs that are done are gone already; the graveyard stays.
pub async fn prune(directory: &mut Directory, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from cron_slots where slot < $1", before).execute(directory.conn()).await?;
    Ok(())
}

/// Jobs by state, for the metrics.
#[derive(Debug, Default)]
pub struct Depth {
    /// Waiting and due.
    pub ready: i64,
    pub running: i64,
    pub dead: i64,
    /// When the longest-waiting due job became due.
    pub oldest: Option<DateTime<Utc>>,
}

pub async fn depth(directory: &mut Directory) -> Result<Depth> {
    let now = directory.now();
    Ok(sqlx::query_as!(
        Depth,
        r#"select (select count(*) from jobs where state = 'ready' and run_at <= $1) as "ready!",
                  (select count(*) from jobs where state = 'running') as "running!",
                  (select count(*) from jobs where state = 'dead') as "dead!",
                  (select min(run_at) from jobs where state = 'ready' and run_at <= $1) as oldest"#,
        now
    )
    .fetch_one(directory.conn())
    .await?)
}

/// What is due of one kind.
#[derive(Debug)]
pub struct DueOfKind {
    pub kind: String,
    pub due: i64,
    /// When the longest-waiting one became due.
    pub oldest: Option<DateTime<Utc>>,
}

/// What is due, by kind, for the metrics.
pub async fn due_by_kind(directory: &mut Directory) -> Result<Vec<DueOfKind>> {
    let now = directory.now();
    Ok(sqlx::query_as!(
        DueOfKind,
        r#"select kind, count(*) as "due!", min(run_at) as oldest from jobs where state = 'ready' and run_at <= $1 group by kind"#,
        now
    )
    .fetch_all(directory.conn())
    .await?)
}
