//! To whom leads are given (LP-031): everybody sees and claims, one after the other by shift and weight, by rules, or one group after the
//! other.
//!
//! `desk` asks [`place`] for each lead that comes. What it decides is either *told* to people, any of whom may claim it, or *given* to one of
//! them at once; where nobody is free it *waits*, and [`drain`] gives it to whoever is free first, the oldest lead first.
//!
//! Invariants:
//! - The turns of a rule are taken one after the other, whoever asks at once: the policy's row is locked first, leads after it.
//! - Nobody is favoured: `fair` says how far anybody may ever be off their share.
//! - What was claimed meanwhile stays whose it is; a lead of Meta's testing tool is told and never given, and takes nobody's turn.
//! - A roll-out decides who is *told*, one group after the other. Who may see the lead, and so may claim it, is left to the organization's
//!   visibility: hiding a lead from people who have nothing to do has never made anybody faster.

mod decide;
mod fair;
mod http;
mod jobs;
mod policy;
mod preview;
mod sql;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::{
    decide::{Ground, Stand},
    sql::PlacementRow,
};
use crate::{
    audit::{self, Action, Entry},
    db::Tx,
    error::{Error, Result},
    identity::Viewer,
    leads::{self, Kind, Lead, Why},
    outbox::{self, Event, Topic},
    rota, sla,
    types::{
        ids::{FormId, LeadId, UserId},
        phone::Phone,
    },
};
pub use decide::Decided;
pub use http::routes;
pub use jobs::{Drain, hurry};
pub use policy::{Facts, Policy, Rule, Step, Way, When};
pub use preview::{Preview, Supposed, preview};

/// Leads that wait are looked at so many at a time.
const BATCH: i64 = 200;
/// While leads wait, hours are looked at anew so often: they may be changed.
const EVERY: TimeDelta = TimeDelta::minutes(10);

/// To whom a lead is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub lead: LeadId,
    /// Whom it is offered to, in order of who is told first.
    pub to: Vec<UserId>,
    /// It is `to[0]`'s by us, as an assignment in the lead's history with no actor.
    pub assigned: bool,
    /// Of a timed roll-out: when to ask again with the next group.
    pub again_at: Option<DateTime<Utc>>,
}

/// How leads are given out, as the owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Distribution {
    /// For leads that no rule is for.
    pub way: Way,
    /// The first that fits a lead decides.
    pub rules: Vec<Rule>,
    /// Name it in `If-Match` to change it.
    pub version: i32,
}

/// What became of a lead when somebody was looked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Placement {
    /// Whom it was given to; null: it was told to several, or waits.
    #[schema(required = true)]
    pub user_id: Option<UserId>,
    pub why: Why,
    /// Nobody is free; it is given to whoever is so first.
    pub waits: bool,
    /// Of a roll-out: when the next group is told.
    #[schema(required = true)]
    pub again_at: Option<DateTime<Utc>>,
    pub at: DateTime<Utc>,
}

pub async fn read(tx: &mut Tx) -> Result<Distribution> {
    let (Policy { way, rules }, version) = sql::policy(tx).await?;
    Ok(Distribution { way, rules, version })
}

/// Changes how leads are given out from now on. 422 with the place of what is none; 412.
pub async fn change(tx: &mut Tx, version: i32, policy: Policy) -> Result<Distribution> {
    let policy = policy.checked(tx).await?;
    if !sql::save_policy(tx, version, &policy).await? {
        return Err(Error::Precondition { current: sql::policy(tx).await?.1 });
    }
    let rules: Vec<_> = policy.rules.iter().filter_map(|rule| rule.id).collect();
    sql::prune_pools(tx, &rules).await?;
    audit::record(tx, Entry::from(Action::DistributionChanged).with("way", &policy.way).with("rules", rules.len()));
    outbox::record(tx, Event::ListChanged { topic: Topic::Distribution, id: tx.organization().0 });
    // What waits may find somebody by the new rules.
    hurry(tx).await?;
    Ok(Distribution { way: policy.way, rules: policy.rules, version: version + 1 })
}

