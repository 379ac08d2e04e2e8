//! What fetching a lead needs to know of the page it came from. While the page works it is kept for some seconds: leads come in flocks,
//! and none of this changes between two of them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{FetchLead, apps, mapping, sql};
use crate::{
    app::App,
    db::Actor,
    error::Error,
    jobs::Failure,
    leads::Clock,
    providers::meta::{GraphForm, Meta, PageToken},
    sla::{self, Schedule, Sla},
    types::{
        country::Country,
        ids::{CampaignId, FormId, OrganizationId},
    },
};

/// How long it is kept: so long a change of the mapping, the country or the SLA may go unnoticed.
const FRESH_FOR: Duration = Duration::from_secs(5);
/// While a connection is broken, one fetch in this time tries whether it still is.
pub(super) const BROKEN_PAUSE: TimeDelta = TimeDelta::minutes(10);

/// A lead from before the page was connected that is older is nobody's to hurry for.
const FILED_AFTER: TimeDelta = TimeDelta::hours(24);

/// What is known before Meta is asked.
pub(super) struct Ground {
    /// Graph, as the app that the token was made for.
    pub meta: Meta,
    pub token: PageToken,
    /// When it was read.
    pub known_at: DateTime<Utc>,
    /// Whether the connection was marked broken, and this fetch tries whether it still is.
    pub was_broken: bool,
    /// When the page was connected for the first time.
    pub connected_at: DateTime<Utc>,
    pub country: Country,
    pub sla: Sla,
    pub form: Option<KnownForm>,
    /// Campaigns that are stored, by their id at Meta and their name.
    pub campaigns: RwLock<HashMap<(String, Option<String>), CampaignId>>,
}

impl Ground {
    /// What was sent long before the page was connected is filed: nobody waits for a call any more.
    pub fn clock(&self, sent_at: DateTime<Utc>, received_at: DateTime<Utc>) -> Clock {
        let is_of_before = sent_at < self.connected_at && sent_at < received_at - FILED_AFTER;
        if is_of_before { Clock::None } else { Clock::Running }
    }
}

pub(super) struct KnownForm {
    pub id: FormId,
    pub form: GraphForm,
    pub overrides: mapping::Overrides,
}

type Key = (OrganizationId, String, Option<String>);

#[derive(Default)]
struct Kept(RwLock<HashMap<Key, (Arc<Ground>, Instant)>>);

fn key(organization: OrganizationId, job: &FetchLead) -> Key {
    (organization, job.page_id.clone(), job.form_id.clone())
}

/// What is remembered of a page that works.
pub(super) fn remembered(app: &App, organization: OrganizationId, job: &FetchLead) -> Option<Arc<Ground>> {
    let kept = app.kept::<Kept>();
    let kept = kept.0.read().unwrap_or_else(PoisonError::into_inner);
    kept.get(&key(organization, job)).filter(|(_, at)| at.elapsed() < FRESH_FOR).map(|(ground, _)| ground.clone())
}

/// Meta refused: what is remembered may be what is wrong.
pub(super) fn forget(app: &App, organization: OrganizationId, job: &FetchLead) {
    app.kept::<Kept>().0.write().unwrap_or_else(PoisonError::into_inner).remove(&key(organization, job));
}

/// An owner changed the token, the app or a mapping: it counts at once, in this process.
pub(super) fn forget_all(app: &App, organization: OrganizationId) {
    let kept = app.kept::<Kept>();
    kept.0.write().unwrap_or_else(PoisonError::into_inner).retain(|(of, ..), _| *of != organization);
}

/// Reads it, and remembers it where the page works. Nothing where the lead is stored already.
pub(super) async fn read(
    app: &App,
    organization: OrganizationId,
    job: &FetchLead,
) -> Result<Option<Arc<Ground>>, Failure> {
    let now = app.clock.now();
    let found = app
        .db
        .read(organization, Actor::System, async |tx| {
            let Some(row) = sql::ground(tx, &job.page_id, &job.leadgen_id, job.form_id.as_deref()).await? else {
                return Err(Error::NotFound);
            };
            let token = PageToken::new(tx.open("meta_connections", "token", row.row_id, &row.token)?);
            let own = row.app_row.zip(row.app_id.as_deref()).zip(row.app_secret.as_ref());
            let meta = match own {
                Some(((id, app_id), sealed)) => {
                    apps::speaking(app, app_id, tx.open(apps::TABLE, "app_secret", id, sealed)?)?
                }
                None => app.meta.clone(),
            };
            Ok((row, token, meta, tx.now()))
        })
        .await;
    let (row, token, meta, known_at) = match found {
        Ok(found) => found,
        // Disconnected since: it waits for the page to come back.
        Err(Error::NotFound) => {
            return Err(Failure::RetryAfter(
                Duration::from_secs(600),
                "not_connected: the page is not connected".to_owned(),
            ));
        }
        Err(error) => return Err(error.into()),
    };
    if row.is_known {
        return Ok(None);
    }
    if row.broken_at.is_some()
        && let Some(tried_at) = row.tried_at
        && now < tried_at + BROKEN_PAUSE
    {
        let pause = (tried_at + BROKEN_PAUSE - now).to_std().unwrap_or(Duration::from_secs(60));
        return Err(Failure::RetryAfter(pause, "broken: the connection to Meta is broken".to_owned()));
    }
    let form = match (row.form_id, row.form) {
        (Some(id), Some(form)) => Some(KnownForm {
            id: FormId(id),
            form: serde_json::from_value(form)
                .map_err(|error| Failure::Permanent(format!("the stored form does not read: {error}")))?,
            overrides: row
                .overrides
                .map(serde_json::from_value)
                .transpose()
                .map_err(|error| Failure::Permanent(error.to_string()))?
                .unwrap_or_default(),
        }),
        _ => None,
    };
    let country = Country::parse(&row.country).map_err(|error| Failure::Permanent(error.to_string()))?;
    let schedule = row.schedule.map(serde_json::from_value::<Schedule>).transpose();
    let schedule = schedule.map_err(|error| Failure::Permanent(format!("the business hours do not read: {error}")))?;
    let ground = Arc::new(Ground {
        meta,
        token,
        known_at,
        connected_at: row.connected_at,
        was_broken: row.broken_at.is_some(),
        country,
        sla: sla::of(row.sla_minutes, &row.time_zone, country, schedule.as_ref())?,
        form,
        campaigns: RwLock::default(),
    });
    if !ground.was_broken && ground.form.is_some() {
        let kept = app.kept::<Kept>();
        let mut kept = kept.0.write().unwrap_or_else(PoisonError::into_inner);
        // No token is in memory for longer than it is used.
        kept.retain(|_, (_, at)| at.elapsed() < FRESH_FOR);
        kept.insert(key(organization, job), (ground.clone(), Instant::now()));
    }
    Ok(Some(ground))
}
