//! A lead: a person who left a number and waits to be called.
//!
//! Its life: *new* → contacted | no_answer | lost; no_answer ⇄ contacted; both → scheduled | won | lost; scheduled → contacted | won |
//! lost; lost → contacted (LP-016). Beside it: unclaimed → claimed, by compare-and-set.
//!
//! Invariants:
//! - What one person sent twice is one lead: a submission (`meta_lead_id`) is stored once, and a further enquiry of somebody with an open lead joins it.
//! - Every change raises `version`, leaves a line in the history or the notes, and records an event in the same transaction.
//! - Name, phone, e-mail, message and answers are sealed; they are found by blind indexes only.
//! - `first_attempt_at` (somebody tried) is not `first_contact_at` (somebody got through).

mod capture;
mod find;
mod given;
mod hand_over;
mod http;
mod jobs;
mod notes;
mod past;
mod queue;
mod remap;
mod score;
mod scoring;
mod sql;
mod tokens;
mod told;
mod trace;
mod work;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    error::Error,
    types::ids::{CampaignId, FormId, LeadId, UserId},
};
pub use capture::{
    Captured, Clock, NewConsent, NewLead, Outlook, Person, Received, capture, capture_all, open_lead_of, outlook,
    take_back,
};
pub use find::{Counts, Filter, View, counts, detail, find, list, names, present_many, timeline_items};
pub use given::{one_line, plausible_email};
pub use hand_over::HandOver;
pub use http::routes;
pub use jobs::{EndSnooze, Reseal};
pub use notes::{add_note, give_task, write_note};
pub use past::{Deed, Move, Pace, Past, import, is_empty};
pub use queue::{Kind, Queued, Why, enqueue, give, in_hand, queued, wait_no_more};
pub use remap::{is_untouched, remap};
pub use score::{ScoreRule, Sign};
pub use scoring::{ChangeScoring, Rescore, Scoring, TriedScore, change_scoring, scoring, try_scoring};
pub use trace::{Trace, acknowledged, emitted, opened};
pub use work::{Change, assign, attempted, change, claim, outcome_known, release, snooze, wake};

/// Where a lead stands (LP-016).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    New,
    Contacted,
    NoAnswer,
    Scheduled,
    Won,
    Lost,
}

impl Status {
    pub const ALL: [Self; 6] = [Self::New, Self::Contacted, Self::NoAnswer, Self::Scheduled, Self::Won, Self::Lost];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Contacted => "contacted",
            Self::NoAnswer => "no_answer",
            Self::Scheduled => "scheduled",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// The arrows of the state machine (PRODUCT, "State machines"; it contains every arrow of LP-016).
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Contacted, Lost, New, NoAnswer, Scheduled, Won};
        matches!(
            (self, next),
            (New, Contacted | NoAnswer | Lost)
                | (NoAnswer, Contacted | Scheduled | Won | Lost)
                | (Contacted, NoAnswer | Scheduled | Won | Lost)
                | (Scheduled, Contacted | Won | Lost)
                | (Lost, Contacted)
        )
    }

    /// Whether there is a next move for somebody to make.
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Contacted | Self::NoAnswer)
    }
}

impl std::str::FromStr for Status {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Error::invalid("status", "status_unknown", format!("There is no status {text:?}.")))
    }
}

/// Why a lead was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LostReason {
    NotInterested,
    TooExpensive,
    WrongNumber,
    Unreachable,
    Competitor,
    Duplicate,
    OutsideArea,
    Other,
}

/// An answer to a question of the form, in the form's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    pub key: String,
    /// The question as the person read it.
    pub label: String,
    pub values: Vec<String>,
}

