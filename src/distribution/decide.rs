//! Whose lead it is to be: a decision on what is known, which changes nothing but the turns. What gives leads out and what only shows
//! what would happen ask here both.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    fair::{self, Share},
    policy::{Facts, Policy, Step, Way},
};
use crate::{
    leads::{Kind, Why},
    rota::OnShift,
    types::{hours::BusinessHours, ids::UserId},
};

/// What is to become of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// These are told, and any of them may claim it. Of a roll-out: when the next group's turn comes.
    Told {
        to: Vec<UserId>,
        again_at: Option<DateTime<Utc>>,
    },
    Given {
        to: UserId,
    },
    /// Nobody is free; it is given to whoever is so first.
    Waits,
}

/// Where a roll-out stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stand {
    /// The group whose turn it is.
    pub step: usize,
}

/// Everything that a decision looks at.
pub struct Ground {
    pub now: DateTime<Utc>,
    pub hours: BusinessHours,
    pub policy: Policy,
    /// Who takes leads and is there.
    pub there: Vec<OnShift>,
    /// Who could ever be there; those who left the team are not.
    pub team: Vec<UserId>,
    /// Open leads in their hands.
    pub in_hand: HashMap<UserId, i64>,
    /// By pool: who has what coming, and the number of its last lead.
    pub pools: HashMap<Uuid, Pool>,
}

/// The turns of one rule, or (the nil one) of what no rule is for.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    pub shares: HashMap<UserId, (i64, i64)>,
    pub turn: i64,
    pub is_changed: bool,
}

impl Ground {
    fn has_room(&self, one: &OnShift) -> bool {
        let open = self.in_hand.get(&one.user).copied().unwrap_or(0);
        one.capacity.is_none_or(|most| open < i64::from(most))
    }

    /// Of these people (none named: of all), who is there and has room.
    fn free(&self, people: &[UserId]) -> Vec<OnShift> {
        let is_meant = |one: &&OnShift| people.is_empty() || people.contains(&one.user);
        self.there.iter().filter(is_meant).filter(|one| self.has_room(one)).copied().collect()
    }

    /// As [`Self::free`], for telling: where nobody has room, those who are there are told all the same.
    fn within_hearing(&self, people: &[UserId]) -> Vec<UserId> {
        let free = self.free(people);
        if !free.is_empty() {
            return free.into_iter().map(|one| one.user).collect();
        }
        let there = self.there.iter().map(|one| one.user);
        there.filter(|user| people.is_empty() || people.contains(user)).collect()
    }

    /// Decides on one lead; the turns and hands of the ground are as they stand afterwards.
    pub fn decide(&mut self, lead: Uuid, facts: &Facts, stand: Stand) -> (Decided, Why) {
        let rule = self.policy.rules.iter().find(|rule| rule.when.fits(facts)).cloned();
        if let Some(rule) = rule {
            let pool = rule.id.map_or(Uuid::nil(), |id| id.0);
            if let Some((decided, why)) = self.try_way(&rule.way, pool, lead, stand) {
                return (decided, Why { rule: rule.id, ..why });
            }
            let has_somebody = {
                let named = rule.way.named();
                named.is_empty() || named.iter().any(|user| self.team.contains(user))
            };
            if rule.waits && has_somebody {
                return (nobody(&rule.way), Why { rule: rule.id, ..why(&rule.way, 0) });
            }
            let (decided, why) = self.otherwise(lead, stand);
            return (decided, Why { rule: rule.id, instead: true, ..why });
        }
        self.otherwise(lead, stand)
    }

    fn otherwise(&mut self, lead: Uuid, stand: Stand) -> (Decided, Why) {
        let way = self.policy.way.clone();
        self.try_way(&way, Uuid::nil(), lead, stand).unwrap_or_else(|| (nobody(&way), why(&way, 0)))
    }

