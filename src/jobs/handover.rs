//! Jobs that a process enqueues while its own worker has nothing to do go to that worker at once: they are written as taken, so that
//! nobody has to look for them.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Taken;

/// The way to this process's worker, if it has one. While the worker has a queue before it, the way is closed: a job that is handed
/// over passes nobody by.
#[derive(Default)]
pub struct Handover(Mutex<Option<Open>>);

struct Open {
    worker: Uuid,
    lease: Duration,
    send: mpsc::UnboundedSender<Vec<Taken>>,
    places: usize,
}

/// Places that are kept for some jobs.
pub struct Claim {
    /// The jobs are to be written as taken by this worker,
    pub worker: Uuid,
    /// until then.
    pub lease_until: DateTime<Utc>,
    send: mpsc::UnboundedSender<Vec<Taken>>,
}

impl Handover {
    /// Keeps places for `count` jobs; nothing where the queue is the right way.
    pub fn claim(&self, count: usize, now: DateTime<Utc>) -> Option<Claim> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = open.as_mut().filter(|open| open.places >= count)?;
        open.places -= count;
        Some(Claim { worker: open.worker, lease_until: now + open.lease, send: open.send.clone() })
    }

    pub(super) fn open(&self, worker: Uuid, lease: Duration) -> mpsc::UnboundedReceiver<Vec<Taken>> {
        let (send, receive) = mpsc::unbounded_channel();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Open { worker, lease, send, places: 0 });
        receive
    }

    /// The worker has this many places and nothing before it.
    pub(super) fn offer(&self, places: usize) {
        if let Some(open) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            open.places = places;
        }
    }

    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Claim {
    /// Hands over what was written. Where the worker has ended meanwhile, the lease runs out and another takes it.
    pub fn hand(self, jobs: Vec<Taken>) {
        if !jobs.is_empty() && self.send.send(jobs).is_err() {
            tracing::warn!("the worker ended while jobs were on their way to it; they wait for their lease");
        }
    }
}
