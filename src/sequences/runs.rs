//! One lead's way through a sequence: begun by an event or by hand, a job for each step, stopped by whatever says that a person is there.
//!
//! All of a step is one transaction: the message is written down, the run moves on, the next step's job is enqueued. A process that dies before the commit has
//! done nothing; the job runs again. A sweep looks for runs whose step is overdue and whose job is gone.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Narrowing, Run, RunState, Sequence, Step, StepKind, Trigger, Why, compose, sql};
use crate::{
    app::App,
    audit::{self, Action},
    db::{Actor, Tx},
    error::{Error, Result},
    identity::Viewer,
    jobs::{self, Context, Failure, Job},
    leads::{self, LeadDetail, Status},
    messages::{self, Channel, NewMessage, Purpose, Recipient},
    organizations,
    outbox::{self, Event},
    sla,
    types::{
        ids::{LeadId, MessageId, SequenceId, SequenceRunId, SuppressionId},
        phone::Phone,
    },
};

/// What Meta kept of older leads is no news to them.
const NEWS: TimeDelta = TimeDelta::days(1);
/// An overdue step whose job is gone is looked for after this.
const OVERDUE: TimeDelta = TimeDelta::minutes(2);
const SWEPT: i64 = 500;

/// A run as the machinery sees it.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub id: SequenceRunId,
    pub lead: LeadId,
    pub steps: Vec<Step>,
    pub position: usize,
    pub state: RunState,
    pub next_at: Option<DateTime<Utc>>,
    pub message: Option<MessageId>,
    pub started_at: DateTime<Utc>,
}

/// Takes a step.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunStep {
    pub run: SequenceRunId,
    pub position: usize,
}

impl Job<App> for RunStep {
    const KIND: &'static str = "run_sequence_step";
    /// Behind all that people wait for: what a night held back falls due at once when the business opens, and so do its leads.
    const PRIORITY: i16 = 150;

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", self.run, self.position))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context.app.db.write(organization, Actor::System, async |tx| step(tx, self.run, self.position).await).await?;
        Ok(())
    }
}

/// Enqueues what is overdue; where its job is there, that is the one.
pub(super) async fn sweep(tx: &mut Tx) -> Result<()> {
    let before = tx.now() - OVERDUE;
    for (run, position) in sql::overdue(tx, before, SWEPT).await? {
        if jobs::enqueue::<App, _>(tx, &RunStep { run, position }).await? {
            tracing::warn!(%run, position, "a step of a sequence had lost its job");
        }
    }
    Ok(())
}

/// A lead came.
pub(super) async fn captured(tx: &mut Tx, lead: LeadId) -> Result<()> {
    begin_by(tx, lead, Trigger::NewLead).await
}

/// Something about a lead changed.
pub(super) async fn moved(tx: &mut Tx, lead: LeadId) -> Result<()> {
    let Some(detail) = found(tx, lead).await? else { return Ok(()) };
    if let Some(way) = sql::running_way(tx, lead).await?
        && let Some(why) = ends(&way, &detail)
    {
        return stop(tx, way.id, why).await;
    }
    if detail.lead.status == Status::NoAnswer { begin_by(tx, lead, Trigger::NoAnswer).await } else { Ok(()) }
}

/// Somebody wrote back.
pub async fn answered(tx: &mut Tx, lead: LeadId) -> Result<()> {
    match sql::running_way(tx, lead).await? {
        Some(way) => stop(tx, way.id, Why::Answered).await,
        None => Ok(()),
    }
}

/// Somebody wants no more: whoever they are, no sequence writes to that number or address.
pub async fn opted_out(tx: &mut Tx, suppression: SuppressionId) -> Result<()> {
    let Some((channel, address)) = messages::suppressed_address(tx, suppression).await? else { return Ok(()) };
    for run in sql::running_with(tx, channel, &address).await? {
        stop(tx, run, Why::OptedOut).await?;
    }
    Ok(())
}

