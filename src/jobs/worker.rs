//! The worker: takes jobs, runs them side by side, finishes them in batches.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument;
use uuid::Uuid;

use super::{Context, Failure, Gather, Handover, Registry, sql};
use crate::{
    db::{Db, STATEMENT_LIMIT, in_time, seal},
    error::Result,
    spans,
    types::ids::OrganizationId,
};

/// How long a job belongs to a worker that does not renew it.
const LEASE: Duration = Duration::from_secs(30);
/// How often the worker looks without being woken: another process's notice may be lost, and jobs fall due.
const POLL: Duration = Duration::from_millis(500);
/// A job told to come back later for this long is buried all the same.
const PATIENCE: TimeDelta = TimeDelta::days(60);

/// Runs the jobs of a [`Registry`].
pub struct Worker<C> {
    pub db: Db,
    pub app: C,
    pub registry: Arc<Registry<C>>,
    /// Jobs at a time.
    pub concurrency: usize,
    /// Where this process's own jobs come from directly.
    pub handover: Arc<Handover>,
}

/// One run of a job that was taken, with what became of it.
enum Outcome {
    Done,
    Failed(Failure),
}

impl<C: Clone + Send + Sync + 'static> Worker<C> {
    /// Works until told to stop; then gives back what it has not begun, so that another worker has it at once, and finishes the rest. What is
    /// not finished when it is told to leave is broken off and given back too: jobs bear being run twice.
    pub async fn run(self, stop: CancellationToken, leave: CancellationToken) {
        let me = Uuid::from_bytes(seal::random());
        let worker = Arc::new(self);
        let finisher = Arc::new(Finisher::default());
        let keep_leases = tokio::spawn(worker.clone().keep_leases(me, finisher.clone()));
        let places = Arc::new(Semaphore::new(worker.concurrency));
        let kinds = worker.registry.kinds();
        let mut running = JoinSet::new();
        // Another full round may wait for its places, so that a queue that is long is not asked for one job at a time.
        let most = 2 * worker.concurrency;
        let mut more = true;
        let mut handed = worker.handover.open(me, LEASE);
        let begin = |jobs: Vec<sql::Taken>, running: &mut JoinSet<()>| {
            finisher.begin(jobs.iter().map(|job| job.id));
            for job in jobs {
                let (worker, finisher, places) = (worker.clone(), finisher.clone(), places.clone());
                let leave = leave.clone();
                running.spawn(async move {
                    let _place = places.acquire_owned().await.expect("the semaphore is never closed");
                    let id = job.id;
                    if !finisher.turn(id) {
                        return; // it was given back
                    }
                    tokio::select! {
                        () = worker.run_one(me, job, &finisher) => finisher.end(id),
                        () = leave.cancelled() => {}
                    }
                });
            }
        };
        while !stop.is_cancelled() {
            while running.try_join_next().is_some() {}
            if more && running.len() <= worker.concurrency {
                // While we look there may be others before those who would be handed over.
                worker.handover.offer(0);
                let limit = most - running.len();
                let taken = worker.take(me, &kinds, limit).await;
                more = !taken.is_empty();
                begin(taken, &mut running);
                continue;
            }
            worker.handover.offer(if more { 0 } else { worker.concurrency.saturating_sub(running.len()) });
            tokio::select! {
                Some(jobs) = handed.recv() => begin(jobs, &mut running),
                () = worker.db.bell().jobs() => more = true,
                () = tokio::time::sleep(POLL) => more = true,
                Some(_) = running.join_next(), if more => {}
                () = stop.cancelled() => {}
            }
        }
        // What is on its way to us is written as ours: it comes, or its claim is dropped.
        worker.handover.close();
        while let Some(jobs) = handed.recv().await {
            begin(jobs, &mut running);
        }
        worker.give_back(me, finisher.take_waiting()).await;
        while running.join_next().await.is_some() {}
        keep_leases.abort();
        worker.give_back(me, finisher.in_flight()).await;
    }

    async fn give_back(&self, me: Uuid, ids: Vec<i64>) {
        if ids.is_empty() {
            return;
        }
        match in_time(STATEMENT_LIMIT, sql::give_back(self.db.queue_pool(), me, &ids)).await {
            Ok(given) => {
                tracing::info!(given, "gave jobs back to other workers");
                self.db.bell().ring_jobs();
            }
            Err(error) => tracing::warn!(%error, "cannot give jobs back; they wait for their lease"),
        }
    }

    async fn take(&self, me: Uuid, kinds: &[String], limit: usize) -> Vec<sql::Taken> {
        let limit = i64::try_from(limit).unwrap_or(1);
        let taking = sql::take(self.db.queue_pool(), me, kinds, limit, self.db.now(), LEASE);
        in_time(STATEMENT_LIMIT, taking).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot take jobs");
            Vec::new()
        })
    }

    /// Runs everything that is due, one after the other, until nothing is: for tests. Tells how many ran.
    pub async fn drain(&self) -> Result<usize> {
        let me = Uuid::from_bytes(seal::random());
        let kinds = self.registry.kinds();
        let finisher = Finisher::default();
        let mut ran = 0;
        loop {
            let taken = sql::take(self.db.queue_pool(), me, &kinds, 1, self.db.now(), LEASE).await?;
            let Some(job) = taken.into_iter().next() else { return Ok(ran) };
            self.run_one(me, job, &finisher).await;
            ran += 1;
        }
    }

    /// Takes back what workers have that are gone, as every living one does now and then: for tests.
    pub async fn take_back(&self) -> Result<u64> {
        sql::renew(self.db.queue_pool(), Uuid::nil(), &[], self.db.now(), LEASE).await
    }

    async fn run_one(&self, me: Uuid, job: sql::Taken, finisher: &Finisher) {
        let begun = Instant::now();
        let kind = job.kind.clone();
        let context = Context {
            app: self.app.clone(),
            organization: job.organization.map(OrganizationId),
            id: job.id,
            attempt: job.attempt,
        };
        let run = self.registry.kinds[kind.as_str()].clone();
        let span = tracing::info_span!(
            "job",
            kind,
            job = job.id,
            attempt = job.attempt,
            organization = job.organization.map(tracing::field::display),
            outcome = tracing::field::Empty,
            trace = tracing::field::Empty,
            otel.kind = "consumer"
        );
        spans::mark(&span);
        // In a task of its own, so that a panic is a failed attempt and not the end of the worker.
        let run = run(job.payload.clone(), context).instrument(span.clone());
        let outcome = match AbortOnDropHandle::new(tokio::spawn(run)).await {
            Ok(Ok(())) => Outcome::Done,
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(_) => Outcome::Failed(Failure::Retry("the job panicked".to_owned())),
        };
        let word = match &outcome {
            Outcome::Done => "done",
            Outcome::Failed(Failure::Permanent(_)) => "refused",
            Outcome::Failed(Failure::RetryAfter(..)) => "postponed",
            Outcome::Failed(Failure::Retry(_)) => "failed",
        };
        span.record("outcome", word);
        let result = match outcome {
            Outcome::Done => finisher.finish(&self.db, me, job.id).await,
            Outcome::Failed(failure) => self.failed(me, &job, failure).instrument(span.clone()).await,
        };
        if let Err(error) = result {
            // Its lease runs out and it runs once more: jobs bear that.
            tracing::warn!(%error, job = job.id, kind, "cannot finish a job");
        }
        metrics::histogram!("nextmove_job_seconds", "kind" => kind.clone(), "outcome" => word)
            .record(begun.elapsed().as_secs_f64());
        let _in = span.enter();
        if begun.elapsed() > Duration::from_millis(100) {
            tracing::info!(milliseconds = begun.elapsed().as_millis(), outcome = word, "slow job");
        }
    }

    async fn failed(&self, me: Uuid, job: &sql::Taken, failure: Failure) -> Result<()> {
        let now = self.db.now();
        let (after, message, bury, refund) = match failure {
            Failure::Permanent(message) => (TimeDelta::zero(), message, true, false),
            Failure::RetryAfter(after, message) => (
                TimeDelta::from_std(after).unwrap_or(TimeDelta::hours(1)),
                message,
                now - job.created_at > PATIENCE,
                true,
            ),
            Failure::Retry(message) => (backoff(job.id, job.attempt), message, job.attempt >= job.max_attempts, false),
        };
        metrics::counter!("nextmove_job_failures_total", "kind" => job.kind.clone(), "buried" => bury.to_string())
            .increment(1);
        if bury {
            tracing::error!(job = job.id, kind = job.kind, attempt = job.attempt, reason = message, "job buried");
        } else {
            tracing::warn!(
                job = job.id,
                kind = job.kind,
                attempt = job.attempt,
                reason = message,
                "job failed, will be tried again"
            );
        }
        let failing = sql::fail(self.db.queue_pool(), me, job.id, bury, refund, &message, now + after, now);
        in_time(STATEMENT_LIMIT, failing).await
    }

    async fn keep_leases(self: Arc<Self>, me: Uuid, finisher: Arc<Finisher>) {
        let mut tick = tokio::time::interval(LEASE / 3);
        loop {
            tick.tick().await;
            let now = self.db.now();
            let in_flight = finisher.in_flight();
            // Before the next turn, or leases that could be renewed run out.
            match in_time(LEASE / 3, sql::renew(self.db.queue_pool(), me, &in_flight, now, LEASE)).await {
                Ok(0) => {}
                Ok(lost) => tracing::warn!(lost, "took back the jobs of a process that is gone"),
                Err(error) => tracing::warn!(%error, "cannot renew leases"),
            }
            for schedule in &self.registry.schedules {
                let slot = slot(now, schedule.every);
                let ticking = sql::tick(self.db.queue_pool(), schedule.kind, slot, &schedule.payload, now);
                if let Err(error) = in_time(LEASE / 3, ticking).await {
                    tracing::warn!(%error, kind = schedule.kind, "cannot enqueue a scheduled job");
                }
            }
        }
    }
}

