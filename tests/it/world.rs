//! The world of the tests: a business `acme` with an owner, a manager and two agents, another one `globex`, and the agency that looks after
//! both. Each test has its own database (a copy of a template), the real router on a port of its own, a Meta sandbox, and a clock that stands
//! still at nine o'clock on Monday, 2 March 2026.

#![allow(dead_code)] // not every test file uses every word

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    app::App,
    config::{Config, Purpose},
    db::{
        embedded::{Embedded, Options},
        seal::MasterKeys,
        setup,
    },
    identity::{self, NO_PASSWORD, NewUser, Role},
    jobs::worker::Worker,
    organizations::{self, Locale, NewOrganization},
    providers::{mail::MailOptions, sms::SmsOptions},
    sandbox::{
        mail::{self, Sink},
        meta::{self, Sandbox},
        push::{self, PushService},
        senders::{self, Senders},
    },
    start,
    types::{
        clock::Clock,
        country::Country,
        ids::{OperatorId, OrganizationId, UserId},
    },
    worker,
};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

const TEMPLATE: &str = "template_nextmove";
const KEYS: &str = "t1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub const APP_SECRET: &str = "the-app-secret-of-tests";
/// An app that an organization may have of its own: id and secret.
pub const OWN_APP: (&str, &str) = ("300000000000002", "the-secret-of-an-own-app");
pub const VERIFY_TOKEN: &str = "the-verify-token-of-tests";

/// Who there is. The same in every test.
#[derive(Clone, Copy, Debug)]
pub struct World {
    pub operator: OperatorId,
    pub acme: OrganizationId,
    pub globex: OrganizationId,
    pub asha: UserId,
    pub mats: UserId,
    pub ravi: UserId,
    pub rosa: UserId,
    pub gita: UserId,
    pub olav: UserId,
}

struct Cluster {
    embedded: Embedded,
    world: World,
}

pub fn monday() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().expect("a time")
}

/// One for the whole process, started by the first test. It ends with the process; its folder is removed by the next run.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        // In a thread, since a test's own runtime must not be blocked upon from within.
        std::thread::spawn(|| {
            let embedded = start_cluster();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let world = runtime.block_on(make_template(&embedded));
            Cluster { embedded, world }
        })
        .join()
        .expect("the test cluster starts")
    })
}

fn start_cluster() -> Embedded {
    let dir = folder(std::process::id());
    remove_leftovers();
    fs::create_dir_all(&dir).expect("a folder");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o711)).expect("the server's user may pass");
    let options = Options { fsync: false, max_connections: 300, ..Options::default() };
    Embedded::start(&dir.join("data"), &options).expect("PostgreSQL starts")
}

fn folder(process: u32) -> PathBuf {
    std::env::temp_dir().join(format!("nextmove-it-{process}"))
}

fn remove_leftovers() {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("nextmove-it-"));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

async fn make_template(embedded: &Embedded) -> World {
    setup::create_database(|database| embedded.url("postgres", database), TEMPLATE).await.expect("a database");
    setup::migrate(&embedded.url(setup::OWNER, TEMPLATE)).await.expect("migrations");
    let config = config(8080, "http://127.0.0.1:1", false);
    let url = embedded.url(setup::APP, TEMPLATE);
    let app = start::app(config, &url, Clock::fixed(monday())).await.expect("an app");
    let world = fill(&app).await;
    app.db.close().await;
    world
}

async fn fill(app: &App) -> World {
    let db = &app.db;
    db.directory(async |directory| {
        let operator = organizations::create_operator(directory, "Nordlys Media").await?;
        let mut ids = Vec::new();
        for (name, slug, country, zone, locale) in [
            ("Acme Varme", "acme", Country::NORWAY, "Europe/Oslo", Locale::Nb),
            ("Globex", "globex", Country::GERMANY, "Europe/Berlin", Locale::De),
        ] {
            let mut new = NewOrganization::new(name, slug, country, zone, locale);
            new.operator_id = Some(operator);
            ids.push(organizations::create(directory, new).await?);
        }
        let (acme, globex) = (ids[0], ids[1]);
        let mut users = Vec::new();
        for (name, place) in [
            ("Asha", Some((acme, Role::Owner))),
            ("Mats", Some((acme, Role::Manager))),
            ("Ravi", Some((acme, Role::Agent))),
            ("Rosa", Some((acme, Role::Agent))),
            ("Gita", Some((globex, Role::Owner))),
            ("Olav", None),
        ] {
            let new = NewUser {
                email: format!("{}@example.com", name.to_lowercase()),
                name: name.to_owned(),
                password_hash: NO_PASSWORD.to_owned(),
                locale: None,
            };
            let user = identity::create_user(directory, new).await?;
            if let Some((organization, role)) = place {
                identity::add_member(directory, organization, user, role).await?;
            }
            users.push(user);
        }
        identity::add_operator_admin(directory, operator, users[5]).await?;
        Ok(World {
            operator,
            acme,
            globex,
            asha: users[0],
            mats: users[1],
            ravi: users[2],
            rosa: users[3],
            gita: users[4],
            olav: users[5],
        })
    })
    .await
    .expect("the world is made")
}

