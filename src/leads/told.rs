//! A change is told twice: to the team, as a line of the lead's history; to the owner, as an entry of the audit trail.

use serde_json::Value;

use super::sql;
use crate::{
    audit::{self, Action},
    db::Tx,
    error::Result,
    types::ids::LeadId,
};

/// What a line of the history tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Enquiry,
    Status,
    Edited,
    Claimed,
    Released,
    Assigned,
    Snoozed,
    Woken,
    Remapped,
}

impl Told {
    fn parts(self) -> (&'static str, Action) {
        match self {
            Self::Enquiry => ("enquiry", Action::LeadEnquired),
            Self::Status => ("status", Action::LeadStatusChanged),
            Self::Edited => ("edited", Action::LeadEdited),
            Self::Claimed => ("claimed", Action::LeadClaimed),
            Self::Released => ("released", Action::LeadReleased),
            Self::Assigned => ("assigned", Action::LeadAssigned),
            Self::Snoozed => ("snoozed", Action::LeadSnoozed),
            Self::Woken => ("woken", Action::LeadWoken),
            Self::Remapped => ("remapped", Action::LeadRemapped),
        }
    }
}

/// Writes both. `data` holds ids, names of fields, words of ours.
pub(super) async fn tell(tx: &mut Tx, lead: LeadId, told: Told, data: Value) -> Result<()> {
    let (kind, action) = told.parts();
    audit::record(tx, action.on(lead).with_all(data.clone()));
    sql::insert_history(tx, lead, kind, data).await
}
