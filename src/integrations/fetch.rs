//! The jobs that fetch leads: each error class of the Graph API has its own reaction (EXTERNAL-APIS 1.5).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{mapping, mark_broken, receive, sql};
use crate::{
    app::App,
    campaigns,
    db::{Actor, Tx},
    error::{Error, Result},
    jobs::{Context, Failure, Job},
    leads::{self, Captured, NewConsent, NewLead, Person, Received},
    outbox::{self, Event, Topic},
    providers::meta::{GraphForm, GraphLead, MetaError, MetaId, PageToken, Retry},
    types::{
        country::Country,
        ids::{FormId, OrganizationId},
    },
};

/// While a connection is broken, one fetch in this time tries whether it still is.
const BROKEN_PAUSE: TimeDelta = TimeDelta::minutes(10);
/// Tries for what may be a race at Meta's: a lead that is told before it can be read.
const FEW: i32 = 5;

/// Fetches a lead that a webhook named, and captures it.
#[derive(Debug, Serialize, Deserialize)]
pub struct FetchLead {
    pub leadgen_id: String,
    pub page_id: String,
    pub form_id: Option<String>,
    pub received_at: DateTime<Utc>,
}

/// What is known before Meta is asked.
struct Prepared {
    token: PageToken,
    was_broken: bool,
    country: Country,
    sla: TimeDelta,
    form: Option<KnownForm>,
}

struct KnownForm {
    id: FormId,
    form: GraphForm,
    overrides: mapping::Overrides,
}

impl Job<App> for FetchLead {
    const KIND: &'static str = "fetch_lead";
    const PRIORITY: i16 = 50;
    const MAX_ATTEMPTS: i32 = 60;

    fn key(&self) -> Option<String> {
        Some(self.leadgen_id.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let app = &context.app;
        let Some(prepared) = self.prepare(app, organization).await? else { return Ok(()) };
        let id = MetaId::parse(&self.leadgen_id).map_err(|error| Failure::Permanent(error.to_string()))?;
        let lead = match app.meta.lead(&prepared.token, &id).await {
            Ok(lead) => lead,
            Err(error) => return Err(self.refused(&context, organization, error).await),
        };
        let fetched_at = app.clock.now();
        let new_form = match self.unknown_form(&prepared, &lead) {
            Some(form_id) => match app.meta.form(&prepared.token, &form_id).await {
                Ok(form) => Some(form),
                // Without its form a lead has no question labels and no consent text: worth a few tries, not worth a lead.
                Err(error) if matches!(error.retry(), Retry::Never | Retry::Few) || context.attempt > FEW => {
                    tracing::warn!(%error, "a form cannot be read; capturing the lead without it");
                    None
                }
                Err(error) => return Err(self.refused(&context, organization, error).await),
            },
            None => None,
        };
        let captured = app
            .db
            .write(organization, Actor::System, async |tx| self.store(tx, &prepared, lead, new_form, fetched_at).await)
            .await?;
        tracing::debug!(?captured, "lead stored");
        Ok(())
    }
}

impl FetchLead {
    /// Nothing where the lead is stored already.
    async fn prepare(&self, app: &App, organization: OrganizationId) -> Result<Option<Prepared>, Failure> {
        let now = app.clock.now();
        let found = app
            .db
            .read(organization, Actor::System, async |tx| {
                let Some(ground) = sql::ground(tx, &self.page_id, &self.leadgen_id, self.form_id.as_deref()).await?
                else {
                    return Err(Error::NotFound);
                };
                let token = PageToken::new(tx.open("meta_connections", "token", ground.row_id, &ground.token)?);
                Ok((ground, token))
            })
            .await;
        let (ground, token) = match found {
            Ok(found) => found,
            // Disconnected since: it waits for the page to come back.
            Err(Error::NotFound) => {
                return Err(Failure::RetryAfter(Duration::from_secs(600), "the page is not connected".to_owned()));
            }
            Err(error) => return Err(error.into()),
        };
        if ground.is_known {
            return Ok(None);
        }
        if ground.broken_at.is_some()
            && let Some(tried_at) = ground.tried_at
            && now < tried_at + BROKEN_PAUSE
        {
            let pause = (tried_at + BROKEN_PAUSE - now).to_std().unwrap_or(Duration::from_secs(60));
            return Err(Failure::RetryAfter(pause, "the connection to Meta is broken".to_owned()));
        }
        let form = match (ground.form_id, ground.form) {
            (Some(id), Some(form)) => Some(KnownForm {
                id: FormId(id),
                form: serde_json::from_value(form)
                    .map_err(|error| Failure::Permanent(format!("the stored form does not read: {error}")))?,
                overrides: ground
                    .overrides
                    .map(serde_json::from_value)
                    .transpose()
                    .map_err(|error| Failure::Permanent(error.to_string()))?
                    .unwrap_or_default(),
            }),
            _ => None,
        };
        let country = Country::parse(&ground.country).map_err(|error| Failure::Permanent(error.to_string()))?;
        let sla = TimeDelta::minutes(i64::from(ground.sla_minutes));
        Ok(Some(Prepared { token, was_broken: ground.broken_at.is_some(), country, sla, form }))
    }

    /// The form to ask Meta for, where we do not know it.
    fn unknown_form(&self, prepared: &Prepared, lead: &GraphLead) -> Option<MetaId> {
        if prepared.form.is_some() {
            return None;
        }
        lead.form_id.clone().or_else(|| self.form_id.as_deref().and_then(|id| MetaId::parse(id).ok()))
    }