fn config(port: u16, graph: &str, demo: bool) -> Config {
    let given = |name: &str| match name {
        "LISTEN_ADDR" => Some(format!("127.0.0.1:{port}")),
        "MASTER_KEYS" => Some(KEYS.to_owned()),
        "META_APP_SECRET" => Some(APP_SECRET.to_owned()),
        "META_VERIFY_TOKEN" => Some(VERIFY_TOKEN.to_owned()),
        "META_APP_ID" => Some(meta::APP_ID.to_owned()),
        "META_GRAPH_URL" => Some(graph.to_owned()),
        "DATABASE_CONNECTIONS" => Some("10".to_owned()),
        _ => None,
    };
    let mut config = Config::read(if demo { Purpose::Demo } else { Purpose::Serve }, given).expect("a configuration");
    assert!(MasterKeys::parse(KEYS).is_ok());
    config.http.pwa_dir = PathBuf::from("/nonexistent");
    config
}

/// A server with a world.
pub struct TestApp {
    pub app: App,
    pub world: World,
    pub sandbox: Sandbox,
    /// Where letters go, with [`TestApp::with_mail`].
    pub mail: Sink,
    /// Those who send SMS and e-mail over HTTP, with [`TestApp::with_senders`].
    pub senders: Senders,
    /// Where pushes go, and the browsers that take them.
    pub push: PushService,
    pub clock: Clock,
    pub address: String,
    database: String,
    sessions: Vec<(UserId, String)>,
    http: reqwest::Client,
    _tasks: JoinSet<()>,
    _stop: DropGuard,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A server that sends letters, to a mail server of its own.
    pub async fn with_mail() -> Self {
        Self::with_mail_that_waits(std::time::Duration::from_secs(20)).await
    }

    /// As [`TestApp::with_mail`], with so much patience for the mail server.
    pub async fn with_mail_that_waits(timeout: std::time::Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let sink = Sink::default();
        let mut app = Self::with(|config| {
            config.mail = Some(MailOptions {
                url: url.parse().expect("a URL"),
                from: "NextMove <nextmove@example.com>".parse().expect("a sender"),
                timeout,
                webhook_key: None,
            });
        })
        .await;
        app.mail = sink.clone();
        app._tasks.spawn(async move {
            let _ = mail::serve(listener, sink).await;
        });
        app
    }

    /// A server that sends SMS and e-mail by these vendors, with this much patience.
    pub async fn with_senders(sms: &str, mail: &str, timeout: std::time::Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let clock = Clock::fixed(monday());
        let told = clock.clone();
        let slot: Arc<OnceLock<Senders>> = Arc::default();
        let filled = slot.clone();
        let mut app = Self::with_clock(clock, move |config| {
            let options = senders::Options {
                server: Some(config.http.public_url.clone()),
                delivers: false,
                clock: Arc::new(move || told.now()),
            };
            let senders = filled.get_or_init(|| Senders::new(options));
            let (url, key) = Senders::sms_url(sms, &address);
            config.sms =
                Some(SmsOptions { url, from: "Acme".parse().ok(), webhook_key: Some(key.to_owned()), timeout });
            let (url, key) = senders.mail_url(mail, &address);
            let from = "NextMove <nextmove@example.com>".parse().expect("a sender");
            config.mail = Some(MailOptions { url, from, timeout, webhook_key: Some(key) });
        })
        .await;
        app.senders = slot.get().expect("they were made").clone();
        let router = app.senders.router();
        app._tasks.spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        app
    }

    pub async fn demo() -> Self {
        Self::with(|config| config.demo = true).await
    }

