//! The domain events. Data are ids and plain words only: what personal there is to say is read when it is emitted.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    types::ids::{AlertId, LeadId, MessageId, SuppressionId, UserId},
};

/// Something that happened in an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A new lead stands in the inbox; or one that was filed without a clock has asked again, so that somebody waits from now on. Only those
    /// with a due time (`leads.due_at`) are somebody's to be alerted of.
    LeadCaptured { lead: LeadId },
    /// Anything about a lead changed: status, assignee, attempts, fields, a further enquiry.
    LeadChanged { lead: LeadId },
    /// A line was added to the lead's timeline that the lead itself does not show.
    TimelineChanged { lead: LeadId },
    /// A list that the app keeps beside the leads changed.
    ListChanged { topic: Topic, id: Uuid },
    /// Somebody was taken out of the team; `heir` gets what they had in hand, nobody where none is named.
    MemberLeft { user: UserId, heir: Option<UserId>, by: UserId },
    /// When somebody is there was changed: their shift, or a pause that began or ended.
    RotaChanged { user: UserId },
    /// Somebody has one open lead less, and others wait to be given to somebody.
    HandsFreed { user: UserId },
    /// A lead that had waited was given to somebody.
    LeadGiven { lead: LeadId, to: UserId },
    /// A lead that had waited for one person is anybody's now, of those whom the way is for that leads are given on by then.
    LeadOffered { lead: LeadId },
    /// A Meta page was connected, or connected anew.
    PageConnected { page_id: String, row: Uuid },
    /// Meta refuses the page's token or permission; until somebody mends it no lead can be read.
    /// Recorded once for each breaking, and again when what made leads late makes them missing.
    ConnectionBroken { page_id: String, row: Uuid },
    /// What was broken is well again, by a person or by itself: what waited follows.
    ConnectionMended { page_id: String, row: Uuid },
    /// Nothing more is heard of a message: it arrived, or it did not.
    MessageSettled { message: MessageId },
    /// Somebody wrote back. `lead`: who was last written to at their address.
    MessageReceived { message: MessageId, lead: Option<LeadId> },
    /// Somebody is not to be written to any more.
    OptedOut { suppression: SuppressionId },
    /// What these people have not seen is more or less than before.
    Notified { users: Vec<UserId> },
    /// No device said that the alert arrived, on whichever way it went: somebody else has to be told.
    AlertUnheard { alert: AlertId },
    /// Written by a newer release, while both run: apps are told to fetch everything, jobs wait for a worker that knows it.
    #[serde(skip)]
    Unknown,
}

/// The lists that the app keeps beside the leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Timeline,
    Team,
    Leads,
    Rota,
    Distribution,
    Campaigns,
    Forms,
    Organization,
    /// How pages are connected, and what is wrong with that.
    Connections,
    /// The other doors: their names, secrets, and what could not be read.
    Sources,
    /// Files that are taken in; leads may have come or gone by them, many at once.
    Imports,
}

impl Event {
    /// Whether something lasting follows, so that a job has to react. Exhaustive on purpose: a new event does not compile until
    /// somebody decides; what follows is told in `reactions.rs`.
    pub fn is_durable(&self) -> bool {
        match self {
            Self::RotaChanged { .. } | Self::HandsFreed { .. } | Self::LeadGiven { .. } | Self::LeadOffered { .. } => {
                true
            }
            Self::MemberLeft { .. }
            | Self::PageConnected { .. }
            | Self::ConnectionBroken { .. }
            | Self::ConnectionMended { .. }
            | Self::MessageSettled { .. }
            | Self::MessageReceived { .. }
            | Self::OptedOut { .. }
            | Self::AlertUnheard { .. } => true,
            // The desk looks at all new leads together (`outbox::ATTEND`).
            Self::LeadCaptured { .. }
            | Self::LeadChanged { .. }
            | Self::TimelineChanged { .. }
            | Self::ListChanged { .. }
            | Self::Notified { .. }
            | Self::Unknown => false,
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::LeadCaptured { lead }
            | Self::LeadChanged { lead }
            | Self::TimelineChanged { lead }
            | Self::LeadGiven { lead, .. }
            | Self::LeadOffered { lead } => lead.0,
            Self::ListChanged { id, .. } => *id,
            Self::MemberLeft { user, .. } | Self::RotaChanged { user } | Self::HandsFreed { user } => user.0,
            Self::PageConnected { row, .. }
            | Self::ConnectionBroken { row, .. }
            | Self::ConnectionMended { row, .. } => *row,
            Self::MessageSettled { message } | Self::MessageReceived { message, .. } => message.0,
            Self::OptedOut { suppression } => suppression.0,
            Self::AlertUnheard { alert } => alert.0,
            Self::Notified { users } => users.first().map_or(Uuid::nil(), |user| user.0),
            Self::Unknown => Uuid::nil(),
        }
    }

    pub(super) fn parts(&self) -> Result<(String, Uuid, Value)> {
        let Value::Object(mut tagged) = serde_json::to_value(self)? else {
            return Err(Error::internal("an event is an object"));
        };
        let Some(Value::String(kind)) = tagged.remove("kind") else {
            return Err(Error::internal("an event has a kind"));
        };
        Ok((kind, self.subject(), tagged.remove("data").unwrap_or(Value::Null)))
    }

    pub(super) fn from_parts(kind: &str, data: Value) -> Self {
        serde_json::from_value(serde_json::json!({ "kind": kind, "data": data })).unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_newer_release_wrote_is_unknown_and_not_an_error() {
        assert_eq!(Event::from_parts("lead_teleported", json!({ "lead": Uuid::nil() })), Event::Unknown);
        let known = Event::LeadCaptured { lead: LeadId(Uuid::nil()) };
        let (kind, _, data) = known.parts().expect("parts");
        assert_eq!(Event::from_parts(&kind, data), known);
        assert!(Event::Unknown.parts().is_err(), "it is never written");
    }
}