/// A lead as lists and live events show it (LP-047).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Lead {
    pub id: LeadId,
    /// Raised by every change; the `ETag`.
    pub version: i32,
    pub status: Status,
    #[schema(required = true)]
    pub lost_reason: Option<LostReason>,
    #[schema(required = true)]
    pub full_name: Option<String>,
    /// E.164 (LP-048).
    #[schema(required = true)]
    pub phone: Option<String>,
    /// The number as typed, where it is no valid one.
    #[schema(required = true)]
    pub phone_given: Option<String>,
    #[schema(required = true)]
    pub email: Option<String>,
    #[schema(required = true)]
    pub postal_code: Option<String>,
    #[schema(required = true)]
    pub city: Option<String>,
    #[schema(required = true)]
    pub service: Option<String>,
    #[schema(required = true)]
    pub message: Option<String>,
    /// `meta`, `webhook`, `form`, `import`, or who took it down: `phone`, `walk_in`, `referral`, `website`, `other`.
    pub source: String,
    /// `fb` or `ig`.
    #[schema(required = true)]
    pub platform: Option<String>,
    #[schema(required = true)]
    pub meta_lead_id: Option<String>,
    /// Sent with Meta's testing tool.
    pub is_test: bool,
    /// Came without an ad.
    pub is_organic: bool,
    /// How often this person has asked while the lead was open.
    pub enquiry_count: i32,
    /// How good it looks by the organization's rules, from 0 to 100 (LP-032).
    pub score: i32,
    #[schema(required = true)]
    pub campaign_id: Option<CampaignId>,
    #[schema(required = true)]
    pub form_id: Option<FormId>,
    #[schema(required = true)]
    pub adset_name: Option<String>,
    #[schema(required = true)]
    pub ad_name: Option<String>,
    #[schema(required = true)]
    pub assignee_id: Option<UserId>,
    #[schema(required = true)]
    pub claimed_at: Option<DateTime<Utc>>,
    pub attempt_count: i32,
    #[schema(required = true)]
    pub first_attempt_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub last_attempt_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub first_contact_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub last_contact_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub snoozed_until: Option<DateTime<Utc>>,
    /// From the submission to the first attempt, by the clock.
    #[schema(required = true)]
    pub response_seconds: Option<i32>,
    /// The same, while somebody was there by the business's hours.
    #[schema(required = true)]
    pub response_business_seconds: Option<i32>,
    /// From when on somebody is there to try (the business's hours); null once somebody has tried.
    #[schema(required = true)]
    pub opens_at: Option<DateTime<Utc>>,
    /// When the first attempt is due (the SLA); null once somebody has tried, and of what came without a clock (an old lead that was filed).
    #[schema(required = true)]
    pub due_at: Option<DateTime<Utc>>,
    /// When the next move is due; null when there is none to make.
    #[schema(required = true)]
    pub next_at: Option<DateTime<Utc>>,
    /// When the person sent it.
    pub created_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a person agreed to, or did not, with the text they read (LP-060).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Consent {
    pub key: String,
    pub text: String,
    pub given: bool,
    /// A required box that Meta does not report: the form cannot be sent without it.
    pub inferred: bool,
    pub at: DateTime<Utc>,
    /// Names the exact text that was shown.
    pub text_version: String,
    #[schema(required = true)]
    pub privacy_policy_url: Option<String>,
}

/// A lead with all that its screen shows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeadDetail {
    #[serde(flatten)]
    pub lead: Lead,
    pub answers: Vec<Answer>,
    pub consents: Vec<Consent>,
    pub trace: Trace,
    /// The rules that fit it: its score is the sum of their points, but not below 0 or above 100.
    pub score_reasons: Vec<ScoreRule>,
}

/// A line of the timeline that is not an attempt.
#[derive(Clone, Debug)]
pub struct HistoryItem {
    pub id: uuid::Uuid,
    pub kind: String,
    pub user: Option<UserId>,
    pub at: DateTime<Utc>,
    /// Of a note: when it reached us, where that was not at once.
    pub stored_at: Option<DateTime<Utc>>,
    pub text: Option<String>,
    pub data: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_graph_has_every_arrow_of_lp_016_and_no_way_out_of_won() {
        use Status::{Contacted, Lost, New, NoAnswer, Scheduled, Won};
        for (from, to) in
            [(New, Contacted), (Contacted, NoAnswer), (NoAnswer, Scheduled), (Scheduled, Won), (Scheduled, Lost)]
        {
            assert!(from.may_become(to), "{from:?} → {to:?}");
        }
        for status in Status::ALL {
            assert!(!Won.may_become(status), "won → {status:?}");
            assert!(!status.may_become(New), "{status:?} → new");
            assert!(!status.may_become(status), "{status:?} → itself");
            assert_eq!(status.as_str().parse::<Status>().expect("reads itself"), status);
        }
    }
}
