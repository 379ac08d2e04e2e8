//! A world to be measured: many organizations, a few of them large, with a year and a half of leads and all that was done with them.
//! Everybody in it is invented. The same seed gives the same people and the same stories; ids, keys and nonces are fresh.
//!
//! It goes through the domains' imports, a slice of time after the other in all organizations, so that their rows lie mixed as in a database
//! that grew.

mod story;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde::Deserialize;

use crate::{
    app::App,
    attempts, campaigns,
    db::{Actor, Directory},
    error::{Error, Result},
    identity::{self, NO_PASSWORD, NewUser, Role},
    integrations,
    leads::{self, Answer, Pace},
    organizations::{self, Locale, NewOrganization, Visibility},
    outbox,
    providers::meta::{GraphForm, MetaId},
    sla,
    types::{
        country::Country,
        ids::{CampaignId, FormId, OrganizationId, UserId},
    },
};

/// How far back the leads reach.
const YEARS: TimeDelta = TimeDelta::days(540);
/// Leads in one transaction.
const CHUNK: usize = 250;
/// Parts of the time that are filled one after the other.
const SLICES: usize = 300;
/// Events that a sweep would have forgotten are only counted.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(7);
/// Organizations that are filled at a time.
const WRITERS: usize = 2;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    pub leads: usize,
    pub organizations: usize,
    pub seed: u64,
    /// Of all people; without one nobody can sign in.
    pub password: Option<String>,
    /// Also where there are leads already.
    pub anyway: bool,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    pub leads: usize,
    /// Each with its slug and its leads, the largest first.
    pub organizations: Vec<(OrganizationId, String, usize)>,
}

#[derive(Deserialize)]
struct People {
    no: Vec<Someone>,
    de: Vec<Someone>,
}

#[derive(Clone, Deserialize)]
struct Someone {
    full_name: String,
    postal_code: String,
    city: String,
    service: String,
    message: Option<String>,
    answers: Vec<Answer>,
}

/// An organization that is being filled.
struct Business {
    id: OrganizationId,
    rank: usize,
    slug: String,
    size: usize,
    is_german: bool,
    agents: Vec<UserId>,
    campaigns: Vec<CampaignId>,
    forms: Vec<FormId>,
    pace: Pace,
}