/// Whom these leads are offered to, or given to: the oldest first, told in the order that was asked in. `round` counts how often a lead was
/// asked for before.
pub async fn place(tx: &mut Tx, leads: &[(LeadId, i32)]) -> Result<Vec<Offer>> {
    if leads.is_empty() {
        return Ok(Vec::new());
    }
    let policy = sql::lock_policy(tx).await?;
    let now = tx.now();
    if policy.is_plain() {
        // Most organizations: nothing is kept, for there is nothing to decide.
        let there: Vec<UserId> = rota::on_shift(tx, now).await?.into_iter().map(|one| one.user).collect();
        let offer =
            |(lead, _): &(LeadId, i32)| Offer { lead: *lead, to: there.clone(), assigned: false, again_at: None };
        return Ok(leads.iter().map(offer).collect());
    }
    let mut ground = ground(tx, policy).await?;
    let mut offers = place_on(tx, &mut ground, leads).await?;
    Ok(leads.iter().filter_map(|(lead, _)| offers.remove(lead)).collect())
}

/// All that a decision looks at.
async fn ground(tx: &mut Tx, policy: Policy) -> Result<Ground> {
    let now = tx.now();
    let there = rota::on_shift(tx, now).await?;
    let users: Vec<UserId> = there.iter().map(|one| one.user).collect();
    Ok(Ground {
        now,
        hours: sla::current(tx).await?.hours,
        policy,
        team: rota::takers(tx).await?,
        in_hand: leads::in_hand(tx, &users).await?,
        there,
        pools: sql::pools(tx).await?,
    })
}

type Offers = std::collections::HashMap<LeadId, Offer>;

async fn place_on(tx: &mut Tx, ground: &mut Ground, asked: &[(LeadId, i32)]) -> Result<Offers> {
    let ids: Vec<LeadId> = asked.iter().map(|(lead, _)| *lead).collect();
    let known = sql::placements(tx, &ids).await?;
    let mut found = leads::present_many(tx, &ids).await?;
    found.sort_by_key(|lead| (lead.created_at, lead.id));
    let facts = facts(tx, &found).await?;
    let (mut offers, mut placements, mut waiting) = (Offers::new(), Vec::new(), Vec::new());
    for (lead, facts) in found.iter().zip(facts) {
        let round = asked.iter().find(|(id, _)| *id == lead.id).map_or(0, |(_, round)| *round);
        let before = known.get(&lead.id);
        let before = before.filter(|_| round > 0);
        if let Some(offer) = settled(lead, before, ground.now) {
            offers.insert(lead.id, offer);
            continue;
        }
        let stand = stand(before);
        let before_it = (ground.pools.clone(), ground.in_hand.clone());
        let (decided, why) = if lead.is_test { told_only(ground) } else { ground.decide(lead.id.0, &facts, stand) };
        let mut row = PlacementRow { user: None, why, step: 0, again_at: None, at: ground.now };
        let mut offer = Offer { lead: lead.id, to: Vec::new(), assigned: false, again_at: None };
        match decided {
            Decided::Told { to, again_at } => {
                row.step = row.why.step.unwrap_or(0);
                row.again_at = match again_at {
                    None if to.is_empty() && row.why.way == Kind::RollOut && row.why.step.is_none() => {
                        rota::opens_at(tx, ground.now).await?
                    }
                    again_at => again_at,
                };
                (offer.to, offer.again_at) = (to, row.again_at);
            }
            Decided::Given { to } => {
                if leads::give(tx, lead.id, to, &row.why).await? {
                    row.user = Some(to);
                    (offer.to, offer.assigned) = (vec![to], true);
                } else {
                    // Claimed between our looking and our giving: it was nobody's turn.
                    (ground.pools, ground.in_hand) = before_it;
                    continue;
                }
            }
            Decided::Waits => waiting.push(lead.id),
        }
        placements.push((lead.id, row));
        offers.insert(lead.id, offer);
    }
    sql::save_placements(tx, &placements).await?;
    sql::save_pools(tx, &ground.pools).await?;
    if !waiting.is_empty() {
        leads::enqueue(tx, &waiting).await?;
        jobs::wake(tx).await?;
    }
    Ok(offers)
}

