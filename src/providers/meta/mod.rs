//! Meta's Graph API, as far as leads need it: verify what arrives, fetch what was announced, say what went wrong.
//!
//! Knows no domain and keeps no state but the connection pool and the last seen budget. Its tests stand with the
//! sandbox (`sandbox/meta/tests`), over real HTTP.

mod error;
mod form;
mod id;
mod lead;
mod page;
pub mod signature;
mod text;
mod token;
mod usage;
mod webhook;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use reqwest::{Method, redirect};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

pub use self::{
    error::{DEFAULT_THROTTLE, MetaError, Retry},
    form::{
        Checkbox, CustomDisclaimer, DisclaimerBody, FORM_FIELDS, GraphForm, LegalContent, PrivacyPolicy, Question,
        QuestionOption, UrlEntity,
    },
    id::{MetaId, MetaIdError},
    lead::{DisclaimerResponse, Field, GraphLead, LEAD_FIELDS},
    page::{GraphPage, LeadAccess, SubscribedApp, TokenFault, TokenInfo},
    token::{AppSecret, PageToken},
    usage::Usage,
    webhook::{Ignored, LeadgenChange, MAX_CHANGES, Rejected, Webhook, WebhookError, parse_webhook},
};
use super::observed::{observed, template};

/// Where Graph is.
pub const GRAPH_URL: &str = "https://graph.facebook.com/";
/// The newest version known (July 2026). An unknown version is silently served by an older one.
pub const GRAPH_VERSION: &str = "v26.0";

/// A whole answer, from the connection to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A lead is about 2 kB, a form about 20 kB, a page of 100 leads about 200 kB.
const MAX_ANSWER: usize = 1024 * 1024;

/// How to reach Graph, and as which app.
#[derive(Clone)]
pub struct MetaOptions {
    /// [`GRAPH_URL`], or a sandbox on loopback.
    pub base_url: Url,
    /// [`GRAPH_VERSION`].
    pub version: String,
    /// Only [`Meta::debug_token`] needs it.
    pub app_id: Option<MetaId>,
    pub app_secret: AppSecret,
    /// For a whole answer; 10 seconds unless a test is in a hurry.
    pub timeout: Duration,
}

impl MetaOptions {
    /// The real Graph.
    #[must_use]
    pub fn new(app_secret: AppSecret) -> MetaOptions {
        MetaOptions {
            base_url: Url::parse(GRAPH_URL).expect("a constant URL"),
            version: GRAPH_VERSION.to_owned(),
            app_id: None,
            app_secret,
            timeout: TIMEOUT,
        }
    }
}

/// A client of Graph. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Meta {
    http: reqwest::Client,
    options: Arc<MetaOptions>,
    usage: Arc<Mutex<Usage>>,
}

/// One page of a form's leads, oldest or newest first as Graph likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadPage {
    pub leads: Vec<GraphLead>,
    /// Rows that could not be read, but for their ids.
    pub unread: Vec<MetaId>,
    /// How many rows have no id that could be read; they are left out.
    pub unreadable: usize,
    /// Give it to [`Meta::form_leads`] for the next page; none at the end.
    pub after: Option<String>,
    pub usage: Usage,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Listing {
    data: Vec<serde_json::Value>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default)]
    cursors: Option<Cursors>,
    /// Only its presence counts: following a URL from an answer would carry the token wherever it points.
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cursors {
    #[serde(default)]
    after: Option<String>,
}