/// What all of them share.
struct World {
    people: People,
    seed: u64,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// The leads of each organization: a few have a tenth of all, most have little.
fn sizes(leads: usize, organizations: usize) -> Vec<usize> {
    #[allow(clippy::cast_precision_loss)]
    let weight = |rank: usize| (rank as f64 + 3.0).powf(-1.1);
    let all: f64 = (0..organizations).map(weight).sum();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let mut sizes: Vec<usize> = (0..organizations).map(|rank| (leads as f64 * weight(rank) / all) as usize).collect();
    let rest = leads - sizes.iter().sum::<usize>();
    if let Some(first) = sizes.first_mut() {
        *first += rest;
    }
    sizes
}

fn rng(seed: u64, rank: usize, number: usize) -> Xoshiro256PlusPlus {
    let mix = (rank as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    Xoshiro256PlusPlus::seed_from_u64(seed ^ mix)
}

/// Makes it. `told` hears how many leads there are so far. 409 `not_empty` where there are leads already.
pub async fn fill(app: &App, plan: Plan, told: impl Fn(usize) + Send + Sync + 'static) -> Result<Made> {
    if !plan.anyway {
        refuse_a_filled_one(app).await?;
    }
    let now = app.clock.now();
    let people: People = serde_json::from_str(include_str!("../fixtures/demo/people.json"))?;
    let world = Arc::new(World { people, seed: plan.seed, began: now - YEARS, now });
    let password = match plan.password {
        Some(password) => identity::hash_password(app, password).await?,
        None => NO_PASSWORD.to_owned(),
    };
    let mut businesses = Vec::new();
    for (rank, size) in sizes(plan.leads, plan.organizations).into_iter().enumerate() {
        businesses.push(Arc::new(found(app, &world, rank, size, &password).await?));
    }
    let told = Arc::new(told);
    let done = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (app, world, told, done) = (app.clone(), world.clone(), told.clone(), done.clone());
        let mine: Vec<Arc<Business>> = businesses.iter().skip(writer).step_by(WRITERS).cloned().collect();
        writers.spawn(async move {
            let mut streams: BTreeMap<usize, Stream> = BTreeMap::new();
            let slices = (mine.iter().map(|business| business.size).max().unwrap_or(0) / 20).clamp(1, SLICES);
            for slice in 0..slices {
                for business in &mine {
                    let stream = streams.entry(business.rank).or_default();
                    let count = fill_slice(&app, &world, business, slice, slices, stream).await?;
                    told(done.fetch_add(count, std::sync::atomic::Ordering::Relaxed) + count);
                }
            }
            for business in &mine {
                let stream = streams.remove(&business.rank).unwrap_or_default();
                end(&app, business, stream).await?;
            }
            Ok::<(), Error>(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written.map_err(Error::internal)??;
    }
    Ok(Made {
        leads: businesses.iter().map(|business| business.size).sum(),
        organizations: businesses.iter().map(|one| (one.id, one.slug.clone(), one.size)).collect(),
    })
}

async fn refuse_a_filled_one(app: &App) -> Result<()> {
    let ids = app.db.directory(async |directory| organizations::all_ids(directory).await).await?;
    for id in ids {
        if !app.db.read(id, Actor::System, async |tx| leads::is_empty(tx).await).await? {
            return Err(Error::conflict(
                "not_empty",
                "There are leads in this database. Invented ones would stand among them; --anyway makes them all the same.",
            ));
        }
    }
    Ok(())
}

/// Makes an organization with its people, campaigns and forms.
async fn found(app: &App, world: &World, rank: usize, size: usize, password: &str) -> Result<Business> {
    let is_german = rank % 3 == 2;
    let slug = format!("seed{}-{:03}", world.seed, rank + 1);
    let (country, zone, locale) = if is_german {
        (Country::GERMANY, "Europe/Berlin", Locale::De)
    } else {
        (Country::NORWAY, "Europe/Oslo", Locale::Nb)
    };
    let mut new = NewOrganization::new(&format!("Seed {}", rank + 1), &slug, country, zone, locale);
    if rank % 3 == 1 {
        new.lead_visibility = Visibility::Own;
    }
    let names = if is_german { &world.people.de } else { &world.people.no };
    let (id, agents) = app
        .db
        .directory(async |directory| {
            let id = organizations::create(directory, new).await?;
            let mut agents = Vec::new();
            for (number, role) in team(size).into_iter().enumerate() {
                let name = names[number % names.len()].full_name.clone();
                let word = if role == Role::Agent { format!("agent{}", number - 1) } else { role.as_str().to_owned() };
                let user = join(directory, id, format!("{word}@{slug}.example"), name, role, password).await?;
                if role == Role::Agent {
                    agents.push(user);
                }
            }
            Ok((id, agents))
        })
        .await?;
    let form: GraphForm = serde_json::from_str(if is_german {
        include_str!("../fixtures/meta/form_de.json")
    } else {
        include_str!("../fixtures/meta/form_nb.json")
    })?;
    let (campaigns, forms, pace) = app
        .db
        .write(id, Actor::System, async |tx| {
            tx.set_now(world.began);
            let (mut campaigns, mut forms) = (Vec::new(), Vec::new());
            let service = |number: usize| names[number % names.len()].service.as_str();
            for number in 0..(size / 4000).clamp(3, 24) {
                let name = format!("{} {}", service(number), number + 1);
                campaigns.push(campaigns::ensure(tx, "meta", &format!("77{rank:03}{number:03}"), Some(&name)).await?);
            }
            for number in 0..(size / 8000).clamp(2, 8) {
                let mut form = form.clone();
                form.id = MetaId::parse(&format!("88{rank:03}{number:03}")).map_err(Error::internal)?;
                form.name = Some(format!("{} {}", service(number), number + 1));
                forms.push(integrations::keep_form(tx, "100", &form).await?);
            }
            let retry = TimeDelta::minutes(i64::from(organizations::current(tx).await?.retry_minutes));
            let pace = Pace { sla: sla::current(tx).await?, retry };
            Ok((campaigns, forms, pace))
        })
        .await?;
    Ok(Business { id, rank, slug, size, is_german, agents, campaigns, forms, pace })
}

/// An owner, a manager, and an agent for every 2,500 leads.
fn team(size: usize) -> Vec<Role> {
    let agents = (size / 2500).clamp(2, 40);
    [Role::Owner, Role::Manager].into_iter().chain(std::iter::repeat_n(Role::Agent, agents)).collect()
}

async fn join(
    directory: &mut Directory,
    organization: OrganizationId,
    email: String,
    name: String,
    role: Role,
    password: &str,
) -> Result<UserId> {
    let new = NewUser { email, name, password_hash: password.to_owned(), locale: None };
    let user = identity::create_user(directory, new).await?;
    identity::add_member(directory, organization, user, role).await?;
    Ok(user)
}

/// The events of an organization: how many there were, and those of the last days.
#[derive(Default)]
struct Stream {
    all: i64,
    kept: Vec<outbox::Past>,
}

/// Stores the leads that came in one slice of the time.
async fn fill_slice(
    app: &App,
    world: &World,
    business: &Business,
    slice: usize,
    slices: usize,
    stream: &mut Stream,
) -> Result<usize> {
    let (first, last) = (business.size * slice / slices, business.size * (slice + 1) / slices);
    let length = YEARS / i32::try_from(slices).map_err(Error::internal)?;
    let begin = world.began + length * i32::try_from(slice).map_err(Error::internal)?;
    let mut times: Vec<DateTime<Utc>> = (first..last)
        .map(|number| {
            let share = rng(world.seed ^ 1, business.rank, number).random_range(0..length.num_milliseconds().max(1));
            begin + TimeDelta::milliseconds(share)
        })
        .collect();
    times.sort_unstable();
    let numbered: Vec<(usize, DateTime<Utc>)> = (first..last).zip(times).collect();
    for chunk in numbered.chunks(CHUNK) {
        let (mut past, mut tried) = (Vec::with_capacity(chunk.len()), Vec::new());
        for (number, came) in chunk {
            let (lead, attempts) = story::tell(world, business, *number, *came)?;
            past.push(lead);
            tried.extend(attempts);
        }
        let events = app
            .db
            .write(business.id, Actor::System, async |tx| {
                let events = leads::import(tx, &past, &business.pace).await?;
                attempts::import(tx, &tried).await?;
                Ok(events)
            })
            .await?;
        stream.all += i64::try_from(events.len()).map_err(Error::internal)?;
        stream.kept.extend(events.into_iter().filter(|event| event.at >= world.now - EVENTS_KEPT));
    }
    Ok(last - first)
}

/// The events in the order in which they were committed.
async fn end(app: &App, business: &Business, stream: Stream) -> Result<()> {
    let Stream { all, mut kept } = stream;
    kept.sort_by_key(|event| event.at);
    let forgotten = all - i64::try_from(kept.len()).map_err(Error::internal)?;
    app.db.write(business.id, Actor::System, async |tx| outbox::import(tx, forgotten, &kept).await).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_have_a_tenth_and_most_have_little() {
        let sizes = sizes(1_000_000, 100);
        assert_eq!(sizes.iter().sum::<usize>(), 1_000_000);
        assert!((100_000..115_000).contains(&sizes[0]), "{}", sizes[0]);
        assert!((1_500..3_500).contains(&sizes[99]), "{}", sizes[99]);
        assert!(sizes.is_sorted_by(|a, b| a >= b));
    }
}
