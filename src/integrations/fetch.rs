//! The jobs that fetch leads: each error class of the Graph API has its own reaction (EXTERNAL-APIS 1.5).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ground::{self, BROKEN_PAUSE, Ground},
    health::mark_broken,
    receive, sql,
    store::{self, Fetched},
};
use crate::{
    app::App,
    db::Actor,
    jobs::{Context, Failure, Job},
    providers::meta::{GraphLead, MetaError, MetaId, Retry},
    types::ids::OrganizationId,
};

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
        let id = MetaId::parse(&self.leadgen_id).map_err(|error| Failure::Permanent(error.to_string()))?;
        let mut known = (context.attempt == 1).then(|| ground::remembered(app, organization, &self)).flatten();
        let mut is_remembered = known.is_some();
        let (ground, lead) = loop {
            let ground = match known.take() {
                Some(ground) => ground,
                None => match ground::read(app, organization, &self).await? {
                    Some(ground) => ground,
                    None => return Ok(()),
                },
            };
            match ground.meta.lead(&ground.token, &id).await {
                Ok(lead) => break (ground, lead),
                // Refused with what was remembered: the page may have been connected anew since.
                Err(error) if is_remembered && error.breaks_connection() => {
                    ground::forget(app, organization, &self);
                    is_remembered = false;
                }
                Err(error) => return Err(self.refused(&context, organization, ground.known_at, error).await),
            }
        };
        let fetched_at = app.clock.now();
        let new_form = match self.unknown_form(&ground, &lead) {
            Some(form_id) => match ground.meta.form(&ground.token, &form_id).await {
                Ok(form) => Some(form),
                // Without its form a lead has no question labels and no consent text: worth a few tries, not worth a lead.
                Err(error) if matches!(error.retry(), Retry::Never | Retry::Few) || context.attempt > FEW => {
                    tracing::warn!(%error, "a form cannot be read; capturing the lead without it");
                    None
                }
                Err(error) => return Err(self.refused(&context, organization, ground.known_at, error).await),
            },
            None => None,
        };
        let fetched = Fetched::new(self, ground, lead, new_form, fetched_at);
        let captured = store::store(app, organization, fetched).await?;
        tracing::debug!(?captured, "lead stored");
        Ok(())
    }
}

impl FetchLead {
    /// The form to ask Meta for, where we do not know it.
    fn unknown_form(&self, ground: &Ground, lead: &GraphLead) -> Option<MetaId> {
        if ground.form.is_some() {
            return None;
        }
        lead.form_id.clone().or_else(|| self.form_id.as_deref().and_then(|id| MetaId::parse(id).ok()))
    }

    /// Reacts to what Meta said, and tells the queue when to come again.
    async fn refused(
        &self,
        context: &Context<App>,
        organization: OrganizationId,
        known_at: DateTime<Utc>,
        error: MetaError,
    ) -> Failure {
        let db = &context.app.db;
        // The class stands before it, for the owner reads that in words.
        let reason = format!("{}: {error}", error.class());
        metrics::counter!("nextmove_meta_errors_total", "class" => error.class()).increment(1);
        let told = match &error {
            MetaError::Throttled { retry_after, .. } => {
                let pause = TimeDelta::from_std(*retry_after).unwrap_or(TimeDelta::hours(1));
                db.write(organization, Actor::System, async |tx| sql::hold_back(tx, pause).await).await
            }
            error if error.breaks_connection() => {
                db.write(organization, Actor::System, async |tx| {
                    mark_broken(tx, &self.page_id, error.class(), known_at).await
                })
                .await
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
            Retry::Never if error.breaks_connection() => {
                Failure::RetryAfter(BROKEN_PAUSE.to_std().unwrap_or(Duration::from_secs(600)), reason)
            }
            Retry::Never => Failure::Permanent(reason),
        }
    }
}

/// A page was connected: what was delivered for it before is received again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplayQuarantine {
    pub page_id: String,
    /// When a part was set aside although the page was known by then, microseconds: a replay that runs already may have passed it.
    #[serde(default)]
    pub late: Option<i64>,
}

impl Job<App> for ReplayQuarantine {
    const KIND: &'static str = "replay_quarantine";

    fn key(&self) -> Option<String> {
        Some(self.late.map_or_else(|| self.page_id.clone(), |late| format!("{}:{late}", self.page_id)))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let (db, organization) = (&context.app.db, context.organization()?);
        let waiting =
            db.directory(async |directory| sql::waiting_for_page(directory, &self.page_id, organization).await).await?;
        let full = waiting.len() >= 1000;
        for part in waiting {
            receive(&context.app, &part.body, part.door, part.received_at).await?;
            db.directory(async |directory| sql::replayed(directory, part.id).await).await?;
        }
        // There may be more; the page is known now, so nothing of it comes back into the quarantine.
        if full {
            Err(Failure::RetryAfter(Duration::from_secs(1), "more of the page's deliveries wait".to_owned()))
        } else {
            Ok(())
        }
    }
}