impl Meta {
    /// # Errors
    /// When the HTTP client cannot be built (no TLS roots).
    pub fn new(options: MetaOptions) -> Result<Meta, MetaError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("nextmove/", env!("CARGO_PKG_VERSION")))
            .timeout(options.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
            // A redirect or a proxy would carry the token somewhere else.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            // A lead waits for this call: keep connections open and warm, and send at once.
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(300))
            .pool_max_idle_per_host(32)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_while_idle(true)
            .build()
            .map_err(|_| MetaError::Invalid { what: "the HTTP client cannot be built".to_owned() })?;
        Ok(Meta { http, options: Arc::new(options), usage: Arc::default() })
    }

    /// Fetches a lead that a webhook announced.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn lead(&self, token: &PageToken, leadgen_id: &MetaId) -> Result<GraphLead, MetaError> {
        let lead: GraphLead = self.get(token, leadgen_id.as_str(), &[("fields", LEAD_FIELDS)]).await?.0;
        if lead.id != *leadgen_id {
            return Err(MetaError::Invalid { what: "another lead than the one asked for".to_owned() });
        }
        Ok(lead)
    }

    /// Fetches a form: the labels of its questions and its legal text.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn form(&self, token: &PageToken, form_id: &MetaId) -> Result<GraphForm, MetaError> {
        Ok(self.get(token, form_id.as_str(), &[("fields", FORM_FIELDS)]).await?.0)
    }

    /// One page (100) of the leads a form got at or after `since`, for finding what no webhook announced. Meta keeps leads 90 days.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn form_leads(
        &self,
        token: &PageToken,
        form_id: &MetaId,
        since: DateTime<Utc>,
        after: Option<&str>,
    ) -> Result<LeadPage, MetaError> {
        let filter = serde_json::json!([{
            "field": "time_created", "operator": "GREATER_THAN_OR_EQUAL", "value": since.timestamp(),
        }])
        .to_string();
        let mut query = vec![("fields", LEAD_FIELDS), ("limit", "100"), ("filtering", &filter)];
        query.extend(after.map(|cursor| ("after", cursor)));
        let (listing, usage): (Listing, Usage) = self.get(token, &format!("{form_id}/leads"), &query).await?;
        let (mut leads, mut unread, mut unreadable) = (Vec::new(), Vec::new(), 0);
        for row in listing.data {
            let id = row["id"].as_str().and_then(|id| MetaId::parse(id).ok());
            match (serde_json::from_value::<GraphLead>(row), id) {
                (Ok(lead), _) => leads.push(lead),
                (Err(_), Some(id)) => unread.push(id),
                (Err(_), None) => unreadable += 1,
            }
        }
        let next = listing.paging.filter(|paging| paging.next.is_some());
        let after = next.and_then(|paging| paging.cursors).and_then(|cursors| cursors.after);
        Ok(LeadPage { leads, unread, unreadable, after, usage })
    }

    /// The same connections, as another app: an organization may have one of its own.
    #[must_use]
    pub fn speaking_for(&self, app_id: Option<MetaId>, app_secret: AppSecret) -> Meta {
        let options = MetaOptions { app_id, app_secret, ..(*self.options).clone() };
        Meta { http: self.http.clone(), options: Arc::new(options), usage: self.usage.clone() }
    }

    /// The app that it speaks for, where that is known.
    #[must_use]
    pub fn app_id(&self) -> Option<&MetaId> {
        self.options.app_id.as_ref()
    }

    /// The budget as the last answer told it, for whichever Page.
    #[must_use]
    pub fn usage(&self) -> Usage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        token: &PageToken,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(T, Usage), MetaError> {
        self.call(Method::GET, token, path, query).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        token: &PageToken,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(T, Usage), MetaError> {
        let host = self.options.base_url.host_str().unwrap_or_default();
        observed("meta", host, &template(path), self.ask(method, token, path, query)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        token: &PageToken,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(T, Usage), MetaError> {
        let mut url = self.options.base_url.clone();
        url.path_segments_mut()
            .map_err(|()| MetaError::Invalid { what: "the base URL cannot have a path".to_owned() })?
            .pop_if_empty()
            .push(&self.options.version)
            .extend(path.split('/'));
        let proof = self.options.app_secret.proof(token);
        let request = self
            .http
            .request(method, url)
            .query(query)
            .query(&[("appsecret_proof", proof)])
            .bearer_auth(token.expose());

        let mut response = request.send().await.map_err(|e| MetaError::network(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        tracing::Span::current().record("status", status.as_u16());
        let usage = Usage::of(&headers);
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = usage;

        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| MetaError::network(&e))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(MetaError::Invalid { what: "more than 1 MiB".to_owned() });
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(MetaError::of(status, &headers, &body));
        }
        text::mend(&mut body);
        match serde_json::from_slice(&body) {
            Ok(answer) => Ok((answer, usage)),
            // Graph's front door answers with a page for people, and 200, when it is unwell.
            Err(_) if body.trim_ascii_start().starts_with(b"<") => {
                Err(MetaError::Temporary { reason: "HTML instead of JSON".to_owned() })
            }
            // Line and column, never the text: it is the lead.
            Err(e) if e.is_data() => {
                Err(MetaError::Invalid { what: format!("another shape at column {}", e.column()) })
            }
            Err(e) => Err(MetaError::Invalid { what: format!("broken JSON at column {}", e.column()) }),
        }
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("base_url", &self.options.base_url.as_str())
            .field("version", &self.options.version)
            .finish()
    }
}