/// The beginning of the interval that `now` lies in.
fn slot(now: DateTime<Utc>, every: Duration) -> DateTime<Utc> {
    let every = i64::try_from(every.as_secs()).unwrap_or(i64::MAX).max(1);
    DateTime::from_timestamp(now.timestamp() - now.timestamp().rem_euclid(every), 0).unwrap_or(now)
}

/// Doubling from one second to about an hour, spread by up to a half so that jobs that failed together do not return together.
/// The spread is the golden ratio's, which needs no randomness.
fn backoff(id: i64, attempt: i32) -> TimeDelta {
    let base = 2f64.powi(attempt.clamp(1, 12) - 1);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let spread = ((id % 10_000) as f64).mul_add(0.618_034, f64::from(attempt) * 0.37).fract();
    #[allow(clippy::cast_possible_truncation)]
    TimeDelta::milliseconds((base * (0.75 + spread / 2.0) * 1000.0) as i64)
}

/// What this worker has taken and not finished, and the statement that forgets what is done.
struct Finisher {
    in_flight: Mutex<HashSet<i64>>,
    /// Of those, what waits for a place.
    waiting: Mutex<HashSet<i64>>,
    done: Gather<i64, ()>,
}

impl Default for Finisher {
    fn default() -> Self {
        Self { in_flight: Mutex::default(), waiting: Mutex::default(), done: Gather::new(1, 1000) }
    }
}

