//! Meta, played over real HTTP: its Graph API, and its webhook that announces leads.
//!
//! A test starts it on a loopback port with [`Sandbox::new`] and [`serve`] and keeps the handle; the demo runs it with
//! [`run`], which also streams a new lead every half minute. It checks tokens, proofs and field names as Graph does, so that
//! code which works against it has sent what Graph wants. `/_sandbox` is its remote control (see `control.rs`).
//!
//! Everything is made from `seed`, and the time comes from `clock`: the same calls give the same world.

mod control;
mod delivery;
mod faults;
mod forms;
mod graph;
mod json;
mod nodes;
mod pages;
mod world;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    future::Future,
    io,
    net::SocketAddr,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::serve::ListenerExt;
use chrono::{DateTime, Utc};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

pub use self::{
    delivery::{Delivery, HowToDeliver, Ids},
    faults::{Fault, FaultRequest},
    forms::Language,
    pages::PageChange,
};

/// The app it plays.
pub const APP_ID: &str = "300000000000001";

/// How many recorded requests and deliveries are kept.
const KEPT: usize = 1_000;

/// A Page of the sandbox: a business that gets leads.
#[derive(Debug, Clone)]
pub struct PageOptions {
    pub id: String,
    pub name: String,
    /// The Page's access token.
    pub token: String,
    /// The Page's lead forms: id and language.
    pub forms: Vec<(String, Language)>,
}

/// Tells the time: the program's clock, or a test's that is set forward by hand.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the sandbox plays.
#[derive(Clone)]
pub struct Options {
    /// Where [`run`] listens; port 0 takes a free one.
    pub listen: SocketAddr,
    pub app_id: String,
    /// Signs webhooks and checks `appsecret_proof`.
    pub app_secret: String,
    /// Other apps: id and secret. Their tokens and proofs are good too.
    pub other_apps: Vec<(String, String)>,
    /// What [`Sandbox::handshake`] says at the webhook.
    pub verify_token: String,
    /// The token for `me/accounts`.
    pub user_token: String,
    pub pages: Vec<PageOptions>,
    /// Where leads are announced. May also be set later.
    pub webhook_url: Option<Url>,
    /// Any numeric id is a lead, any token will do: for benchmarks.
    pub open_world: bool,
    pub seed: u64,
    /// Counts leads from here. [`run`] starts from its clock where this is 0, so that a restarted demo announces new leads
    /// and not the ids that the server already knows.
    pub first_lead: u64,
    pub clock: Clock,
    /// The first gap before an unacknowledged webhook is sent again; each next one is twice as long. Meta takes minutes and
    /// goes on for 36 hours.
    pub first_gap: Duration,
    /// How often a webhook is sent before it is given up.
    pub attempts: u32,
    /// [`run`] announces a new lead after a gap from this range, in seconds, again and again.
    pub stream: Option<Range<u64>>,
    /// Answered on the same listener: the pages of another sandbox.
    pub beside: axum::Router,
}

impl Options {
    /// One Norwegian Page with one form, no webhook yet.
    #[must_use]
    pub fn new(clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            app_id: APP_ID.to_owned(),
            app_secret: "sandbox-app-secret".to_owned(),
            other_apps: Vec::new(),
            verify_token: "sandbox-verify-token".to_owned(),
            user_token: "sandbox-user-token".to_owned(),
            pages: vec![PageOptions {
                id: "104857600123456".to_owned(),
                name: "Fjordvarme".to_owned(),
                token: "sandbox-page-token".to_owned(),
                forms: vec![("998877665544332".to_owned(), Language::Nb)],
            }],
            webhook_url: None,
            open_world: false,
            seed: 1,
            first_lead: 0,
            clock: Arc::new(clock),
            first_gap: Duration::from_millis(200),
            attempts: 8,
            stream: None,
            beside: axum::Router::new(),
        }
    }
}

/// A lead to make; what is left out is made up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewLead {
    /// One of the configured forms; the first one unless given.
    pub form_id: Option<String>,
    pub full_name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Answers by question key; they win over everything made up.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Consent boxes by key.
    pub consents: BTreeMap<String, bool>,
    pub organic: Option<bool>,
    pub test: Option<bool>,
    pub created_time: Option<DateTime<Utc>>,
}

/// A Graph call as it came in, with tokens masked.
#[derive(Debug, Clone, Serialize)]
pub struct RecordedRequest {
    pub at: DateTime<Utc>,
    pub method: String,
    pub path: String,
    /// Tokens and proofs are `…`.
    pub query: BTreeMap<String, String>,
    /// `Bearer …` where there was one.
    pub authorization: Option<String>,
    /// The status of the answer.
    pub status: u16,
}

/// The sandbox's handle. Cheap to clone; clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    options: Options,
    http: reqwest::Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    webhook_url: Option<Url>,
    /// In the order they were made.
    leads: Vec<Arc<Lead>>,
    by_id: HashMap<String, usize>,
    subscribed: BTreeMap<String, Vec<String>>,
    /// What people did to the pages since.
    changes: BTreeMap<String, PageChange>,
    faults: faults::Faults,
    calls: u64,
    requests: VecDeque<RecordedRequest>,
    deliveries: VecDeque<Delivery>,
}

