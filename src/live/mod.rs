//! Telling everybody who listens, at once. A [`Bell`] rings after a commit; [`listener`] hears it, reads the new events with its own eyes
//! and hands them to this process's sockets.

pub mod listener;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

use crate::types::ids::OrganizationId;

/// Wakes workers and listeners: those of this process immediately, those of others by a NOTIFY that a task of its own sends.
///
/// NOTIFY inside the writing transaction would make every commit wait for the one before (PostgreSQL holds one lock for all of them
/// until the commit is on disk). A notice that is lost costs a moment: workers poll, listeners too.
#[derive(Clone, Default)]
pub struct Bell(Arc<Inner>);

#[derive(Default)]
struct Inner {
    jobs: Notify,
    events: Notify,
    all: AtomicBool,
    outgoing: Notify,
    news: Mutex<HashSet<OrganizationId>>,
    to_tell: Mutex<ToTell>,
}

#[derive(Default)]
struct ToTell {
    jobs: bool,
    organizations: HashSet<OrganizationId>,
}

impl Bell {
    pub fn ring_jobs(&self) {
        self.0.jobs.notify_one();
        self.0.to_tell.lock().unwrap_or_else(PoisonError::into_inner).jobs = true;
        self.0.outgoing.notify_one();
    }

    pub fn ring_events(&self, organization: OrganizationId) {
        self.hear_events(organization);
        self.0.to_tell.lock().unwrap_or_else(PoisonError::into_inner).organizations.insert(organization);
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

    /// More organizations have news than a notice can name.
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

    /// Until an organization has news.
    async fn events(&self) {
        self.0.events.notified().await;
    }

    fn take_news(&self) -> HashSet<OrganizationId> {
        std::mem::take(&mut *self.0.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_to_tell(&self) -> ToTell {
        std::mem::take(&mut *self.0.to_tell.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