impl Finisher {
    fn begin(&self, ids: impl Iterator<Item = i64> + Clone) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(ids.clone());
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
    }

    /// There is a place for this one; `false` where it does not wait any more.
    fn turn(&self, id: i64) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }

    /// Those that wait for a place: they will not get one.
    fn take_waiting(&self) -> Vec<i64> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.into_iter().inspect(|id| _ = in_flight.remove(id)).collect()
    }

    fn end(&self, id: i64) {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn in_flight(&self) -> Vec<i64> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    async fn finish(&self, db: &Db, me: Uuid, id: i64) -> Result<()> {
        let db = db.clone();
        self.done
            .add(id, move |ids| {
                let db = db.clone();
                async move {
                    let ids: Vec<i64> = ids.iter().map(|id| **id).collect();
                    in_time(STATEMENT_LIMIT, sql::finish(db.queue_pool(), me, &ids, db.now())).await?;
                    Ok(vec![(); ids.len()])
                }
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_and_spreads() {
        for id in 0..1000 {
            for attempt in 1..=12 {
                let base = 1000.0 * 2f64.powi(attempt - 1);
                let after = backoff(id, attempt).num_milliseconds() as f64;
                assert!((base * 0.75..=base * 1.25 + 1.0).contains(&after), "{id} {attempt}: {after}");
            }
        }
        assert_ne!(backoff(1, 1), backoff(2, 1));
    }

    #[test]
    fn slots_begin_at_multiples() {
        let now = DateTime::from_timestamp(3_725, 5).expect("a time");
        assert_eq!(slot(now, Duration::from_secs(3600)).timestamp(), 3600);
    }
}
