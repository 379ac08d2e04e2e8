//! Leads with all that has happened to them since, stored at once: for a world that is made to be measured. What stands in the database
//! afterwards is what [`capture`](super::capture) and the verbs would have left there (`seed::a_seeded_lead_is_as_the_verbs_would_have_left_it`).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{EndSnooze, LostReason, Status, capture::Submission, score::Looked, scoring, sql};
use crate::{
    db::Tx,
    error::{Error, Result},
    jobs,
    outbox::{Event, Past as PastEvent},
    sla::{Sla, SlaClock, Waited},
    types::ids::{HistoryId, LeadId, NoteId, UserId},
};

/// A submission and what became of it, in the order in which it happened.
#[derive(Clone, Debug)]
pub struct Past {
    pub id: LeadId,
    pub new: super::NewLead,
    pub stored_at: DateTime<Utc>,
    pub moves: Vec<Move>,
}

/// Something that somebody did.
#[derive(Clone, Debug)]
pub struct Move {
    pub at: DateTime<Utc>,
    pub by: UserId,
    pub what: Deed,
}

/// As the verbs of the same names.
#[derive(Clone, Debug)]
pub enum Deed {
    Attempted,
    /// Of an attempt that was begun at this time.
    OutcomeKnown {
        begun: DateTime<Utc>,
        reached: bool,
        unanswered: bool,
    },
    Note(String),
    Status(Status, Option<LostReason>),
    Snooze(DateTime<Utc>),
}

/// How a lead stands after its moves, with the lines that they left.
pub(super) struct Outlook {
    pub version: i32,
    pub status: Status,
    pub lost_reason: Option<LostReason>,
    pub assignee: Option<UserId>,
    pub claimed_at: Option<DateTime<Utc>>,
    pub attempt_count: i32,
    pub first_attempt_at: Option<DateTime<Utc>>,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub first_contact_at: Option<DateTime<Utc>>,
    pub last_contact_at: Option<DateTime<Utc>>,
    pub snoozed_until: Option<DateTime<Utc>>,
    pub waited: Option<Waited>,
    pub score: i16,
    pub opens_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    pub next_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub history: Vec<Line>,
    pub notes: Vec<(NoteId, UserId, String, DateTime<Utc>)>,
}

/// A line of the history.
pub(super) struct Line {
    pub id: Uuid,
    pub kind: &'static str,
    pub by: Option<UserId>,
    pub at: DateTime<Utc>,
    pub data: Value,
}

/// The organization's times: to the first attempt, and to the next one.
#[derive(Clone, Debug)]
pub struct Pace {
    pub sla: Sla,
    pub retry: TimeDelta,
}

/// Stores leads with their past; gives the events of it all, each lead's in their order. Each is a new person's: nothing is joined.
pub async fn import(tx: &mut Tx, past: &[Past], pace: &Pace) -> Result<Vec<PastEvent>> {
    let mut events = Vec::new();
    let mut leads = Vec::with_capacity(past.len());
    let rules = scoring::scoring(tx).await?.rules;
    for one in past {
        let submission = Submission::new(tx, one.new.clone())?;
        let mut outlook = live(one, pace, &mut events)?;
        let looked = Looked {
            response_business_seconds: outlook.waited.map(|waited| waited.business_seconds),
            is_reached: outlook.first_contact_at.is_some(),
            ..Looked::new(&one.new, Some(outlook.opens_at))
        };
        outlook.score = looked.score(&rules);
        for what in one.moves.iter().map(|one| &one.what) {
            if let Deed::Snooze(until) = *what
                && until > tx.now()
            {
                jobs::enqueue_at::<crate::app::App, _>(tx, &EndSnooze { lead: one.id, until }, until).await?;
            }
        }
        leads.push((one, submission, outlook));
    }
    sql::insert_past(tx, &leads).await?;
    Ok(events)
}

/// Whether the organization has no lead yet.
pub async fn is_empty(tx: &mut Tx) -> Result<bool> {
    Ok(!sql::has_leads(tx).await?)
}

