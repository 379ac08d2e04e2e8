//! The test of a connection: from our own address to a real lead, step by step, each failure with the one thing that mends it.
//!
//! It talks HTTP to our own public address and to Graph, with no transaction open, and ends in time: what it does not get to is skipped.

mod steps;

use std::{future::Future, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, redirect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{apps, connect, ground, health, sql};
use crate::{
    app::App,
    db::{Tx, seal},
    error::Result,
    identity::Owner,
    providers::meta::{AppSecret, Meta, MetaError, MetaId, PageToken},
};

/// Of all steps together; a request may take 30 s.
const ALL: Duration = Duration::from_secs(24);
/// Of one step.
const ONE: Duration = Duration::from_secs(8);

/// What is tried, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Our address is reachable, and answers Meta's handshake.
    WebhookAddress,
    /// A delivery that is signed with the app's secret is taken.
    AppSecret,
    /// Meta accepts the token, for this app, with the rights that leads need.
    Token,
    /// The token is this page's.
    Page,
    /// The page tells this app of its leads.
    Subscription,
    /// The page lets its leads be read, and has forms.
    Forms,
    /// The newest lead of a form is read.
    Lead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Ok,
    Failed,
    /// A step before it failed, the time was up, or there is nothing to try it on.
    Skipped,
}

/// What a person does about it. Stable: the app has words for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mend {
    AddressUnreachable,
    AddressRedirects,
    HandshakeRefused,
    HandshakeOther,
    SignatureRefused,
    AppIdMissing,
    AppCredentials,
    TokenInvalid,
    TokenExpired,
    TokenPassword,
    TokenAppRemoved,
    TokenCheckpoint,
    TokenOtherApp,
    TokenExpiresSoon,
    DataAccessExpired,
    ScopesMissing,
    TokenOtherPage,
    NotSubscribed,
    LeadTerms,
    LeadAccess,
    NoForms,
    NoLead,
    Permission,
    Throttled,
    MetaAway,
    PolicyBlocked,
    Gone,
    MetaOdd,
    MetaRefused,
    /// The time was up.
    TooSlow,
}

/// One step of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestStep {
    pub step: Step,
    pub state: StepState,
    /// What mends it; of a step that is well: what will have to be done soon.
    #[schema(required = true)]
    pub mend: Option<Mend>,
    /// What was seen: a status, a code, names of rights. For whoever is asked for help.
    #[schema(required = true)]
    pub seen: Option<String>,
}

/// A test of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTest {
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    /// No step failed.
    pub ok: bool,
    pub steps: Vec<TestStep>,
}

/// What a step found: all well, perhaps with something seen or advised.
#[derive(Debug, Default)]
struct Well {
    seen: Option<String>,
    advice: Option<Mend>,
    /// There was nothing to try it on.
    skipped: bool,
    /// When the token ends.
    ends_at: Option<DateTime<Utc>>,
    /// It was not well, and is now.
    repaired: bool,
}

impl Well {
    fn seen(what: impl Into<String>) -> Self {
        Self { seen: Some(what.into()), ..Self::default() }
    }

    fn advised(self, advice: Mend) -> Self {
        Self { advice: Some(advice), ..self }
    }
}

/// What a step broke at.
#[derive(Debug)]
struct Broken {
    mend: Mend,
    seen: String,
    /// The class of Graph's error, where it means that no lead can be read.
    breaks: Option<&'static str>,
}

impl Broken {
    fn new(mend: Mend, seen: impl Into<String>) -> Self {
        Self { mend, seen: seen.into(), breaks: None }
    }
}

impl From<MetaError> for Broken {
    fn from(error: MetaError) -> Self {
        let mend = match &error {
            MetaError::Throttled { .. } => Mend::Throttled,
            MetaError::Temporary { .. } => Mend::MetaAway,
            MetaError::TokenDead { subcode, .. } => steps::of_dead_token(*subcode),
            MetaError::Permission { .. } => Mend::Permission,
            MetaError::Gone => Mend::Gone,
            MetaError::PolicyBlocked => Mend::PolicyBlocked,
            MetaError::Invalid { .. } => Mend::MetaOdd,
            MetaError::Refused { code: 100 | 101, message, .. } if message.contains("appsecret_proof") => {
                Mend::AppCredentials
            }
            MetaError::Refused { code: 101, .. } => Mend::AppCredentials,
            MetaError::Refused { .. } => Mend::MetaRefused,
        };
        let breaks = error.breaks_connection().then(|| error.class());
        Self { mend, seen: error.to_string(), breaks }
    }
}

