//! The audit trail: who did or saw what, when, from where (LP-008, LP-051, LP-064, OI-047, OI-107, OI-116, DK-062).
//!
//! A verb that writes calls [`record`]; the line is written when its transaction ends, in the same statement as its events
//! (`outbox::flush`), so it commits or rolls back with what it tells of. What is seen is told by [`saw`]. What happens outside any
//! organization is told by [`record_in`], in the trail of an organization or in the house's own.
//!
//! Invariants:
//! - Entries of an organization are numbered without gaps in the order of their commits, and each holds a hash over itself and the hash of
//!   the one before it: what was changed, removed, inserted or moved later is found by [`verify`]. The server's role may add entries and read them.
//! - Entries hold ids, names of fields and words of ours. Address and device are sealed beside them; the chain holds a salted hash of those,
//!   so they can be sealed anew, or erased, and it still holds.
//! - A lead's screen is answered only when the trail has it.

mod action;
mod entry;
mod jobs;
mod kinds;
mod read;
mod sql;
mod verify;
mod views;

use std::sync::Arc;

use crate::{
    db::{By, Directory, Tx},
    outbox::trail::Line,
    types::ids::OrganizationId,
};
pub use action::Action;
pub use entry::Entry;
pub use jobs::{CheckTrail, CheckTrails, ResealOrigins};
pub use kinds::{Group, Subject};
pub use read::{ActorKind, Chain, Checked, FileFilter, Filter, Told, all, chain, list};
pub use verify::{Break, Found, Position, head, verify};
pub use views::{SEEN_FOR, saw, saw_in};

/// Writes a line into the organization's trail, as part of the transaction: `audit::record(tx, Action::LeadClaimed.on(lead))`.
pub fn record(tx: &mut Tx, entry: impl Into<Entry>) {
    let line = line(tx.now(), tx.by().clone(), entry.into());
    tx.lines().push(line);
}

/// Writes a line from the directory: into the trail of an organization, or of the [`house`](crate::types::ids::HOUSE).
pub fn record_in(directory: &mut Directory, organization: OrganizationId, by: impl Into<By>, entry: impl Into<Entry>) {
    let line = line(directory.now(), by.into(), entry.into());
    directory.lines(organization).push(line);
}

fn line(at: chrono::DateTime<chrono::Utc>, by: By, entry: Entry) -> Line {
    let Entry { action, subject, details } = entry;
    debug_assert_eq!(subject.is_some(), action.subject().is_some(), "{action:?} needs its subject, or has none");
    Line {
        at,
        actor: by.actor,
        origin: by.origin.as_ref().map(Arc::clone),
        action: action.as_str(),
        subject: action.subject().map(Subject::as_str).zip(subject),
        details: serde_json::to_string(&details).expect("a map of words serializes"),
    }
}