fn live(past: &Past, pace: &Pace, events: &mut Vec<PastEvent>) -> Result<Outlook> {
    let lead = past.id;
    let SlaClock { opens_at, due_at } = pace.sla.clock(past.new.created_at);
    events.push(PastEvent { event: Event::LeadCaptured { lead }, actor: None, at: past.stored_at });
    let mut now = Outlook {
        version: 1,
        status: Status::New,
        lost_reason: None,
        assignee: None,
        claimed_at: None,
        attempt_count: 0,
        first_attempt_at: None,
        last_attempt_at: None,
        first_contact_at: None,
        last_contact_at: None,
        snoozed_until: None,
        waited: None,
        score: 0,
        opens_at,
        due_at,
        next_at: Some(due_at),
        updated_at: past.stored_at,
        history: Vec::new(),
        notes: Vec::new(),
    };
    now.line("captured", None, past.new.created_at, past.stored_at, json!({}));
    for Move { at, by, what } in &past.moves {
        let event = |event| PastEvent { event, actor: Some(*by), at: *at };
        now.act(past.new.created_at, *at, *by, what, pace)?;
        if !matches!(what, Deed::Note(_)) {
            now.version += 1;
            now.updated_at = *at;
            events.push(event(Event::LeadChanged { lead }));
        }
        if matches!(what, Deed::Note(_) | Deed::OutcomeKnown { .. }) {
            events.push(event(Event::TimelineChanged { lead }));
        }
    }
    Ok(now)
}

impl Outlook {
    fn line(
        &mut self,
        kind: &'static str,
        by: Option<UserId>,
        at: DateTime<Utc>,
        written_at: DateTime<Utc>,
        data: Value,
    ) {
        self.history.push(Line { id: HistoryId::new(written_at).0, kind, by, at, data });
    }

    fn act(&mut self, came: DateTime<Utc>, at: DateTime<Utc>, by: UserId, deed: &Deed, pace: &Pace) -> Result<()> {
        match deed {
            Deed::Attempted => {
                self.attempt_count += 1;
                self.waited = Some(pace.sla.waited(came, *self.first_attempt_at.get_or_insert(at)));
                self.last_attempt_at = Some(at);
                self.snoozed_until = None;
                if self.assignee.is_none() {
                    self.assignee = Some(by);
                    self.claimed_at = Some(at);
                    self.line("claimed", Some(by), at, at, json!({}));
                }
            }
            Deed::OutcomeKnown { begun, reached, unanswered } => {
                let next = match self.status {
                    Status::New | Status::NoAnswer if *reached => Some(Status::Contacted),
                    Status::New if *unanswered => Some(Status::NoAnswer),
                    _ => None,
                };
                if let Some(next) = next {
                    let data = json!({ "from": self.status, "to": next });
                    self.line("status", Some(by), at, at, data);
                    self.status = next;
                }
                if *reached {
                    self.first_contact_at.get_or_insert(*begun);
                    self.last_contact_at = Some(*begun);
                }
            }
            Deed::Note(text) => {
                self.notes.push((NoteId::new(at), by, text.clone(), at));
                return Ok(());
            }
            Deed::Status(next, reason) => {
                if !self.status.may_become(*next) || (*next == Status::Lost) != reason.is_some() {
                    return Err(Error::internal(format!("{:?} does not become {next:?}", self.status)));
                }
                self.line("status", Some(by), at, at, json!({ "from": self.status, "to": next, "reason": reason }));
                (self.status, self.lost_reason) = (*next, *reason);
                if *next == Status::Contacted {
                    self.first_contact_at.get_or_insert(at);
                    self.last_contact_at = Some(at);
                }
                if !next.is_open() {
                    self.snoozed_until = None;
                }
            }
            Deed::Snooze(until) => {
                self.snoozed_until = Some(*until);
                self.line("snoozed", Some(by), at, at, json!({ "until": until }));
            }
        }
        self.next_at = if !self.status.is_open() {
            None
        } else if self.snoozed_until.is_some() {
            self.snoozed_until
        } else {
            Some(self.last_attempt_at.map_or(self.due_at, |last| last + pace.retry))
        };
        Ok(())
    }
}