    /// Nothing where nobody of this way is free.
    fn try_way(&mut self, way: &Way, pool: Uuid, lead: Uuid, stand: Stand) -> Option<(Decided, Why)> {
        match way {
            Way::Everybody | Way::People { .. } => {
                let to = self.within_hearing(&way.named());
                let why = why(way, to.len());
                (!to.is_empty()).then_some((Decided::Told { to, again_at: None }, why))
            }
            Way::RoundRobin { people } => {
                let free = self.free(people);
                let chosen = self.turn(pool, &free, lead)?;
                Some(self.give(way, &free, chosen))
            }
            Way::Person { user } => {
                let free = self.free(&[*user]);
                let chosen = *free.first()?;
                Some(self.give(way, &free, chosen))
            }
            Way::RollOut { steps } => self.roll_out(way, steps, stand),
        }
    }

    fn give(&mut self, way: &Way, free: &[OnShift], chosen: OnShift) -> (Decided, Why) {
        let open = self.in_hand.entry(chosen.user).or_insert(0);
        *open += 1;
        let why = Why { open: Some(*open), capacity: chosen.capacity, ..why(way, free.len()) };
        (Decided::Given { to: chosen.user }, why)
    }

    fn turn(&mut self, pool: Uuid, free: &[OnShift], lead: Uuid) -> Option<OnShift> {
        let pool = self.pools.entry(pool).or_default();
        let mut shares: Vec<Share> = free
            .iter()
            .map(|one| {
                let (credit, turn) = pool.shares.get(&one.user).copied().unwrap_or_default();
                Share { user: one.user, weight: one.weight, credit, turn }
            })
            .collect();
        let chosen = fair::next(&mut shares, lead, pool.turn + 1)?;
        pool.turn += 1;
        pool.is_changed = true;
        pool.shares.extend(shares.into_iter().map(|share| (share.user, (share.credit, share.turn))));
        Some(free[chosen])
    }

    /// The next group of which somebody is there; behind the last one everybody. Whoever was told before is not told again.
    fn roll_out(&self, way: &Way, steps: &[Step], stand: Stand) -> Option<(Decided, Why)> {
        let told: Vec<UserId> = steps.iter().take(stand.step).flat_map(|step| step.people.iter().copied()).collect();
        for index in stand.step..=steps.len() {
            let group: &[UserId] = steps.get(index).map_or(&[], |step| &step.people);
            let mut to = self.within_hearing(group);
            to.retain(|user| !told.contains(user));
            if to.is_empty() {
                continue;
            }
            let again_at =
                steps.get(index).and_then(|step| self.hours.after(self.now, TimeDelta::minutes(step.minutes)));
            let why = Why { step: i32::try_from(index).ok(), ..why(way, to.len()) };
            return Some((Decided::Told { to, again_at }, why));
        }
        // They all know of it.
        (stand.step > 0).then(|| {
            let why = Why { step: i32::try_from(steps.len()).ok(), ..why(way, 0) };
            (Decided::Told { to: Vec::new(), again_at: None }, why)
        })
    }
}

/// What becomes of a lead for which nobody is there.
fn nobody(way: &Way) -> Decided {
    match way {
        Way::Everybody | Way::People { .. } | Way::RollOut { .. } => Decided::Told { to: Vec::new(), again_at: None },
        Way::RoundRobin { .. } | Way::Person { .. } => Decided::Waits,
    }
}

fn why(way: &Way, free: usize) -> Why {
    let kind = match way {
        Way::Everybody => Kind::Everybody,
        Way::People { .. } => Kind::People,
        Way::RoundRobin { .. } => Kind::RoundRobin,
        Way::Person { .. } => Kind::Person,
        Way::RollOut { .. } => Kind::RollOut,
    };
    Why {
        way: kind,
        rule: None,
        instead: false,
        free: i32::try_from(free).unwrap_or(i32::MAX),
        open: None,
        capacity: None,
        step: None,
    }
}
