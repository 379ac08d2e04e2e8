//! The steps that ask Meta.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Bench, Broken, Mend, Outcome, Running, Well, client};
use crate::{
    error::{Error, Result},
    providers::meta::{GraphForm, LeadAccess, MetaError},
    types::ids::OrganizationId,
};

/// Without these no lead is read and no page subscribed (EXTERNAL-APIS 1.3). `ads_management` only tells which ad it was.
const SCOPES: [&str; 4] = ["leads_retrieval", "pages_manage_metadata", "pages_show_list", "pages_read_engagement"];
/// A token that ends sooner is worth a word.
const SOON: TimeDelta = TimeDelta::days(14);
/// Meta keeps a lead 90 days.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Forms that are looked through for a lead.
const MOST_FORMS: usize = 5;

pub(super) fn http() -> std::result::Result<reqwest::Client, Broken> {
    client().map_err(|error| Broken::new(Mend::AddressUnreachable, why(&error)))
}

/// Without the URL, which holds the verify token.
pub(super) fn why(error: &reqwest::Error) -> String {
    let word = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the request failed"
    };
    word.to_owned()
}

/// The beginning of an answer: a challenge is short, and what else stands at an address may be long.
pub(super) async fn short_text(mut answer: reqwest::Response) -> String {
    let mut text = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        text.extend_from_slice(&chunk);
        if text.len() > 1024 {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The subcodes of a dead token (guides/error-handling).
pub(super) fn of_dead_token(subcode: Option<i64>) -> Mend {
    match subcode {
        Some(458) => Mend::TokenAppRemoved,
        Some(459) => Mend::TokenCheckpoint,
        Some(460) => Mend::TokenPassword,
        Some(463) => Mend::TokenExpired,
        _ => Mend::TokenInvalid,
    }
}

/// Gives the place back when the test is over.
pub(super) struct Turn<'a>(&'a Running, OrganizationId);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&self.1);
    }
}

pub(super) fn turn(running: &Running, organization: OrganizationId) -> Result<Turn<'_>> {
    if running.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(organization) {
        Ok(Turn(running, organization))
    } else {
        Err(Error::conflict("test_running", "A test is under way."))
    }
}

fn day(seconds: i64) -> String {
    DateTime::<Utc>::from_timestamp(seconds, 0).map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

impl Bench {
    pub(super) async fn token(&self) -> Outcome {
        if self.meta.app_id().is_none() {
            // Whether it works shows itself in the next steps; when it ends and what it may is not known.
            return Ok(Well { skipped: true, ..Well::default() }.advised(Mend::AppIdMissing));
        }
        let token = self.meta.debug_token(&self.token).await.map_err(|error| match error {
            // It is the app that asks here, with its id and its secret.
            MetaError::TokenDead { .. } | MetaError::Refused { .. } => {
                Broken::new(Mend::AppCredentials, error.to_string())
            }
            other => Broken { breaks: None, ..Broken::from(other) },
        })?;
        if !token.is_valid {
            let (code, subcode) = token.error.as_ref().map_or((190, None), |error| (error.code, error.subcode));
            let dead = Broken::from(MetaError::TokenDead { code, subcode });
            let is_over = token.expires_at > 0 && token.expires_at <= self.now.timestamp();
            return Err(if is_over { Broken { mend: Mend::TokenExpired, ..dead } } else { dead });
        }
        if let Some(app) = &token.app_id
            && self.meta.app_id() != Some(app)
        {
            return Err(Broken::new(Mend::TokenOtherApp, format!("app {app}")));
        }
        let over = |at: i64| at > 0 && at <= self.now.timestamp();
        if over(token.expires_at) {
            return Err(Broken::new(Mend::TokenExpired, day(token.expires_at)));
        }
        if over(token.data_access_expires_at) {
            return Err(Broken::new(Mend::DataAccessExpired, day(token.data_access_expires_at)));
        }
        let missing: Vec<&str> =
            SCOPES.into_iter().filter(|scope| !token.scopes.iter().any(|has| has == scope)).collect();
        if !missing.is_empty() {
            return Err(Broken::new(Mend::ScopesMissing, missing.join(", ")));
        }
        let ends = [token.expires_at, token.data_access_expires_at].into_iter().filter(|at| *at > 0).min();
        let Some(at) = ends else { return Ok(Well::default()) };
        let well = Well { ends_at: DateTime::from_timestamp(at, 0), ..Well::seen(day(at)) };
        Ok(if at <= (self.now + SOON).timestamp() { well.advised(Mend::TokenExpiresSoon) } else { well })
    }

    pub(super) async fn page(&self) -> Outcome {
        let page = self.meta.page(&self.token).await?;
        if page.id == self.page_id {
            Ok(page.name.map_or_else(Well::default, Well::seen))
        } else {
            Err(Broken::new(Mend::TokenOtherPage, format!("id {}", page.id)))
        }
    }

    /// A subscription that somebody took away is made again, where that is asked for.
    pub(super) async fn subscription(&self) -> Outcome {
        match self.subscribed().await {
            Err(Broken { mend: Mend::NotSubscribed, .. }) if self.repairs => {
                self.meta.subscribe(&self.token, &self.page_id).await?;
                Ok(Well { repaired: true, ..self.subscribed().await? })
            }
            found => found,
        }
    }

    async fn subscribed(&self) -> Outcome {
        let apps = self.meta.subscribed_apps(&self.token, &self.page_id).await?;
        let ours = |id| self.meta.app_id().is_none_or(|own| own == id);
        let fields: Vec<&str> = apps
            .iter()
            .filter(|app| ours(&app.id))
            .flat_map(|app| app.subscribed_fields.iter().map(String::as_str))
            .collect();
        if fields.contains(&"leadgen") {
            Ok(Well::seen(fields.join(", ")))
        } else {
            Err(Broken::new(Mend::NotSubscribed, if fields.is_empty() { "–".to_owned() } else { fields.join(", ") }))
        }
    }

    /// Gives the forms to the next step.
    pub(super) async fn forms(&self, forms: &mut Vec<GraphForm>) -> Outcome {
        let access = match self.meta.lead_access(&self.token, &self.page_id).await {
            // A version of Graph without these fields: the real read shows it.
            Err(MetaError::Refused { code: 100, .. }) => LeadAccess { terms_accepted: true, can_access_leads: true },
            told => told?,
        };
        if !access.terms_accepted {
            return Err(Broken::new(Mend::LeadTerms, "leadgen_tos_accepted: false"));
        }
        if !access.can_access_leads {
            return Err(Broken::new(Mend::LeadAccess, "has_lead_access: false"));
        }
        forms.extend(self.meta.page_forms(&self.token, &self.page_id).await?);
        if forms.is_empty() {
            return Ok(Well::seen("0").advised(Mend::NoForms));
        }
        // Those that are in use first.
        forms.sort_by_key(|form| form.status.as_deref() != Some("ACTIVE"));
        Ok(Well::seen(forms.len().to_string()))
    }

    /// The newest lead of the first forms, read as a webhook would have it read.
    pub(super) async fn lead(&self, forms: &[GraphForm]) -> Outcome {
        for form in forms.iter().take(MOST_FORMS) {
            let page = self.meta.form_leads(&self.token, &form.id, self.now - KEPT, None).await?;
            if let Some(newest) = page.leads.into_iter().max_by_key(|lead| lead.created_time) {
                let lead = self.meta.lead(&self.token, &newest.id).await?;
                return Ok(Well::seen(lead.created_time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)));
            }
        }
        Ok(Well { skipped: true, ..Well::default() }.advised(Mend::NoLead))
    }
}
