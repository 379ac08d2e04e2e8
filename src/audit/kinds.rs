//! What actions are sorted by: the group they belong to, and what they are about.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What belongs together, for the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditGroup)]
pub enum Group {
    /// What was done with leads.
    Leads,
    /// What was looked at, searched or taken away.
    Views,
    /// Who came in and went.
    Access,
    /// People and their rights.
    Team,
    /// What an owner decides, and what connects to the outside.
    Settings,
    /// What keeps the machinery going.
    System,
}

/// What an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditSubject)]
pub enum Subject {
    Lead,
    User,
    Organization,
    /// A Meta page, by the row that keeps it.
    Page,
    /// A delivery, in the quarantine or received.
    Delivery,
    Invitation,
    Form,
    /// Somebody who is not to be written to.
    Suppression,
    Sequence,
    /// Another door for leads.
    Source,
    /// A file of leads.
    Import,
}

impl Subject {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::User => "user",
            Self::Organization => "organization",
            Self::Page => "page",
            Self::Delivery => "delivery",
            Self::Invitation => "invitation",
            Self::Form => "form",
            Self::Suppression => "suppression",
            Self::Sequence => "sequence",
            Self::Source => "source",
            Self::Import => "import",
        }
    }
}
