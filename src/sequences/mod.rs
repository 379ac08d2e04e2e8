//! Follow-up sequences: what is written to a lead by itself until somebody reaches them (LP-030).
//!
//! An owner writes steps, SMS, e-mail or a task for the team, each some business time after the one before. A [`run`](runs) is one lead's way
//! through them: it begins by itself (a new lead, a call that nobody answered) or by hand, with the steps as they stand then, and ends after the last one, or
//! as soon as the person answers, is reached, is scheduled, won or lost, wants no more, or somebody stops it.
//!
//! Invariants:
//! - A lead is in one sequence at a time, and goes through each by itself once.
//! - A step is taken once: its message's key names run and step, and both are written in one transaction. Whatever stops a run takes back what has not left.
//! - Whether it may still be sent (consent, status, suppression) is asked at the step, and once more where the message is handed over.
//! - A step never stops the SLA's clock, nor counts as an attempt: a machine is not a person.

mod compose;
mod follow;
mod http;
mod runs;
mod sql;
mod steps;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    outbox,
    types::ids::{CampaignId, FormId, LeadId, SequenceId, SequenceRunId},
};
pub use follow::{Follow, FollowAll};
pub use http::routes;
pub use runs::{RunStep, answered, opted_out};

const MOST_STEPS: usize = 20;
const MOST_SEQUENCES: i64 = 100;
/// Of business time: a working month.
const LONGEST_DELAY: i32 = 30 * 24 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Sms,
    Email,
    /// The lead comes back to *To do*, with what is to be done.
    Task,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SequenceStep)]
pub struct Step {
    pub kind: StepKind,
    /// Business time since the step before it, or since the beginning.
    #[schema(minimum = 0, maximum = 43200)]
    pub after_minutes: i32,
    /// Of an e-mail; with places such as `{{ first_name }}`.
    #[serde(default)]
    #[schema(required = true)]
    pub subject: Option<String>,
    /// With places such as `{{ first_name }}`, `{{ organization }}`, `{{ service }}`.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SequenceTrigger)]
pub enum Trigger {
    NewLead,
    /// Nobody answered the call.
    NoAnswer,
    /// Somebody begins it on the lead's screen.
    ByHand,
}

impl Trigger {
    fn as_str(self) -> &'static str {
        match self {
            Self::NewLead => "new_lead",
            Self::NoAnswer => "no_answer",
            Self::ByHand => "by_hand",
        }
    }
}

/// For which leads; empty: for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SequenceFilter)]
pub struct Narrowing {
    pub forms: Vec<FormId>,
    pub campaigns: Vec<CampaignId>,
}

/// A sequence as its owner writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSequence)]
pub struct Draft {
    #[schema(max_length = 100)]
    pub name: String,
    pub is_active: bool,
    pub trigger: Trigger,
    pub filter: Narrowing,
    #[schema(max_items = 20)]
    pub steps: Vec<Step>,
}

/// A sequence.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Sequence {
    pub id: SequenceId,
    #[serde(flatten)]
    pub draft: Draft,
    /// Leads in it now.
    pub running: i64,
    /// Leads that answered or were reached while in it.
    pub answered: i64,
    /// Leads that have been in it.
    pub total: i64,
    pub version: i32,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SequenceRunState)]
pub enum RunState {
    Running,
    Done,
    Stopped,
}

/// Why a run ended before its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SequenceStop)]
pub enum Why {
    /// They wrote back.
    Answered,
    /// Somebody talked to them.
    Reached,
    /// Scheduled, won or lost.
    Moved,
    OptedOut,
    /// They did not agree to be written to.
    NoConsent,
    ByHand,
    /// The sequence was put away.
    Archived,
}

/// Where a lead stands in a sequence.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SequenceRun)]
pub struct Run {
    pub id: SequenceRunId,
    pub sequence_id: SequenceId,
    pub name: String,
    pub lead_id: LeadId,
    pub state: RunState,
    #[schema(required = true)]
    pub why: Option<Why>,
    /// Of steps; of the next one while it runs.
    pub position: i32,
    pub steps: i32,
    #[schema(required = true)]
    pub next_kind: Option<StepKind>,
    #[schema(required = true)]
    pub next_at: Option<DateTime<Utc>>,
    pub started_at: DateTime<Utc>,
    #[schema(required = true)]
    pub ended_at: Option<DateTime<Utc>>,
}

/// Whether this can be a sequence: its name, its delays, and that every place in its texts is one we know.
fn check(draft: &mut Draft) -> Result<()> {
    draft.name = draft.name.trim().to_owned();
    if draft.name.is_empty() || draft.name.chars().count() > 100 || draft.name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "required", "A name of one line, of at most 100 characters."));
    }
    if draft.steps.is_empty() {
        return Err(Error::invalid("steps", "required", "At least one step."));
    }
    if draft.steps.len() > MOST_STEPS {
        return Err(Error::invalid("steps", "too_many", "At most 20 steps."));
    }
    for (index, step) in draft.steps.iter_mut().enumerate() {
        check_step(step).map_err(|error| match error {
            Error::Invalid { field, reason, detail } => {
                Error::Invalid { field: format!("steps.{index}.{field}").into(), reason, detail }
            }
            other => other,
        })?;
    }
    Ok(())
}