    /// With another configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_clock(Clock::fixed(monday()), change).await
    }

    async fn with_clock(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let cluster = cluster();
        let database = copy_template(cluster).await;
        let stop = CancellationToken::new();

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let graph = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let graph_url = format!("http://{}", graph.local_addr().expect("an address"));
        let told = clock.clone();
        let options = meta::Options {
            app_secret: APP_SECRET.to_owned(),
            other_apps: vec![(OWN_APP.0.to_owned(), OWN_APP.1.to_owned())],
            verify_token: VERIFY_TOKEN.to_owned(),
            webhook_url: format!("http://{address}/webhooks/meta-lead").parse().ok(),
            ..meta::Options::new(move || told.now())
        };
        let sandbox = Sandbox::new(options);
        let serving = meta::serve(graph, sandbox.clone());
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! { _ = serving => {}, () = stopped.cancelled() => {} }
        });

        let pushes = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let push_url = format!("http://{}", pushes.local_addr().expect("an address"));
        let push = PushService::new(&push_url);
        let (serving, stopped) = (push::serve(pushes, push.clone()), stop.clone());
        tokio::spawn(async move {
            tokio::select! { _ = serving => {}, () = stopped.cancelled() => {} }
        });

        let mut config = config(address.port(), &graph_url, false);
        config.push.origins = vec![push_url.parse().expect("a URL")];
        change(&mut config);
        let url = cluster.embedded.url(setup::APP, &database);
        let app = start::app(config, &url, clock.clone()).await.expect("an app");
        let mut tasks = JoinSet::new();
        let router = start::serving(&app, &mut tasks, &stop);
        tasks.spawn(start::answer(listener, router, app.clone(), stop.clone()));

        let world = cluster.world;
        let sessions = open_sessions(&app, &world).await;
        Self {
            app,
            world,
            sandbox,
            mail: Sink::default(),
            senders: Senders::new(senders::Options { server: None, delivers: false, clock: Arc::new(monday) }),
            push,
            clock,
            address: format!("http://{address}"),
            database,
            sessions,
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            _tasks: tasks,
            _stop: stop.drop_guard(),
        }
    }

    /// The superuser's address of this test's database.
    pub fn superuser_url(&self) -> String {
        cluster().embedded.url("postgres", &self.database)
    }

    pub fn owner_url(&self) -> String {
        cluster().embedded.url(setup::OWNER, &self.database)
    }

    pub fn app_url(&self) -> String {
        cluster().embedded.url(setup::APP, &self.database)
    }

    /// Acme's owner.
    pub fn asha(&self) -> Caller<'_> {
        self.always(self.world.asha)
    }

    /// Acme's manager.
    pub fn mats(&self) -> Caller<'_> {
        self.always(self.world.mats)
    }

    /// An agent of acme's.
    pub fn ravi(&self) -> Caller<'_> {
        self.always(self.world.ravi)
    }

    /// Another agent of acme's.
    pub fn rosa(&self) -> Caller<'_> {
        self.always(self.world.rosa)
    }

    /// The owner of globex.
    pub fn gita(&self) -> Caller<'_> {
        self.always(self.world.gita)
    }

    /// The agency's admin.
    pub fn olav(&self) -> Caller<'_> {
        self.always(self.world.olav)
    }

    pub fn anonymous(&self) -> Caller<'_> {
        Caller { app: self, cookie: None, headers: vec![("sec-fetch-site", "same-origin".to_owned())] }
    }

    /// Whoever shows this cookie.
    pub fn holding(&self, cookie: &str) -> Caller<'_> {
        Caller { cookie: Some(cookie.to_owned()), ..self.anonymous() }
    }

    /// A session that ends as sessions do; the named people's never do.
    pub async fn fresh_session(&self, user: UserId) -> String {
        let opened = self.app.db.directory(async |directory| {
            let (_, token) = identity::open_session(directory, user, None, None).await?;
            Ok(cookie_of(&self.app, &token))
        });
        opened.await.expect("a session")
    }

    pub fn always(&self, user: UserId) -> Caller<'_> {
        let (_, cookie) = self.sessions.iter().find(|(known, _)| *known == user).expect("a session was made");
        self.holding(cookie)
    }

    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Runs every job that is due. Tells how many ran.
    pub async fn run_jobs(&self) -> usize {
        self.worker().drain().await.expect("the queue answers")
    }

    /// What a worker had when it was killed waits again.
    pub async fn take_back(&self) {
        self.worker().take_back().await.expect("the queue answers");
    }

    fn worker(&self) -> Worker<App> {
        Worker {
            db: self.app.db.clone(),
            app: self.app.clone(),
            registry: Arc::new(worker::registry()),
            concurrency: 1,
            handover: Arc::default(),
        }
    }

    /// The end of a test; dropping does the same.
    pub fn finish(self) {}

    /// Jobs that are due or dead, as lines for a failing test. The desk is asked for with each lead, and people are told of what is given to them; only the tests of that have to wait for it.
    async fn unfinished(url: &str, now: DateTime<Utc>) -> Vec<String> {
        let mut connection = PgConnection::connect(url).await.expect("a connection");
        sqlx::query_scalar(
            "select kind || ' ' || state || coalesce(': ' || last_error, '') from jobs
             where state in ('dead', 'running') or (state = 'ready' and run_at <= $1 and kind not in ('attend', 'alarm', 'send_alert')) order by id",
        )
        .bind(now)
        .fetch_all(&mut connection)
        .await
        .expect("the queue answers")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (url, now) = (self.superuser_url(), self.clock.now());
        let unfinished = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(Self::unfinished(&url, now))
        });
        let unfinished = unfinished.join().expect("the queue answers");
        assert!(
            unfinished.is_empty(),
            "the test leaves jobs behind; run them (app.run_jobs()) or expect their failure: {unfinished:#?}"
        );
    }
}

