//! Which organizations have open sockets in this process, and which doors their leads passed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use crate::types::ids::{LeadId, OrganizationId};

#[derive(Default)]
pub(super) struct Shared {
    pub(super) presence: Mutex<HashMap<OrganizationId, Presence>>,
    trace: Mutex<HashMap<OrganizationId, Passed>>,
}

#[derive(Default)]
pub(super) struct Presence {
    pub(super) sockets: usize,
    /// Where the stream stood when the first socket had caught up.
    pub(super) start: Option<i64>,
}

/// Doors that leads passed and that are not written yet.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) emitted: HashMap<LeadId, DateTime<Utc>>,
    pub(super) acknowledged: HashMap<LeadId, DateTime<Utc>>,
}

impl Shared {
    pub(super) fn enter(&self, organization: OrganizationId) {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner).entry(organization).or_default().sockets += 1;
    }

    /// Where the organization's stream began for this process: here, unless another socket was first.
    pub(super) fn start(&self, organization: OrganizationId, head: i64) -> i64 {
        let mut presence = self.presence.lock().unwrap_or_else(PoisonError::into_inner);
        presence.get_mut(&organization).map_or(head, |presence| *presence.start.get_or_insert(head))
    }

    pub(super) fn leave(&self, organization: OrganizationId) {
        let mut presence = self.presence.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = presence.get_mut(&organization) {
            here.sockets -= 1;
            if here.sockets == 0 {
                presence.remove(&organization);
            }
        }
    }

    pub(super) fn pass(
        &self,
        organization: OrganizationId,
        leads: &[LeadId],
        at: DateTime<Utc>,
        door: impl Fn(&mut Passed) -> &mut HashMap<LeadId, DateTime<Utc>>,
    ) {
        let mut trace = self.trace.lock().unwrap_or_else(PoisonError::into_inner);
        let door = door(trace.entry(organization).or_default());
        for lead in leads {
            door.entry(*lead).or_insert(at);
        }
    }

    pub(super) fn take_trace(&self) -> HashMap<OrganizationId, Passed> {
        std::mem::take(&mut *self.trace.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
