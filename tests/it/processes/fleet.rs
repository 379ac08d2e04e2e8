//! Two web processes and a worker on one PostgreSQL, with a sandbox of Meta that delivers to one web process after the other.

use std::{
    fs,
    future::Future,
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use nextmove::{
    db::{embedded::Embedded, setup},
    sandbox::meta::{self, HowToDeliver, NewLead, Sandbox},
    types::clock::Clock,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::phone::Phone;
use crate::{
    server::{KEYS, Server, client, cluster, free_port},
    world::{APP_SECRET, VERIFY_TOKEN, cookie_pair},
};

/// However busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);
pub const REDIS_PASSWORD: &str = "the-redis-password-of-tests";
pub const PASSWORD: &str = "three plain words";

pub struct Fleet {
    pub web: [Server; 2],
    pub worker: Server,
    pub meta: Meta,
    embedded: Option<Embedded>,
    folder: tempfile::TempDir,
}

impl Fleet {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("nextmove-fleet-").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("PostgreSQL's user may pass");
        let path = folder.path().to_owned();
        let embedded = tokio::task::spawn_blocking(move || cluster(&path)).await.expect("started");
        setup::create_database(|database| embedded.url("postgres", database), "nextmove").await.expect("a database");
        setup::migrate(&embedded.url(setup::OWNER, "nextmove")).await.expect("migrations");
        let graph = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let environment = [
            ("DATABASE_URL", embedded.url(setup::APP, "nextmove")),
            ("DATABASE_CONNECTIONS", "8".to_owned()),
            ("PUBLIC_URL", "http://127.0.0.1:8080".to_owned()),
            ("MASTER_KEYS", KEYS.to_owned()),
            ("META_APP_SECRET", APP_SECRET.to_owned()),
            ("META_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
            ("META_GRAPH_URL", format!("http://{}", graph.local_addr().expect("an address"))),
            ("RUST_LOG", "debug,hyper=info,h2=info,sqlx=info".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
            ("WORKER_CONCURRENCY", "2".to_owned()),
        ];
        let server = |name: &str, role| {
            Server::new(&["serve", "--role", role], &environment, folder.path().join(name), free_port())
        };
        let sandbox = Sandbox::new(meta::Options {
            app_secret: APP_SECRET.to_owned(),
            verify_token: VERIFY_TOKEN.to_owned(),
            attempts: 1,
            ..meta::Options::new(|| Clock::Real.now())
        });
        tokio::spawn(meta::serve(graph, sandbox.clone()));
        let web = [server("web-a.log", "web"), server("web-b.log", "web")];
        let worker = server("worker.log", "worker");
        let create = "user create --email asha@example.com --name Asha --organization acme --role owner \
                      --create-organization Acme --country NO --time-zone Europe/Oslo --locale nb";
        worker.run(&create.split_whitespace().collect::<Vec<_>>(), PASSWORD);
        let create = "user create --email ravi@example.com --name Ravi --organization acme --role agent";
        worker.run(&create.split_whitespace().collect::<Vec<_>>(), PASSWORD);
        let page = sandbox.pages()[0].clone();
        worker
            .run(&["page", "connect", "--organization", "acme", "--page-id", &page.id, "--name", "Acme"], &page.token);
        let meta = Meta { sandbox, ports: [web[0].port, web[1].port], sent: Arc::default(), turn: Arc::default() };
        let mut fleet = Self { web, worker, meta, embedded: Some(embedded), folder };
        for server in fleet.all() {
            server.start();
        }
        for server in fleet.all() {
            server.ready().await;
        }
        fleet
    }

    pub fn all(&mut self) -> [&mut Server; 3] {
        let [a, b] = &mut self.web;
        [a, b, &mut self.worker]
    }

    pub fn ports(&self) -> [u16; 2] {
        [self.web[0].port, self.web[1].port]
    }

    /// A cookie, given by the web process `at`.
    pub async fn sign_in(&self, at: usize, email: &str) -> String {
        let asked = client()
            .post(self.web[at].url("/api/session"))
            .header("sec-fetch-site", "same-origin")
            .json(&json!({ "email": email, "password": PASSWORD }))
            .send()
            .await
            .expect("the server answers");
        cookie_pair(asked.headers()["set-cookie"].to_str().expect("ASCII"))
    }

    pub async fn sign_out(&self, at: usize, cookie: &str) {
        let asked = client().delete(self.web[at].url("/api/session")).header("sec-fetch-site", "same-origin");
        assert_eq!(asked.header("cookie", cookie).send().await.expect("the server answers").status(), 204);
    }

    pub async fn connection(&self) -> PgConnection {
        let embedded = self.embedded.as_ref().expect("PostgreSQL runs");
        PgConnection::connect(&embedded.url("postgres", "nextmove")).await.expect("a connection")
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        let mut connection = self.connection().await;
        let count: Option<i64> = sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a count");
        connection.close().await.expect("closed");
        count.unwrap_or_default()
    }

    pub async fn stop_postgres(&mut self) {
        let mut embedded = self.embedded.take().expect("PostgreSQL runs");
        tokio::task::spawn_blocking(move || embedded.stop().expect("PostgreSQL stops")).await.expect("stopped");
    }

    pub async fn start_postgres(&mut self) {
        let path = self.folder.path().to_owned();
        self.embedded = Some(tokio::task::spawn_blocking(move || cluster(&path)).await.expect("started"));
    }

    /// Every lead that was announced is stored once, and stands on every phone once; no phone saw anything that must not happen.
    pub async fn everything_is_everywhere(&self, phones: &[Phone]) {
        let expected = i64::try_from(self.meta.sent()).expect("few");
        eventually("every lead is stored", async || {
            let stored = self.count("select count(*) from lead_enquiries").await;
            (stored == expected).then_some(()).ok_or(format!("{stored} of {expected}"))
        })
        .await;
        assert_eq!(self.count("select count(*) from leads").await, expected, "none doubled");
        assert_eq!(self.count("select count(*) - max(sequence) from events").await, 0, "the sequence has no gap");
        // What one person is told, the others are not.
        let last = self.count("select max(sequence) from events where kind <> 'notified'").await;
        for phone in phones {
            eventually(&format!("{} sees every lead", phone.name), async || {
                let seen = phone.seen();
                let all = seen.created.len() == self.meta.sent() && seen.sequence >= Some(last);
                all.then_some(()).ok_or(format!(
                    "{} of {expected}, at {:?} of {last}",
                    seen.created.len(),
                    seen.sequence
                ))
            })
            .await;
            let seen = phone.seen();
            assert!(seen.created.values().all(|times| *times == 1), "{}: {:?}", phone.name, seen.created);
            assert!(seen.wrong.is_empty(), "{}: {:?}", phone.name, seen.wrong);
        }
    }
}

/// Meta, as far as it announces leads.
#[derive(Clone)]
pub struct Meta {
    pub sandbox: Sandbox,
    ports: [u16; 2],
    sent: Arc<AtomicUsize>,
    turn: Arc<AtomicUsize>,
}

impl Meta {
    /// How many leads it announced.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// People send so many forms, and each is announced, to one process after the other, again until one says 200.
    pub async fn announce(&self, count: usize) {
        for _ in 0..count {
            let number = self.sent();
            let id = self.sandbox.add_lead(&NewLead {
                full_name: Some(format!("Number {number}")),
                phone: Some(format!("+4740055{number:03}")),
                test: Some(false),
                ..NewLead::default()
            });
            let begun = Instant::now();
            loop {
                let port = self.ports[self.turn.fetch_add(1, Ordering::Relaxed) % 2];
                self.sandbox
                    .set_webhook_url(format!("http://127.0.0.1:{port}/webhooks/meta-lead").parse().expect("a URL"));
                let delivered = self.sandbox.deliver(std::slice::from_ref(&id), &HowToDeliver::default()).await;
                match delivered.last().and_then(|delivery| delivery.status) {
                    Some(200) => break,
                    // Away, or not able to just now: Meta sends it again.
                    None | Some(503) => assert!(begun.elapsed() < PATIENCE, "nobody takes a delivery"),
                    Some(other) => panic!("a delivery is answered {other}"),
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits for what must come to be; what it asks says why it is not yet.
pub async fn eventually<F: Future<Output = Result<(), String>>>(what: &str, ask: impl Fn() -> F) {
    let begun = Instant::now();
    while let Err(why) = ask().await {
        assert!(begun.elapsed() < PATIENCE, "{what}: {why}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A Redis of the test's own.
pub struct Redis {
    child: Child,
}

impl Redis {
    pub async fn start(number: u16) -> Self {
        let port = number.to_string();
        let arguments = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass"];
        let child = Command::new("redis-server").args(arguments).arg(REDIS_PASSWORD).stdout(Stdio::null()).spawn();
        let redis = Self { child: child.expect("redis-server is installed (scripts/setup --test)") };
        eventually("Redis listens", async || {
            let connected = tokio::net::TcpStream::connect(("127.0.0.1", number)).await;
            connected.map(drop).map_err(|error| error.to_string())
        })
        .await;
        redis
    }

    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")), signal).expect("told");
    }
}

/// Killed as by a machine that fails.
impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}
