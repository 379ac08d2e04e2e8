//! Every id of the house, so that a lead can hold a `CampaignId` without knowing campaigns.
//!
//! UUID version 7 (RFC 9562): they sort by age, so an index grows at its end. Their time comes from the app's clock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::{NoContext, Timestamp, Uuid};

/// A fresh version 7 UUID for the instant `now`.
pub fn new_uuid(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id for the instant `now`.
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(new_uuid(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// An agency that onboards the businesses it advertises for.
    OperatorId,
    /// A business that buys leads: the tenant.
    OrganizationId,
    UserId,
    SessionId,
    InvitationId,
    PasskeyId,
    LeadId,
    EnquiryId,
    AttemptId,
    NoteId,
    /// A line of a lead's history.
    HistoryId,
    CampaignId,
    /// A lead form at Meta, as we keep it.
    FormId,
    ReceiptId,
    QuarantineId,
    /// An SMS or an e-mail, out or in.
    MessageId,
    SuppressionId,
    NotificationId,
    /// What is sent to a person about one or several notifications.
    AlertId,
    /// One way on which an alert went.
    DeliveryId,
    /// A browser that takes pushes.
    DeviceId,
    /// A rule of distribution.
    RuleId,
    /// What is written to leads by itself.
    SequenceId,
    /// One lead's way through it.
    SequenceRunId,
}

/// In the place of an organization, where something is the house's own: what operators and the command line do outside any
/// organization has a chain of its own in the audit trail.
pub const HOUSE: OrganizationId = OrganizationId(Uuid::nil());