/// As the machinery sees a lead: whoever may see it.
async fn found(tx: &mut Tx, lead: LeadId) -> Result<Option<LeadDetail>> {
    match leads::detail(tx, &Viewer::of_the_house(), lead).await {
        Ok(detail) => Ok(Some(detail)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn begin_by(tx: &mut Tx, lead: LeadId, trigger: Trigger) -> Result<()> {
    let candidates = sql::active_by(tx, trigger).await?;
    if candidates.is_empty() {
        return Ok(());
    }
    let Some(detail) = found(tx, lead).await? else { return Ok(()) };
    for sequence in candidates {
        let is_news = is_news(trigger, &detail, sequence.since, tx.now());
        if is_news
            && fits(&sequence.sequence.draft.filter, &detail)
            && !sql::has_run(tx, sequence.sequence.id, lead).await?
        {
            begin(tx, &sequence.sequence, &detail).await?;
            return Ok(());
        }
    }
    Ok(())
}

/// What was before the sequence does not begin it: neither leads that Meta had kept, nor a call of last week that nobody answered.
fn is_news(trigger: Trigger, detail: &LeadDetail, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    if detail.lead.is_test {
        return false;
    }
    let at = match trigger {
        // One without a clock came with a file: nobody waits for an answer by return.
        Trigger::NewLead => Some(detail.lead.created_at).filter(|at| now - *at <= NEWS && detail.lead.due_at.is_some()),
        Trigger::NoAnswer => detail.lead.last_attempt_at,
        Trigger::ByHand => None,
    };
    at.is_some_and(|at| at >= since)
}

fn fits(filter: &Narrowing, detail: &LeadDetail) -> bool {
    let lead = &detail.lead;
    (filter.forms.is_empty() || lead.form_id.is_some_and(|form| filter.forms.contains(&form)))
        && (filter.campaigns.is_empty()
            || lead.campaign_id.is_some_and(|campaign| filter.campaigns.contains(&campaign)))
}

/// Begins, unless the lead is in one already. `false`: it is, or there is nobody to write to any more.
async fn begin(tx: &mut Tx, sequence: &Sequence, detail: &LeadDetail) -> Result<bool> {
    if !detail.lead.status.is_open() {
        return Ok(false);
    }
    let next_at = after(tx, tx.now(), &sequence.draft.steps[0]).await?;
    let run = SequenceRunId::new(tx.now());
    // First: whoever reads the stream has it, and then begins runs as well.
    let head = outbox::head(tx).await?;
    sql::follow_from(tx, head).await?;
    if !sql::insert_run(tx, run, sequence, detail, next_at).await? {
        return Ok(false);
    }
    jobs::enqueue_at::<App, _>(tx, &RunStep { run, position: 0 }, next_at).await?;
    audit::record(tx, Action::SequenceBegun.on(detail.lead.id).with("sequence", sequence.id));
    outbox::record(tx, Event::TimelineChanged { lead: detail.lead.id });
    Ok(true)
}

/// Begins one by hand. 404; 409 `closed`, `in_sequence`.
pub(super) async fn begin_by_hand(tx: &mut Tx, viewer: &Viewer, lead: LeadId, sequence: SequenceId) -> Result<Run> {
    let detail = leads::detail(tx, viewer, lead).await?;
    let sequence = super::find(tx, sequence).await?;
    if !detail.lead.status.is_open() {
        return Err(Error::conflict("closed", "The lead is not open."));
    }
    if !begin(tx, &sequence, &detail).await? {
        return Err(Error::conflict("in_sequence", "The lead is in a sequence already."));
    }
    current(tx, viewer, lead).await?.ok_or_else(|| Error::internal("a run that was just begun is gone"))
}

/// The newest run of a lead, whatever became of it.
pub(super) async fn current(tx: &mut Tx, viewer: &Viewer, lead: LeadId) -> Result<Option<Run>> {
    leads::find(tx, viewer, lead).await?;
    sql::newest_run(tx, lead).await
}

/// Stops a lead's run by hand. 404 where there is none.
pub(super) async fn stop_by_hand(tx: &mut Tx, viewer: &Viewer, lead: LeadId) -> Result<Run> {
    leads::find(tx, viewer, lead).await?;
    let way = sql::running_way(tx, lead).await?.ok_or(Error::NotFound)?;
    stop(tx, way.id, Why::ByHand).await?;
    sql::newest_run(tx, lead).await?.ok_or(Error::NotFound)
}

/// Ends a run before its last step, and takes back what has not left yet.
pub(super) async fn stop(tx: &mut Tx, run: SequenceRunId, why: Why) -> Result<()> {
    let Some(way) = sql::lock(tx, run).await?.filter(|way| way.state == RunState::Running) else { return Ok(()) };
    if let Some(message) = way.message {
        messages::cancel(tx, message).await?;
    }
    sql::end(tx, run, RunState::Stopped, Some(why)).await?;
    audit::record(tx, Action::SequenceStopped.on(way.lead).with("why", why));
    outbox::record(tx, Event::TimelineChanged { lead: way.lead });
    metrics::counter!("nextmove_sequence_runs_total", "end" => why.as_str()).increment(1);
    Ok(())
}

/// Why a run has to end, as the lead stands.
fn ends(way: &Way, detail: &LeadDetail) -> Option<Why> {
    let lead = &detail.lead;
    if !lead.status.is_open() {
        return Some(Why::Moved);
    }
    // A lead that stood at contacted when it was put into one by hand may stay in it; a talk since then ends it.
    if lead.last_contact_at.is_some_and(|at| at >= way.started_at) {
        return Some(Why::Reached);
    }
    None
}

/// Whoever was asked, and did not agree, is not written to. Whoever was not asked sent us their number to be answered.
pub(super) fn has_consent(detail: &LeadDetail) -> bool {
    detail.consents.iter().all(|consent| consent.given)
}

async fn after(tx: &mut Tx, from: DateTime<Utc>, step: &Step) -> Result<DateTime<Utc>> {
    let delay = TimeDelta::minutes(i64::from(step.after_minutes));
    let hours = sla::current(tx).await?.hours;
    // At night it waits until somebody is there to answer what comes back; a business that never opens writes at once.
    let at = hours.after(from, delay).unwrap_or(from + delay);
    Ok(hours.opening(at).unwrap_or(at))
}

/// Takes the step, if it is this run's next one and nobody is there yet.
async fn step(tx: &mut Tx, run: SequenceRunId, position: usize) -> Result<()> {
    let Some(way) = sql::lock(tx, run).await? else { return Ok(()) };
    if way.state != RunState::Running || way.position != position {
        return Ok(());
    }
    if let Some(due) = way.next_at.filter(|due| *due > tx.now()) {
        jobs::enqueue_at::<App, _>(tx, &RunStep { run, position }, due).await?;
        return Ok(());
    }
    let Some(detail) = found(tx, way.lead).await? else { return stop(tx, run, Why::Moved).await };
    if let Some(why) = ends(&way, &detail) {
        return stop(tx, run, why).await;
    }
    let Some(step) = way.steps.get(position) else { return finish(tx, &way).await };
    let message = match take(tx, &way, &detail, step).await? {
        Taken::Message(message) => Some(message),
        Taken::Nothing => None,
        Taken::Stop(why) => return stop(tx, run, why).await,
    };
    match way.steps.get(position + 1) {
        Some(next) => {
            let now = tx.now();
            let next_at = after(tx, now, next).await?;
            sql::advance(tx, run, position + 1, next_at, message).await?;
            jobs::enqueue_at::<App, _>(tx, &RunStep { run, position: position + 1 }, next_at).await?;
        }
        None => {
            sql::advance(tx, run, position + 1, tx.now(), message).await?;
            finish(tx, &way).await?;
        }
    }
    outbox::record(tx, Event::TimelineChanged { lead: way.lead });
    Ok(())
}

async fn finish(tx: &mut Tx, way: &Way) -> Result<()> {
    sql::end(tx, way.id, RunState::Done, None).await?;
    metrics::counter!("nextmove_sequence_runs_total", "end" => "done").increment(1);
    outbox::record(tx, Event::TimelineChanged { lead: way.lead });
    Ok(())
}

enum Taken {
    Message(MessageId),
    /// A task, or somebody who cannot be written to so: the next step may.
    Nothing,
    Stop(Why),
}

async fn take(tx: &mut Tx, way: &Way, detail: &LeadDetail, step: &Step) -> Result<Taken> {
    let organization = organizations::current(tx).await?;
    let filling = compose::filling(tx, detail, &organization).await?;
    // What was fine for the example may say nothing to somebody of whom less is known: the next step may.
    let Ok(written) = compose::write(step, &filling) else { return Ok(Taken::Nothing) };
    if written.text.trim().is_empty() {
        return Ok(Taken::Nothing);
    }
    let lead = &detail.lead;
    let (channel, to) = match step.kind {
        StepKind::Task => {
            leads::give_task(tx, lead.id, &written.text).await?;
            return Ok(Taken::Nothing);
        }
        StepKind::Sms => {
            let phone = lead.phone.as_deref().and_then(|phone| Phone::from_e164(phone).ok()).filter(Phone::takes_sms);
            let Some(phone) = phone else { return Ok(Taken::Nothing) };
            (Channel::Sms, Recipient::Phone(phone))
        }
        StepKind::Email => {
            let address = lead.email.as_ref().filter(|address| messages::is_address(address));
            let Some(address) = address else { return Ok(Taken::Nothing) };
            (Channel::Email, Recipient::Email(address.clone()))
        }
    };
    if !has_consent(detail) {
        return Ok(Taken::Stop(Why::NoConsent));
    }
    let address = match &to {
        Recipient::Phone(phone) => phone.as_str().to_owned(),
        Recipient::Email(email) => crate::identity::normalise_email(email),
        Recipient::User(_) => return Ok(Taken::Nothing),
    };
    if messages::is_suppressed(tx, channel, &address).await? {
        return Ok(Taken::Stop(Why::OptedOut));
    }
    let new = NewMessage {
        channel,
        purpose: Purpose::Sequence,
        to,
        lead: Some(lead.id),
        subject: written.subject,
        text: written.text,
        html: written.html,
        key: Some(format!("sequence:{}:{}", way.id, way.position)),
    };
    match messages::send(tx, new).await {
        // Too long for them, say. Nothing has been written yet.
        Err(Error::Invalid { .. }) => Ok(Taken::Nothing),
        sent => sent.map(Taken::Message),
    }
}

impl Why {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Reached => "reached",
            Self::Moved => "moved",
            Self::OptedOut => "opted_out",
            Self::NoConsent => "no_consent",
            Self::ByHand => "by_hand",
            Self::Archived => "archived",
        }
    }
}
