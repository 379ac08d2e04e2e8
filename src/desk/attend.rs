//! The desk at work: new leads are placed, those that nobody tries climb.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ladder::{self, Audience, Ladder, People},
    sql::{self, Next, Watch},
};
use crate::{
    app::App,
    db::{Actor, Tx},
    distribution::{self, Offer},
    error::Result,
    jobs::{self, Context, Failure, Job},
    leads::{self, Lead},
    notifications::{self, Kind, Notice},
    organizations,
    outbox::{self, Event},
    rota,
    sla::{self, Sla},
    types::ids::{LeadId, OrganizationId, UserId},
};

/// Events read, and leads looked at, in one transaction.
const EVENTS: i64 = 500;
const LEADS: i64 = 100;
/// Transactions of one run; what is left then waits for the next one, so that others have their turn.
const ROUNDS: usize = 200;
/// A lead whose first attempt was due so long ago when it came (nobody could read it for days, say) is told of and placed, and climbs no ladder:
/// each step of it would be due at once.
const HISTORY: TimeDelta = TimeDelta::days(1);
/// While nobody is found for a lead, the desk looks again so often, later and later up to six times that: mostly it is woken before, since a
/// change of the rota wakes it.
const NOBODY: TimeDelta = TimeDelta::minutes(10);

/// Looks at an organization's desk. One at a time; asked for with each new lead (`outbox::ATTEND`).
#[derive(Debug, Serialize, Deserialize)]
pub struct Attend {
    pub organization: OrganizationId,
}

impl Job<App> for Attend {
    const KIND: &'static str = outbox::ATTEND;
    const PRIORITY: i16 = 60;

    fn key(&self) -> Option<String> {
        Some(self.organization.to_string())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        work(&context).await
    }
}

/// Wakes the desk when the earliest lead is to be looked at again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Alarm {
    organization: OrganizationId,
    at: DateTime<Utc>,
}

impl Job<App> for Alarm {
    const KIND: &'static str = "alarm";
    const PRIORITY: i16 = 60;

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", self.organization, self.at.timestamp_micros()))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        work(&context).await
    }
}

/// Has every desk look: whatever woke none of them is found within a minute.
#[derive(Debug, Serialize, Deserialize)]
pub struct AttendAll {}