fn check_step(step: &mut Step) -> Result<()> {
    if !(0..=LONGEST_DELAY).contains(&step.after_minutes) {
        return Err(Error::invalid("after_minutes", "out_of_range", "Up to thirty days."));
    }
    step.subject = step.subject.take().map(|subject| subject.trim().to_owned()).filter(|subject| !subject.is_empty());
    step.text = step.text.trim().to_owned();
    if step.text.is_empty() {
        return Err(Error::invalid("text", "required", "What does it say?"));
    }
    let most = if step.kind == StepKind::Sms { 1000 } else { 4000 };
    if step.text.chars().count() > most {
        return Err(Error::invalid("text", "too_long", format!("At most {most} characters.")));
    }
    match (step.kind, &step.subject) {
        (StepKind::Email, None) => return Err(Error::invalid("subject", "required", "An e-mail has a subject.")),
        (StepKind::Email, Some(subject)) => {
            if subject.chars().count() > 150 || subject.chars().any(char::is_control) {
                return Err(Error::invalid("subject", "too_long", "One line of at most 150 characters."));
            }
            compose::check("subject", subject)?;
        }
        _ => step.subject = None,
    }
    compose::check("text", &step.text)
}

pub(crate) async fn list(tx: &mut Tx) -> Result<Vec<Sequence>> {
    sql::list(tx, None).await
}

/// 404.
async fn find(tx: &mut Tx, id: SequenceId) -> Result<Sequence> {
    sql::list(tx, Some(id)).await?.pop().ok_or(Error::NotFound)
}

/// 422 with the place of what is none; 409 `too_many`.
async fn create(tx: &mut Tx, mut draft: Draft) -> Result<Sequence> {
    check(&mut draft)?;
    if sql::count(tx).await? >= MOST_SEQUENCES {
        return Err(Error::conflict("too_many", "At most a hundred sequences."));
    }
    let id = SequenceId::new(tx.now());
    sql::insert(tx, id, &draft).await?;
    saved(tx, id, &draft).await?;
    find(tx, id).await
}

/// For leads that begin from now on. 412.
async fn change(tx: &mut Tx, id: SequenceId, version: i32, mut draft: Draft) -> Result<Sequence> {
    let known = find(tx, id).await?;
    check(&mut draft)?;
    if !sql::update(tx, id, version, &draft).await? {
        return Err(Error::Precondition { current: known.version });
    }
    saved(tx, id, &draft).await?;
    find(tx, id).await
}

async fn saved(tx: &mut Tx, id: SequenceId, draft: &Draft) -> Result<()> {
    if draft.is_active && draft.trigger != Trigger::ByHand {
        let head = outbox::head(tx).await?;
        sql::follow_from(tx, head).await?;
    }
    let entry = Action::SequenceSaved.on(id).with("active", draft.is_active).with("trigger", draft.trigger);
    audit::record(tx, entry.with("steps", draft.steps.len()));
    Ok(())
}

/// Puts it away: nobody begins it any more, and whoever is in it is let go.
async fn archive(tx: &mut Tx, id: SequenceId) -> Result<()> {
    find(tx, id).await?;
    for run in sql::running_of(tx, id).await? {
        runs::stop(tx, run, Why::Archived).await?;
    }
    sql::archive(tx, id).await?;
    audit::record(tx, Action::SequenceArchived.on(id));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(step: Step) -> Draft {
        Draft {
            name: " After no answer ".to_owned(),
            is_active: true,
            trigger: Trigger::NoAnswer,
            filter: Narrowing::default(),
            steps: vec![step],
        }
    }

    fn sms(text: &str) -> Step {
        Step { kind: StepKind::Sms, after_minutes: 10, subject: Some("gone".to_owned()), text: text.to_owned() }
    }

    #[test]
    fn what_is_no_sequence_is_told_with_its_place() {
        let mut good = draft(sms("Hei {{ first_name }}, vi i {{ organization }} prøvde å ringe."));
        check(&mut good).expect("a sequence");
        assert_eq!((good.name.as_str(), &good.steps[0].subject), ("After no answer", &None));
        let refused = |step: Step| match check(&mut draft(step)).expect_err("refused") {
            Error::Invalid { field, reason, .. } => format!("{field} {reason}"),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(sms("  ")), "steps.0.text required");
        assert_eq!(refused(sms("Hei {{ firstname }}")), "steps.0.text place_unknown");
        assert_eq!(refused(sms("Hei {{ first_name ")), "steps.0.text template_invalid");
        assert_eq!(refused(Step { after_minutes: -1, ..sms("x") }), "steps.0.after_minutes out_of_range");
        assert_eq!(refused(Step { kind: StepKind::Email, subject: None, ..sms("x") }), "steps.0.subject required");
    }
}