async fn copy_template(cluster: &Cluster) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    // One at a time: PostgreSQL refuses to copy a database that somebody is connected to, and the copier is.
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let name = format!("it_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let _turn = TURN.lock().await;
    setup::copy_database(&cluster.embedded.url("postgres", "postgres"), TEMPLATE, &name).await.expect("a copy");
    name
}

/// Sessions that neither end nor are kept alive, so that a test may let days pass.
async fn open_sessions(app: &App, world: &World) -> Vec<(UserId, String)> {
    let opened = app.db.directory(async |directory| {
        let mut sessions = Vec::new();
        for user in [world.asha, world.mats, world.ravi, world.rosa, world.gita, world.olav] {
            let (_, token) = identity::open_session(directory, user, None, Some("tests")).await?;
            sessions.push((user, cookie_of(app, &token)));
        }
        sqlx::query("update sessions set idle_expires_at = $1, absolute_expires_at = $1, last_seen_at = $1")
            .bind(directory.now() + TimeDelta::days(3650))
            .execute(directory.conn())
            .await?;
        Ok(sessions)
    });
    opened.await.expect("sessions")
}

fn cookie_of(app: &App, token: &identity::Token) -> String {
    cookie_pair(token.set_cookie(&app.config).to_str().expect("ASCII"))
}

/// `name=value` of a Set-Cookie.
pub fn cookie_pair(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap_or_default().to_owned()
}

/// Somebody who calls.
#[derive(Clone)]
pub struct Caller<'a> {
    app: &'a TestApp,
    cookie: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Caller<'_> {
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Without what a browser says of the page a request comes from.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, version: i32, body: Value) -> Answer {
        self.clone().with_header("if-match", &format!("\"{version}\"")).send(Method::PATCH, path, Some(body)).await
    }

    /// A body that is no JSON.
    pub async fn put_bytes(&self, path: &str, body: Vec<u8>) -> (Answer, Vec<u8>) {
        self.exchange(Method::PUT, path, |request| request.body(body)).await
    }

    /// An answer that is no JSON.
    pub async fn get_bytes(&self, path: &str) -> (Answer, Vec<u8>) {
        self.exchange(Method::GET, path, |request| request).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let with_body = |request: reqwest::RequestBuilder| match body {
            Some(body) => request.json(&body),
            None => request,
        };
        self.exchange(method, path, with_body).await.0
    }

    /// Sends these bytes as this type.
    pub async fn raw(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        self.try_raw(method, path, content_type, body).await.expect("the server answers")
    }

    /// As [`Self::raw`]; nothing where the server ended the connection before it had read all.
    pub async fn try_raw(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Option<Answer> {
        let with_body = |request: reqwest::RequestBuilder| match content_type {
            "" => request.body(body),
            kind => request.header("content-type", kind).body(body),
        };
        self.try_exchange(method, path, with_body).await.map(|(answer, _)| answer)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        with_body: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> (Answer, Vec<u8>) {
        self.try_exchange(method, path, with_body).await.expect("the server answers")
    }

    async fn try_exchange(
        &self,
        method: Method,
        path: &str,
        with_body: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Option<(Answer, Vec<u8>)> {
        let mut request = self.app.http.request(method, format!("{}{path}", self.app.address));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = with_body(request).send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body").to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some((Answer { status, headers, json, text }, bytes))
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// Null where the body is no JSON.
    pub json: Value,
    pub text: String,
}

impl Answer {
    /// The JSON of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.json
    }

    /// A refusal with this status and reason.
    #[track_caller]
    pub fn refused(&self, status: u16, reason: &str) {
        assert_eq!((self.status, self.json["reason"].as_str()), (status, Some(reason)), "{}", self.text);
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `name=value` of the cookie that was set.
    #[track_caller]
    pub fn cookie(&self) -> String {
        cookie_pair(self.header("set-cookie").expect("a cookie is set"))
    }
}
