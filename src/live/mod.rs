//! Telling everybody who listens, at once. A [`Bell`] rings after a commit; [`others`] carries the ring to the other processes;
//! [`listener`] hears it, reads the new events with its own eyes and hands them to this process's sockets.

pub mod listener;
mod notice;
pub mod others;
mod redis;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

use crate::types::ids::OrganizationId;
use notice::Notice;

/// Wakes workers, listeners and whoever looks after sessions: those of this process immediately, those of others by a notice that a
/// task of its own sends (NOTIFY, or Redis where there is one).
///
/// NOTIFY inside the writing transaction would make every commit wait for the one before (PostgreSQL holds one lock for all of them
/// until the commit is on disk). A notice that is lost costs a moment: everybody who waits for the bell also looks without it.
#[derive(Clone, Default)]
pub struct Bell(Arc<Inner>);

#[derive(Default)]
struct Inner {
    jobs: Notify,
    events: Notify,
    sessions: Notify,
    all: AtomicBool,
    outgoing: Notify,
    news: Mutex<HashSet<OrganizationId>>,
    to_tell: Mutex<Notice>,
}

impl Bell {
    /// There are jobs.
    pub fn ring_jobs(&self) {
        self.hear_jobs();
        self.tell(|notice| notice.jobs = true);
    }

    /// The organization has news.
    pub fn ring_events(&self, organization: OrganizationId) {
        self.hear_events(organization);
        self.tell(|notice| {
            notice.organizations.insert(organization);
        });
    }

    /// A session ended, or somebody may see more or less than before.
    pub fn ring_sessions(&self) {
        self.0.sessions.notify_one();
        self.tell(|notice| notice.sessions = true);
    }

    fn tell(&self, what: impl FnOnce(&mut Notice)) {
        what(&mut self.0.to_tell.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.outgoing.notify_one();
    }

    fn hear_jobs(&self) {
        self.0.jobs.notify_one();
    }

    /// Look at this organization again.
    pub fn hear_events(&self, organization: OrganizationId) {
        self.0.news.lock().unwrap_or_else(PoisonError::into_inner).insert(organization);
        self.0.events.notify_one();
    }

    /// What another process rang.
    fn hear(&self, notice: &Notice) {
        if notice.jobs {
            self.hear_jobs();
        }
        if notice.sessions {
            self.0.sessions.notify_one();
        }
        if notice.all {
            self.hear_all();
        }
        for organization in &notice.organizations {
            self.hear_events(*organization);
        }
    }

    /// Nobody knows what was missed: look at everything.
    fn hear_everything(&self) {
        self.hear_jobs();
        self.hear_all();
        self.0.sessions.notify_one();
    }

    fn hear_all(&self) {
        self.0.all.store(true, Ordering::Relaxed);
        self.0.events.notify_one();
    }

    fn take_all(&self) -> bool {
        self.0.all.swap(false, Ordering::Relaxed)
    }

    /// Until there may be jobs.
    pub async fn jobs(&self) {
        self.0.jobs.notified().await;
    }

    /// Until a session may have ended.
    pub async fn sessions(&self) {
        self.0.sessions.notified().await;
    }

    /// Until an organization has news.
    async fn events(&self) {
        self.0.events.notified().await;
    }

    /// Until there is something to tell other processes.
    async fn outgoing(&self) {
        self.0.outgoing.notified().await;
    }

    fn take_news(&self) -> HashSet<OrganizationId> {
        std::mem::take(&mut *self.0.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_to_tell(&self) -> Notice {
        std::mem::take(&mut *self.0.to_tell.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
