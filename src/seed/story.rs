//! One lead: who asks, and what became of it.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, rngs::Xoshiro256PlusPlus};

use super::{Business, Someone, World, rng};
use crate::{
    attempts::{self, Channel, Outcome},
    error::{Error, Result},
    leads::{Deed, LostReason, Move, NewConsent, NewLead, Past, Person, Received, Status},
    types::{
        ids::{LeadId, UserId},
        phone::Phone,
    },
};

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Waiting,
    NoAnswer,
    Contacted,
    Snoozed,
    Scheduled,
    Won,
    Lost(LostReason),
}

/// Shares of those older than a day, in thousandths: a desk that is well kept, with the leftovers that every desk has.
const ENDS: [(u32, End); 11] = [
    (30, End::Waiting),
    (110, End::NoAnswer),
    (150, End::Contacted),
    (10, End::Snoozed),
    (60, End::Scheduled),
    (190, End::Won),
    (200, End::Lost(LostReason::NotInterested)),
    (100, End::Lost(LostReason::TooExpensive)),
    (80, End::Lost(LostReason::Unreachable)),
    (40, End::Lost(LostReason::WrongNumber)),
    (30, End::Lost(LostReason::Competitor)),
];

fn skewed<'a, T>(rng: &mut Xoshiro256PlusPlus, from: &'a [T]) -> &'a T {
    // Some names are common: the first is met twice as often as a fair choice would.
    let share: f64 = rng.random_range(0.0..1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let at = (share.powf(1.3) * from.len() as f64) as usize;
    &from[at.min(from.len() - 1)]
}

fn end(rng: &mut Xoshiro256PlusPlus, age: TimeDelta) -> End {
    if age < TimeDelta::minutes(90) || (age < TimeDelta::days(1) && rng.random_bool(0.3)) {
        return End::Waiting;
    }
    let mut at = rng.random_range(0..1000);
    for (share, end) in ENDS {
        if at < share {
            let is_over = age > TimeDelta::days(14);
            return match end {
                End::Snoozed if is_over => End::NoAnswer,
                End::Scheduled if age > TimeDelta::days(60) => End::Won,
                end => end,
            };
        }
        at -= share;
    }
    End::Contacted
}

/// The lead of this number, with its attempts.
pub(super) fn tell(
    world: &World,
    business: &Business,
    number: usize,
    came: DateTime<Utc>,
) -> Result<(Past, Vec<attempts::Past>)> {
    let mut rng = rng(world.seed, business.rank, number);
    let id = LeadId::new(came + TimeDelta::milliseconds(850));
    let new = submission(&mut rng, world, business, number, came)?;
    let agent = *skewed(&mut rng, &business.agents);
    let (moves, attempts) = live(&mut rng, id, agent, came, world.now);
    Ok((Past { id, new, stored_at: came + TimeDelta::milliseconds(850), moves }, attempts))
}