    async fn store(
        &self,
        tx: &mut Tx,
        prepared: &Prepared,
        lead: GraphLead,
        new_form: Option<GraphForm>,
        fetched_at: DateTime<Utc>,
    ) -> Result<Captured> {
        if prepared.was_broken {
            sql::mend_connection(tx, &self.page_id).await?;
        }
        let mut form_id = prepared.form.as_ref().map(|known| known.id);
        if let Some(form) = &new_form {
            form_id = Some(keep_form(tx, &self.page_id, form).await?);
        }
        let campaign = match &lead.campaign_id {
            Some(id) => Some(campaigns::ensure(tx, "meta", id.as_str(), lead.campaign_name.as_deref()).await?),
            None => None,
        };
        let form = new_form.as_ref().or_else(|| prepared.form.as_ref().map(|known| &known.form));
        let overrides = prepared.form.as_ref().map(|known| known.overrides.clone()).unwrap_or_default();
        let mapped = mapping::map_lead(&lead, form, &overrides, prepared.country);
        let consents = mapping::map_consents(&lead, form).into_iter().map(consent).collect();
        let new = NewLead {
            source: "meta",
            is_test: lead.is_test(),
            is_organic: lead.is_organic,
            platform: lead.platform,
            meta_lead_id: Some(self.leadgen_id.clone()),
            campaign,
            form: form_id,
            adset: (lead.adset_id.map(|id| id.as_str().to_owned()), lead.adset_name),
            ad: (lead.ad_id.map(|id| id.as_str().to_owned()), lead.ad_name),
            person: person(mapped),
            consents,
            created_at: lead.created_time,
            received: Received { received_at: self.received_at, fetched_at: Some(fetched_at) },
        };
        leads::capture(tx, new, prepared.sla).await
    }

    /// Reacts to what Meta said, and tells the queue when to come again.
    async fn refused(&self, context: &Context<App>, organization: OrganizationId, error: MetaError) -> Failure {
        let db = &context.app.db;
        let reason = error.to_string();
        let class = match &error {
            MetaError::Throttled { .. } => "throttled",
            MetaError::Temporary { .. } => "temporary",
            MetaError::TokenDead { .. } => "token_dead",
            MetaError::Permission { .. } => "permission",
            MetaError::Gone => "gone",
            MetaError::PolicyBlocked => "policy_blocked",
            MetaError::Invalid { .. } => "invalid",
            MetaError::Refused { .. } => "refused",
        };
        metrics::counter!("nextmove_meta_errors_total", "class" => class).increment(1);
        let told = match &error {
            MetaError::Throttled { retry_after, .. } => {
                let pause = TimeDelta::from_std(*retry_after).unwrap_or(TimeDelta::hours(1));
                db.write(organization, Actor::System, async |tx| sql::hold_back(tx, pause).await).await
            }
            MetaError::TokenDead { .. } | MetaError::Permission { .. } | MetaError::PolicyBlocked => {
                db.write(organization, Actor::System, async |tx| mark_broken(tx, &self.page_id, class).await).await
            }
            _ => Ok(()),
        };
        if let Err(error) = told {
            return error.into();
        }
        match error.retry() {
            Retry::After(pause) => Failure::RetryAfter(pause, reason),
            Retry::Backoff => Failure::Retry(reason),
            Retry::Few if context.attempt < FEW => Failure::Retry(reason),
            Retry::Few => Failure::Permanent(reason),
            // A person has to mend the connection; the lead waits for that rather than in the graveyard.
            Retry::Never if matches!(class, "token_dead" | "permission" | "policy_blocked") => {
                Failure::RetryAfter(BROKEN_PAUSE.to_std().unwrap_or(Duration::from_secs(600)), reason)
            }
            Retry::Never => Failure::Permanent(reason),
        }
    }
}

async fn keep_form(tx: &mut Tx, page_id: &str, form: &GraphForm) -> Result<FormId> {
    let name = form.name.clone().unwrap_or_else(|| form.id.as_str().to_owned());
    let (id, is_new) =
        sql::upsert_form(tx, page_id, form.id.as_str(), &name, form.locale.as_deref(), serde_json::to_value(form)?)
            .await?;
    if is_new {
        outbox::record(tx, Event::ListChanged { topic: Topic::Forms, id: id.0 });
    }
    Ok(id)
}

fn person(mapped: mapping::MappedLead) -> Person {
    Person {
        full_name: mapped.full_name,
        phone: mapped.phone,
        phone_given: mapped.phone_given,
        email: mapped.email,
        postal_code: mapped.postal_code,
        city: mapped.city,
        service: mapped.service,
        message: mapped.message,
        answers: mapped
            .answers
            .into_iter()
            .map(|answer| leads::Answer { key: answer.key, label: answer.label, values: answer.values })
            .collect(),
    }
}

fn consent(mapped: mapping::MappedConsent) -> NewConsent {
    NewConsent {
        key: mapped.key,
        text: mapped.text,
        version: mapped.text_version,
        given: mapped.given,
        inferred: mapped.inferred,
        privacy_policy_url: mapped.privacy_policy_url,
    }
}

/// A page was connected: what was delivered for it before is received again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplayQuarantine {
    pub page_id: String,
}

impl Job<App> for ReplayQuarantine {
    const KIND: &'static str = "replay_quarantine";

    fn key(&self) -> Option<String> {
        Some(self.page_id.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let db = &context.app.db;
        let waiting =
            db.directory(async |directory| sql::waiting_bodies(directory, Some(&self.page_id), None).await).await?;
        let full = waiting.len() >= 1000;
        for (id, body, received_at) in waiting {
            receive(&context.app, &body, received_at).await?;
            db.directory(async |directory| sql::replayed(directory, id).await).await?;
        }
        // There may be more; the page is known now, so nothing of it comes back into the quarantine.
        if full {
            Err(Failure::RetryAfter(Duration::from_secs(1), "more of the page's deliveries wait".to_owned()))
        } else {
            Ok(())
        }
    }
}