struct Lead {
    id: String,
    page_id: String,
    form_id: String,
    created: DateTime<Utc>,
    /// Every field Graph knows.
    fields: Value,
}

impl Sandbox {
    /// The pages it plays.
    #[must_use]
    pub fn pages(&self) -> &[PageOptions] {
        &self.0.options.pages
    }

    /// # Panics
    /// When the HTTP client cannot be built: without TLS there is no sandbox.
    #[must_use]
    pub fn new(options: Options) -> Sandbox {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .user_agent("facebookexternalua")
            .build()
            .expect("the HTTP client has its TLS roots");
        let state = State { webhook_url: options.webhook_url.clone(), ..State::default() };
        Sandbox(Arc::new(Inner { options, http, state: Mutex::new(state) }))
    }

    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Where leads are announced from now on.
    pub fn set_webhook_url(&self, url: Url) {
        self.state().webhook_url = Some(url);
    }

    /// Makes a lead and tells nobody; gives its id. A form that is not configured counts as the first one's.
    pub fn add_lead(&self, new: &NewLead) -> String {
        let options = self.options();
        let of_form = |wanted: &str| {
            let mut forms =
                options.pages.iter().flat_map(|page| page.forms.iter().map(move |(id, lang)| (page, id, *lang)));
            forms.find(|(_, id, _)| *id == wanted)
        };
        let first = || options.pages.iter().find_map(|page| page.forms.first().map(|(id, lang)| (page, id, *lang)));
        let (page_id, form_id, language) = new
            .form_id
            .as_deref()
            .and_then(of_form)
            .or_else(first)
            .map_or((String::new(), "900".to_owned(), Language::Nb), |(page, form, lang)| {
                (page.id.clone(), form.clone(), lang)
            });
        let now = (options.clock)();
        let mut state = self.state();
        let n = options.first_lead + state.leads.len() as u64;
        let fields = world::lead(options.seed, n, &form_id, language, new, now);
        let id = (world::FIRST_LEAD + n).to_string();
        let at = state.leads.len();
        state.by_id.insert(id.clone(), at);
        let created = new.created_time.unwrap_or(now);
        state.leads.push(Arc::new(Lead { id: id.clone(), page_id, form_id, created, fields }));
        id
    }

    /// The next `count` Graph calls meet this fault.
    pub fn fail_next(&self, fault: Fault, count: u32) {
        self.queue_fault(FaultRequest { fault, count, delay_ms: None, on: None });
    }

    /// As [`Sandbox::fail_next`], with a delay for the faults that have one.
    pub fn queue_fault(&self, request: FaultRequest) {
        self.state().faults.push(request);
    }

    /// Forgets the faults that have not come yet.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The last 1,000 Graph calls, oldest first. Calls in the open world are not recorded.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state().requests.iter().cloned().collect()
    }

    /// The last 1,000 webhook posts, oldest first, each attempt by itself.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.iter().cloned().collect()
    }

    /// Announces a new lead after a gap from `every` (seconds), again and again, each on the next of the forms. Never ends.
    pub async fn stream(&self, every: Range<u64>) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.options().seed);
        let forms: Vec<String> =
            self.options().pages.iter().flat_map(|p| p.forms.iter().map(|(id, _)| id.clone())).collect();
        for n in 0_usize.. {
            let gap = if every.is_empty() { every.start } else { rng.random_range(every.clone()) };
            tokio::time::sleep(Duration::from_secs(gap)).await;
            let form_id = (!forms.is_empty()).then(|| forms[n % forms.len()].clone());
            let id = self.add_lead(&NewLead { form_id, ..NewLead::default() });
            // In the background: a server that is down must not hold up the next lead.
            let sandbox = self.clone();
            tokio::spawn(async move { sandbox.deliver(&[id], &HowToDeliver::default()).await });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        (self.options().clock)()
    }
}

fn keep<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == KEPT {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// Answers on `listener` until the task is dropped.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, sandbox: Sandbox) -> io::Result<()> {
    serve_until(listener, sandbox, std::future::pending()).await
}

/// Binds `options.listen`, answers until `shutdown`, and streams leads where the options say so.
///
/// # Errors
/// When the address is taken, or the listener fails.
pub async fn run(mut options: Options, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let listener = TcpListener::bind(options.listen).await?;
    if options.first_lead == 0 {
        // A thousand leads a second, and still 18 digits.
        options.first_lead = u64::try_from((options.clock)().timestamp()).unwrap_or_default() * 1_000;
    }
    let every = options.stream.clone();
    let sandbox = Sandbox::new(options);
    tracing::info!(address = %listener.local_addr()?, "the Meta sandbox listens");
    let streaming = every.map(|every| {
        let sandbox = sandbox.clone();
        tokio::spawn(async move { sandbox.stream(every).await })
    });
    let served = serve_until(listener, sandbox, shutdown).await;
    if let Some(streaming) = streaming {
        streaming.abort();
    }
    served
}

async fn serve_until(
    listener: TcpListener,
    sandbox: Sandbox,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // Without it the answer to a small request can wait 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
    });
    let beside = sandbox.options().beside.clone();
    let router = control::router().fallback(graph::answer).with_state(sandbox).merge(beside);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

#[cfg(test)]
mod tests;