fn submission(
    rng: &mut Xoshiro256PlusPlus,
    world: &World,
    business: &Business,
    number: usize,
    came: DateTime<Utc>,
) -> Result<NewLead> {
    let people = if business.is_german { &world.people.de } else { &world.people.no };
    let (first, last) = (skewed(rng, people), skewed(rng, people));
    let first_name = first.full_name.split(' ').next().unwrap_or_default();
    let last_name = last.full_name.rsplit(' ').next().unwrap_or_default();
    let Someone { postal_code, city, service, message, answers, .. } = skewed(rng, people).clone();
    // Another number for every lead of an organization: 7919 divides no power of ten less one.
    let line = number * 7919 % 9_999_999;
    let phone = if business.is_german {
        format!("+4915{:09}", 110_000_000 + line)
    } else {
        format!("+47{}", 40_000_000 + line)
    };
    let text = if business.is_german {
        "Ja, Sie dürfen mich zu diesem Angebot anrufen und mir schreiben."
    } else {
        "Ja, dere kan kontakte meg om tilbudet på telefon, SMS og e-post."
    };
    let milliseconds = |count| came + TimeDelta::milliseconds(count);
    Ok(NewLead {
        id: None,
        clock: crate::leads::Clock::Running,
        source: "meta",
        platform: Some(if rng.random_bool(0.25) { "ig" } else { "fb" }.to_owned()),
        meta_lead_id: Some(format!("{:04}{:03}{number:08}", world.seed % 10_000, business.rank)),
        campaign: Some(*skewed(rng, &business.campaigns)),
        form: Some(*skewed(rng, &business.forms)),
        adset: (Some("7101".to_owned()), Some("35–60".to_owned())),
        ad: (Some("7201".to_owned()), Some("Video A".to_owned())),
        is_test: false,
        is_organic: rng.random_bool(0.1),
        person: Person {
            full_name: Some(format!("{first_name} {last_name}")),
            phone: Some(Phone::from_e164(&phone).map_err(Error::internal)?),
            phone_given: None,
            email: rng.random_bool(0.7).then(|| format!("person{number}@example.com")),
            postal_code: Some(postal_code),
            city: Some(city),
            service: Some(service),
            message: message.filter(|_| rng.random_bool(0.4)),
            answers,
        },
        consents: vec![NewConsent {
            key: "contact".to_owned(),
            text: text.to_owned(),
            version: format!("seed-{}", if business.is_german { "de" } else { "nb" }),
            given: true,
            inferred: false,
            privacy_policy_url: Some("https://example.com/privacy".to_owned()),
        }],
        created_at: came,
        received: Received { received_at: milliseconds(420), fetched_at: Some(milliseconds(780)) },
    })
}

/// What the agent did until now.
fn live(
    rng: &mut Xoshiro256PlusPlus,
    lead: LeadId,
    agent: UserId,
    came: DateTime<Utc>,
    now: DateTime<Utc>,
) -> (Vec<Move>, Vec<attempts::Past>) {
    let (mut moves, mut tried) = (Vec::new(), Vec::new());
    let end = end(rng, now - came);
    if end == End::Waiting {
        return (moves, tried);
    }
    let mut at = came + TimeDelta::minutes(rng.random_range(2..60));
    let reached =
        !matches!(end, End::NoAnswer | End::Snoozed | End::Lost(LostReason::Unreachable | LostReason::WrongNumber));
    let again = rng.random_bool(0.3);
    let mut call = |at: DateTime<Utc>, outcome: Outcome| {
        let told = at + TimeDelta::minutes(2);
        moves.push(Move { at, by: agent, what: Deed::Attempted });
        let unanswered = outcome == Outcome::NoAnswer;
        let what = Deed::OutcomeKnown { begun: at, reached: outcome == Outcome::Reached, unanswered };
        moves.push(Move { at: told, by: agent, what });
        tried.push(attempts::Past { lead, user: agent, channel: Channel::Call, at, outcome: Some((outcome, told)) });
    };
    if again {
        call(at, Outcome::NoAnswer);
        at += TimeDelta::minutes(10);
    }
    call(
        at,
        match end {
            End::Lost(LostReason::WrongNumber) => Outcome::WrongNumber,
            _ if reached => Outcome::Reached,
            _ => Outcome::NoAnswer,
        },
    );
    if reached && rng.random_bool(0.5) {
        let text = "Hyggelig samtale. Ønsker befaring og et skriftlig tilbud.".to_owned();
        moves.push(Move { at: at + TimeDelta::minutes(3), by: agent, what: Deed::Note(text) });
    }
    let at = at + TimeDelta::minutes(5);
    let last = match end {
        End::Waiting | End::NoAnswer | End::Contacted => None,
        End::Snoozed => Some(Deed::Snooze(now + TimeDelta::hours(rng.random_range(1..300)))),
        End::Scheduled => Some(Deed::Status(Status::Scheduled, None)),
        End::Won => Some(Deed::Status(Status::Won, None)),
        End::Lost(reason) => Some(Deed::Status(Status::Lost, Some(reason))),
    };
    moves.extend(last.map(|what| Move { at, by: agent, what }));
    (moves, tried)
}