type Outcome = std::result::Result<Well, Broken>;

/// Tests are one at a time for an organization.
#[derive(Default)]
pub(super) struct Running(std::sync::Mutex<std::collections::HashSet<crate::types::ids::OrganizationId>>);

/// What is tried with what.
pub(super) struct Bench {
    page_id: MetaId,
    callback_url: String,
    verify_token: String,
    secret: AppSecret,
    meta: Meta,
    token: PageToken,
    now: DateTime<Utc>,
    /// What can be repaired without a person is.
    repairs: bool,
}

/// What a test found.
pub(super) struct Checked {
    pub test: ConnectionTest,
    /// The class of Graph's error, where it means that no lead can be read.
    pub breaks: Option<&'static str>,
    /// When the token that was tried was read.
    pub known_at: DateTime<Utc>,
    pub token_ends_at: Option<DateTime<Utc>>,
    /// The page tells us of its leads again.
    pub repaired: bool,
}

/// A run of steps against the clock.
struct Run {
    steps: Vec<TestStep>,
    until: Instant,
    breaks: Option<&'static str>,
    ends_at: Option<DateTime<Utc>>,
    repaired: bool,
}

impl Run {
    /// Tries a step, in its time; tells whether it went well.
    async fn step(&mut self, step: Step, tried: impl Future<Output = Outcome>) -> bool {
        let until = self.until.min(Instant::now() + ONE);
        if Instant::now() >= self.until {
            self.push(step, StepState::Skipped, Some(Mend::TooSlow), None);
            return false;
        }
        match tokio::time::timeout_at(until, tried).await {
            Ok(Ok(Well { seen, advice, skipped, ends_at, repaired })) => {
                self.ends_at = self.ends_at.or(ends_at);
                self.repaired |= repaired;
                let state = if skipped { StepState::Skipped } else { StepState::Ok };
                self.push(step, state, advice, seen);
                true
            }
            Ok(Err(broken)) => {
                self.breaks = self.breaks.or(broken.breaks);
                self.push(step, StepState::Failed, Some(broken.mend), Some(broken.seen));
                false
            }
            Err(_) => {
                let mend = if step == Step::WebhookAddress { Mend::AddressUnreachable } else { Mend::TooSlow };
                self.push(step, StepState::Failed, Some(mend), Some(format!("{} s", ONE.as_secs())));
                false
            }
        }
    }

    fn skip(&mut self, steps: &[Step]) {
        for step in steps {
            self.push(*step, StepState::Skipped, None, None);
        }
    }

    fn push(&mut self, step: Step, state: StepState, mend: Option<Mend>, seen: Option<String>) {
        self.steps.push(TestStep { step, state, mend, seen });
    }
}

/// Tests a page's connection, keeps what came of it, and marks the connection broken or mended by what was seen.
pub async fn test(app: &App, owner: &Owner, page_id: &str) -> Result<ConnectionTest> {
    let organization = owner.organization();
    let running = app.kept::<Running>();
    let _turn = steps::turn(&running, organization)?;
    let bench = owner.read(async |tx| bench(app, tx, page_id, false).await).await?;
    let checked = bench.check(app).await;
    app.db.write(organization, owner.by(), async |tx| health::keep(tx, page_id, &checked, true).await).await?;
    ground::forget_all(app, organization);
    Ok(checked.test)
}

pub(super) async fn bench(app: &App, tx: &mut Tx, page_id: &str, repairs: bool) -> Result<Bench> {
    let (meta, token) = connect::key(app, tx, page_id).await?;
    let own = apps::own(tx).await?;
    let route = if own.is_some() { sql::route_of(tx).await? } else { None };
    let (verify_token, secret) = match own {
        Some(own) => (own.verify_token, AppSecret::new(own.secret)),
        None => (app.config.meta.verify_token.clone(), app.meta_secret.clone()),
    };
    Ok(Bench {
        page_id: MetaId::parse(page_id).map_err(crate::error::Error::internal)?,
        callback_url: connect::callback_url(app, route.as_deref()),
        verify_token,
        secret,
        meta,
        token,
        now: tx.now(),
        repairs,
    })
}