/// Of a lead that is somebody's or closed there is nothing to decide, nor of a roll-out before the next group's turn: nobody is told twice.
fn settled(lead: &Lead, before: Option<&PlacementRow>, now: DateTime<Utc>) -> Option<Offer> {
    let again_at = before.filter(|row| row.why.step.is_some()).and_then(|row| row.again_at).filter(|at| *at > now);
    let is_settled = lead.assignee_id.is_some() || !lead.status.is_open();
    (is_settled || again_at.is_some()).then(|| Offer {
        lead: lead.id,
        to: Vec::new(),
        assigned: false,
        again_at: again_at.filter(|_| !is_settled),
    })
}

/// Where a roll-out goes on: with the next group, where one was told.
fn stand(before: Option<&PlacementRow>) -> Stand {
    let Some(row) = before else { return Stand::default() };
    let step = usize::try_from(row.step).unwrap_or(0);
    Stand { step: if row.why.step.is_some() { step + 1 } else { step } }
}

fn told_only(ground: &Ground) -> (Decided, Why) {
    let to: Vec<UserId> = ground.there.iter().map(|one| one.user).collect();
    let free = i32::try_from(to.len()).unwrap_or(i32::MAX);
    let why = Why { way: Kind::Everybody, rule: None, instead: false, free, open: None, capacity: None, step: None };
    (Decided::Told { to, again_at: None }, why)
}

/// What rules look at, of each of these leads.
async fn facts(tx: &mut Tx, leads: &[Lead]) -> Result<Vec<Facts>> {
    let forms: Vec<FormId> = leads.iter().filter_map(|lead| lead.form_id).collect();
    let locales = sql::locales(tx, &forms).await?;
    let facts = |lead: &Lead| Facts {
        form: lead.form_id,
        campaign: lead.campaign_id,
        postal_code: lead.postal_code.clone(),
        locale: lead.form_id.and_then(|form| locales.get(&form).cloned()),
        country: lead.phone.as_deref().and_then(|phone| Phone::from_e164(phone).ok()?.country()),
    };
    Ok(leads.iter().map(facts).collect())
}

/// Gives what waits to whoever is free, the oldest first, after this lead; tells what was given, and behind which lead more may wait.
pub async fn drain(
    tx: &mut Tx,
    after: Option<(DateTime<Utc>, LeadId)>,
) -> Result<(Vec<Offer>, Option<(DateTime<Utc>, LeadId)>)> {
    let policy = sql::lock_policy(tx).await?;
    let waiting = leads::queued(tx, after, BATCH).await?;
    if waiting.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut ground = ground(tx, policy).await?;
    let asked: Vec<(LeadId, i32)> = waiting.iter().map(|one| (one.id, 0)).collect();
    let offers = place_on(tx, &mut ground, &asked).await?.into_values();
    let (mut offers, told): (Vec<Offer>, Vec<Offer>) = offers.partition(|offer| offer.assigned);
    offers.sort_by_key(|offer| offer.lead);
    // By other rules than they came under, they wait for nobody in particular any more.
    let told: Vec<LeadId> = told.into_iter().filter(|offer| !offer.to.is_empty()).map(|offer| offer.lead).collect();
    leads::wait_no_more(tx, &told).await?;
    for lead in told {
        outbox::record(tx, Event::LeadOffered { lead });
    }
    for offer in &offers {
        outbox::record(tx, Event::LeadGiven { lead: offer.lead, to: offer.to[0] });
    }
    let is_full = i64::try_from(waiting.len()).is_ok_and(|count| count == BATCH);
    Ok((offers, waiting.last().filter(|_| is_full).map(|last| (last.created_at, last.id))))
}

/// What became of a lead that the viewer may see; nothing where nobody had to be looked for.
pub async fn placement(tx: &mut Tx, viewer: &Viewer, lead: LeadId) -> Result<Option<Placement>> {
    let shown = leads::find(tx, viewer, lead).await?;
    let row = sql::placements(tx, &[lead]).await?.remove(&lead);
    Ok(row.map(|row| Placement {
        waits: row.user.is_none()
            && shown.assignee_id.is_none()
            && shown.status.is_open()
            && matches!(row.why.way, Kind::RoundRobin | Kind::Person),
        user_id: row.user,
        why: row.why,
        again_at: row.again_at,
        at: row.at,
    }))
}