impl Job<App> for AttendAll {
    const KIND: &'static str = "attend_all";

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        context
            .app
            .db
            .directory(async |directory| {
                let now = directory.now();
                for organization in organizations::all_ids(directory).await? {
                    // Also where one waits longer and longer, since it failed: what it failed at may be mended.
                    jobs::ask_for_at::<App, _>(directory, Some(organization), &Attend { organization }, now).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// Has the desk of this transaction's organization look at once.
pub(super) async fn wake(tx: &mut Tx) -> Result<()> {
    let organization = tx.organization();
    jobs::ask::<App, _>(tx, &Attend { organization }).await
}

async fn work(context: &Context<App>) -> Result<(), Failure> {
    let organization = context.organization()?;
    for _ in 0..ROUNDS {
        let more = context.app.db.write(organization, Actor::System, round).await?;
        if !more {
            return Ok(());
        }
    }
    // Others have their turn.
    Ok(context.app.db.write(organization, Actor::System, wake).await?)
}

/// One transaction; tells whether there is more to do.
async fn round(tx: &mut Tx) -> Result<bool> {
    let head = sql::lock_head(tx).await?;
    let events = outbox::since(tx, head, EVENTS).await?;
    let sla = sla::current(tx).await?;
    if let Some(last) = events.last() {
        let captured = events.iter().filter_map(|recorded| match recorded.event {
            Event::LeadCaptured { lead } => Some(lead),
            _ => None,
        });
        watch(tx, &captured.collect::<Vec<_>>()).await?;
        sql::set_head(tx, last.sequence).await?;
    }
    let due = sql::due(tx, LEADS).await?;
    if !due.is_empty() {
        look(tx, &due, &sla).await?;
    }
    let now = tx.now();
    let more = events.len() >= usize::try_from(EVENTS).unwrap_or(usize::MAX)
        || due.len() >= usize::try_from(LEADS).unwrap_or(usize::MAX);
    if !more && let Some(at) = sql::next_at(tx).await? {
        let organization = tx.organization();
        // What fell due meanwhile is looked at by the alarm as well.
        jobs::enqueue_at::<App, _>(tx, &Alarm { organization, at: at.max(now) }, at.max(now)).await?;
    }
    Ok(more)
}

/// New leads are looked at as soon as somebody is there.
async fn watch(tx: &mut Tx, captured: &[LeadId]) -> Result<()> {
    if captured.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let leads = leads::present_many(tx, captured).await?;
    let watches = leads.iter().filter(|lead| waits(lead)).filter_map(|lead| {
        let due_at = lead.due_at?;
        Some(sql::NewWatch { lead: lead.id, at: lead.opens_at.unwrap_or(now).max(now), due_at })
    });
    sql::insert(tx, &watches.collect::<Vec<_>>()).await
}

/// Whether somebody has to try it.
fn waits(lead: &Lead) -> bool {
    lead.first_attempt_at.is_none() && lead.status.is_open()
}

/// Places or moves each of them on, and tells whoever is to know.
async fn look(tx: &mut Tx, due: &[Watch], sla: &Sla) -> Result<()> {
    let ids: Vec<LeadId> = due.iter().map(|watch| watch.lead).collect();
    let leads: HashMap<LeadId, Lead> =
        leads::present_many(tx, &ids).await?.into_iter().filter(waits).map(|lead| (lead.id, lead)).collect();
    let (ladder, _) = ladder::read(tx).await?;
    let people = People::read(tx).await?;
    let now = tx.now();
    let unplaced = due.iter().filter(|watch| watch.step.is_none() && leads.contains_key(&watch.lead));
    let unplaced: Vec<(LeadId, i32)> = unplaced.map(|watch| (watch.lead, watch.placed)).collect();
    let offers = distribution::place(tx, &unplaced).await?;
    let offers: HashMap<LeadId, Offer> = offers.into_iter().map(|offer| (offer.lead, offer)).collect();
    let is_nobody = |lead: &LeadId| offers.get(lead).is_none_or(|offer| offer.to.is_empty());
    let comes_at = if unplaced.iter().any(|(lead, _)| is_nobody(lead)) {
        rota::opens_at(tx, now).await?.filter(|comes| *comes > now)
    } else {
        None
    };
    let (mut notices, mut next, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for watch in due {
        let Some(lead) = leads.get(&watch.lead) else {
            done.push(watch.lead);
            continue;
        };
        let step = match watch.step {
            None => {
                let offer = offers.get(&watch.lead);
                notices.extend(offer.into_iter().flat_map(|offer| place(lead, watch, offer)));
                // The next group, or whoever comes first; but not longer than its ladder allows.
                let again_at = offer.and_then(|offer| offer.again_at);
                let nobody = lead.assignee_id.is_none() && offer.is_none_or(|offer| offer.to.is_empty());
                let later = now + NOBODY * (watch.placed + 1).min(6);
                let at = again_at.or_else(|| nobody.then(|| comes_at.map_or(later, |comes| comes.min(later))));
                let climbs_at = following(0, watch, &ladder, sla, lead.is_test, now);
                let at = at.map(|at| climbs_at.map_or(at, |climbs| at.min(climbs)));
                if let Some(at) = at.filter(|at| *at > now) {
                    next.push(Next { lead: watch.lead, at, placed: watch.placed + 1, step: None });
                    continue;
                }
                0
            }
            Some(step) => {
                notices.extend(climb(lead, watch, step, &ladder, &people));
                step + 1
            }
        };
        match following(step, watch, &ladder, sla, lead.is_test, now) {
            Some(at) => next.push(Next { lead: watch.lead, at, placed: watch.placed + 1, step: Some(step) }),
            None => done.push(watch.lead),
        }
    }
    sql::go_on(tx, &next).await?;
    sql::forget(tx, &done).await?;
    notifications::tell(tx, notices).await
}

/// Those whom a new lead is offered to. Who took it by themselves knows of it.
fn place(lead: &Lead, watch: &Watch, offer: &Offer) -> Vec<Notice> {
    if lead.assignee_id.is_some() && !offer.assigned {
        return Vec::new();
    }
    offer.to.iter().map(|to| new_lead(*to, lead.id, watch.due_at)).collect()
}

fn new_lead(to: UserId, lead: LeadId, due_at: DateTime<Utc>) -> Notice {
    Notice { to, kind: Kind::NewLead, lead: Some(lead), data: json!({ "due_at": due_at }), channels: Vec::new() }
}

/// A lead that had waited for somebody who is free was given to them.
pub(super) async fn given(tx: &mut Tx, lead: LeadId, to: UserId) -> Result<()> {
    let found = leads::present_many(tx, &[lead]).await?;
    let Some(due_at) =
        found.first().filter(|lead| waits(lead) && lead.assignee_id == Some(to)).and_then(|lead| lead.due_at)
    else {
        return Ok(());
    };
    notifications::tell(tx, vec![new_lead(to, lead, due_at)]).await
}

/// A lead that had waited for one person is anybody's. Where the desk still looks for somebody, it is the one that tells them.
pub(super) async fn offered(tx: &mut Tx, lead: LeadId) -> Result<()> {
    if sql::hurry_placing(tx, lead).await? {
        return wake(tx).await;
    }
    let found = leads::present_many(tx, &[lead]).await?.pop().filter(|lead| waits(lead) && lead.assignee_id.is_none());
    let Some(due_at) = found.and_then(|lead| lead.due_at) else { return Ok(()) };
    let offers = distribution::place(tx, &[(lead, 0)]).await?;
    let notices = offers.iter().flat_map(|offer| offer.to.iter().map(|to| new_lead(*to, lead, due_at)));
    notifications::tell(tx, notices.collect()).await
}

/// A lead wrote back.
pub(super) async fn answered(tx: &mut Tx, lead: LeadId) -> Result<()> {
    let Some(lead) = leads::present_many(tx, &[lead]).await?.pop() else { return Ok(()) };
    let people = People::read(tx).await?;
    let notice =
        |to| Notice { to, kind: Kind::LeadReplied, lead: Some(lead.id), data: json!({}), channels: Vec::new() };
    notifications::tell(tx, people.of(Audience::Assignee, &lead).into_iter().map(notice).collect()).await
}

fn climb(lead: &Lead, watch: &Watch, step: usize, ladder: &Ladder, people: &People) -> Vec<Notice> {
    let Some(rung) = ladder.steps.get(step) else { return Vec::new() };
    metrics::counter!("nextmove_escalations_total", "step" => step.to_string()).increment(1);
    let data = json!({ "due_at": watch.due_at, "step": step, "audience": rung.audience });
    let notice = |to| Notice {
        to,
        kind: Kind::LeadWaiting,
        lead: Some(lead.id),
        data: data.clone(),
        channels: rung.channels.clone(),
    };
    people.of(rung.audience, lead).into_iter().map(notice).collect()
}

/// When the step falls due; `None`: there is none. A test lead is told of, and rings nobody out of bed.
fn following(
    step: usize,
    watch: &Watch,
    ladder: &Ladder,
    sla: &Sla,
    is_test: bool,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let is_history = step == 0 && watch.due_at <= now - HISTORY;
    if is_test || is_history { None } else { ladder.falls_due(step, watch.due_at, sla) }
}