impl Bench {
    /// Tries everything.
    pub(super) async fn check(&self, app: &App) -> Checked {
        let started_at = app.clock.now();
        let Run { steps, breaks, ends_at, repaired, .. } = self.run().await;
        let ok = steps.iter().all(|step| step.state != StepState::Failed);
        let test = ConnectionTest { started_at, finished_at: app.clock.now(), ok, steps };
        Checked { test, breaks, known_at: self.now, token_ends_at: ends_at, repaired }
    }

    async fn run(&self) -> Run {
        let until = Instant::now() + ALL;
        let mut run = Run { steps: Vec::new(), until, breaks: None, ends_at: None, repaired: false };
        if run.step(Step::WebhookAddress, self.handshake()).await {
            run.step(Step::AppSecret, self.delivery()).await;
        } else {
            run.skip(&[Step::AppSecret]);
        }
        if !run.step(Step::Token, self.token()).await {
            // Rights that are missing are told by the steps that need them, too.
            if run.steps.last().is_none_or(|step| step.mend != Some(Mend::ScopesMissing)) {
                run.skip(&[Step::Page, Step::Subscription, Step::Forms, Step::Lead]);
                return run;
            }
        }
        if !run.step(Step::Page, self.page()).await {
            run.skip(&[Step::Subscription, Step::Forms, Step::Lead]);
            return run;
        }
        run.step(Step::Subscription, self.subscription()).await;
        let mut forms = Vec::new();
        if run.step(Step::Forms, self.forms(&mut forms)).await {
            run.step(Step::Lead, self.lead(&forms)).await;
        } else {
            run.skip(&[Step::Lead]);
        }
        run
    }

    /// As Meta does when the webhook is registered.
    async fn handshake(&self) -> Outcome {
        let challenge = hex::encode(seal::random::<8>());
        let query = [
            ("hub.mode", "subscribe"),
            ("hub.challenge", challenge.as_str()),
            ("hub.verify_token", self.verify_token.as_str()),
        ];
        let answer = steps::http()?.get(&self.callback_url).query(&query).send().await;
        let answer = answer.map_err(|error| Broken::new(Mend::AddressUnreachable, steps::why(&error)))?;
        let status = answer.status();
        let seen = format!("HTTP {}", status.as_u16());
        if status.is_redirection() {
            return Err(Broken::new(Mend::AddressRedirects, seen));
        }
        if matches!(status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) {
            return Err(Broken::new(Mend::HandshakeRefused, seen));
        }
        if status.is_server_error() {
            return Err(Broken::new(Mend::AddressUnreachable, seen));
        }
        let text = steps::short_text(answer).await;
        if status != StatusCode::OK || text != challenge {
            return Err(Broken::new(Mend::HandshakeOther, seen));
        }
        Ok(Well::seen(seen))
    }

    /// A delivery without a lead, signed as Meta would.
    async fn delivery(&self) -> Outcome {
        let empty = json!({ "object": "page", "entry": [{ "id": self.page_id.as_str(), "time": self.now.timestamp(), "changes": [] }] });
        let body = empty.to_string().into_bytes();
        let signature = self.secret.sign(&body);
        let sent = steps::http()?.post(&self.callback_url).header("x-hub-signature-256", signature).body(body).send();
        let answer = sent.await.map_err(|error| Broken::new(Mend::AddressUnreachable, steps::why(&error)))?;
        let seen = format!("HTTP {}", answer.status().as_u16());
        match answer.status() {
            StatusCode::OK => Ok(Well::seen(seen)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Broken::new(Mend::SignatureRefused, seen)),
            _ => Err(Broken::new(Mend::AddressUnreachable, seen)),
        }
    }
}

/// For our own address: nothing is followed, nothing is remembered.
fn client() -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder().timeout(ONE).redirect(redirect::Policy::none()).referer(false);
    client.user_agent(concat!("nextmove/", env!("CARGO_PKG_VERSION"))).build()
}
