//! Several processes are one server: what two web processes and a worker on one PostgreSQL do together, with the real binary, real sockets and
//! a real Redis; also while each of them, and each thing they stand on, goes away and comes back.

mod fleet;
pub mod phone;

use std::time::Duration;

use nextmove::sandbox::meta::{Fault, FaultRequest};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::{
    server::{KEYS, Server, client, free_port},
    world::{APP_SECRET, TestApp, VERIFY_TOKEN},
};
use fleet::{Fleet, REDIS_PASSWORD, Redis, eventually};
use phone::Phone;

const HEARD: &str = "nextmove_bell_heard_total";
const TOLD: &str = "nextmove_bell_told_total";
const LOOKS: &str = "nextmove_session_looks_total";

/// Two phones on each web process, which may go to the other one.
async fn phones(fleet: &Fleet) -> Vec<Phone> {
    let [a, b] = fleet.ports();
    let mut phones = Vec::new();
    for (at, ports) in [(0, vec![a, b]), (1, vec![b, a])] {
        for email in ["asha@example.com", "ravi@example.com"] {
            // The session is opened at the other process: they are the database's.
            let cookie = fleet.sign_in(1 - at, email).await;
            phones.push(Phone::open(&format!("{email} at {at}"), &cookie, ports.clone()));
        }
    }
    for phone in &phones {
        until("a greeting", async || phone.seen().hellos > 0).await;
    }
    phones
}

/// Asks until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    eventually(what, async || is_so().await.then_some(()).ok_or_else(|| "not yet".to_owned())).await;
}

/// Announces leads until this figure of the process has grown. (One lead may be seen by itself before its notice is.)
async fn grows(fleet: &Fleet, server: &Server, figure: &str, label: &str, before: f64) {
    until(&format!("{figure} {label}"), async || {
        fleet.meta.announce(1).await;
        server.metric(figure, &[label]).await > before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn woken_by_notify_also_while_postgres_and_every_process_restart() {
    let mut fleet = Fleet::start().await;
    let phones = phones(&fleet).await;

    // Every event reaches every socket, wherever the webhook came and whoever stored the lead.
    fleet.meta.announce(12).await;
    fleet.everything_is_everywhere(&phones).await;
    for web in &fleet.web {
        grows(&fleet, web, HEARD, "notify", 0.0).await;
        grows(&fleet, web, "nextmove_live_reads_total", "bell", 0.0).await;
    }
    grows(&fleet, &fleet.worker, HEARD, "notify", 0.0).await;
    let asked = client().get(fleet.worker.url("/api/session")).send().await.expect("it answers");
    assert_eq!(asked.status(), 404, "a worker serves nobody");

    // Who signs out at one process is gone from the other one's sockets.
    let cookie = fleet.sign_in(0, "ravi@example.com").await;
    let leaving = Phone::open("who leaves", &cookie, vec![fleet.web[1].port]);
    until("a greeting", async || leaving.seen().hellos > 0).await;
    let looks = fleet.web[1].metric(LOOKS, &["bell"]).await;
    fleet.sign_out(0, &cookie).await;
    until("signed out everywhere", async || leaving.seen().ended).await;
    until("it was told", async || fleet.web[1].metric(LOOKS, &["bell"]).await > looks).await;

    // PostgreSQL goes away: who delivers is told to come again, and nobody is thrown out. It comes back, and so does everything.
    let cookie = fleet.sign_in(1, "asha@example.com").await;
    fleet.stop_postgres().await;
    let late = Phone::open("who opens it meanwhile", &cookie, vec![fleet.web[1].port]);
    for refused in [fleet.web[0].post_webhook().await, fleet.web[1].get("/api/session", &cookie).await] {
        assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));
    }
    fleet.start_postgres().await;
    fleet.meta.announce(8).await;
    fleet.everything_is_everywhere(&phones).await;
    until("a greeting", async || late.seen().hellos > 0).await;
    assert!(late.seen().wrong.is_empty(), "{:?}", late.seen().wrong);
    drop(late);
    for web in &fleet.web {
        grows(&fleet, web, HEARD, "notify", web.metric(HEARD, &["notify"]).await).await;
    }
    fleet.everything_is_everywhere(&phones).await;

    // Each process in turn is told to stop and replaced, under a stream of deliveries.
    let stop = CancellationToken::new();
    let stream = tokio::spawn({
        let (meta, stop) = (fleet.meta.clone(), stop.clone());
        async move {
            while !stop.is_cancelled() {
                meta.announce(1).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    for server in fleet.all() {
        server.terminate();
        assert!(server.ended().await.success(), "{}", server.read_log());
        server.set("DRAIN_DELAY_SECONDS", "100"); // for what comes after
        server.set("DRAIN_SECONDS", "120");
        server.start();
        server.ready().await;
    }
    stop.cancel();
    stream.await.expect("every delivery was taken");
    fleet.everything_is_everywhere(&phones).await;
    for phone in &phones {
        assert!(phone.seen().moved > 0, "{} was told to go elsewhere", phone.name);
    }

    // While it waits for the balancers to notice it still serves; told a second time it ends at once.
    let web = &mut fleet.web[0];
    web.terminate();
    until("it says that it is not ready", async || web.readiness().await == Some(503)).await;
    fleet.meta.announce(2).await;
    fleet.everything_is_everywhere(&phones).await;
    let web = &mut fleet.web[0];
    web.terminate();
    assert_eq!(web.ended().await.code(), Some(143));
}

/// What is asked of a process by whoever holds the cookie, from the app's own pages.
async fn ask(web: &Server, method: Method, path: &str, cookie: &str, body: Option<Value>) -> u16 {
    let asked = client().request(method, web.url(path)).header("cookie", cookie).header("if-match", "\"0\"");
    let asked = asked.header("sec-fetch-site", "same-origin");
    let asked = body.into_iter().fold(asked, |asked, body| asked.json(&body));
    asked.send().await.expect("the server answers").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_at_one_process_is_gone_at_the_other() {
    let fleet = Fleet::start().await;
    let [a, b] = &fleet.web;
    let (asha, mut ravi) = (fleet.sign_in(0, "asha@example.com").await, fleet.sign_in(0, "ravi@example.com").await);
    let session: Value = b.get("/api/session", &ravi).await.json().await.expect("a session");
    let ravis = format!("/api/team/{}", session["user"]["id"].as_str().expect("an id"));
    let open = async |cookie: &str| {
        let phone = Phone::open("ravi at b", cookie, vec![b.port]);
        until("a greeting", async || phone.seen().hellos > 0).await;
        phone
    };
    // Another role: at once on requests, and on the socket as soon as the event is read.
    let mut phone = open(&ravi).await;
    for (role, before, after) in [("owner", 403, 200), ("agent", 200, 403)] {
        assert_eq!(b.get("/api/access", &ravi).await.status(), before);
        assert_eq!(ask(a, Method::PATCH, &ravis, &asha, Some(json!({ "role": role }))).await, 204);
        assert_eq!(b.get("/api/access", &ravi).await.status(), after, "{role}");
        until("told to fetch anew", async || !phone.seen().wrong.is_empty()).await;
        assert_eq!(std::mem::take(&mut phone.seen().wrong), ["told to fetch everything anew"]);
    }

    // Told by the bell, and not only found by the sweep that looks every 15 s.
    let is_rung = async |before: f64| until("the bell", async || b.metric(LOOKS, &["bell"]).await > before).await;

    // The owner signs them out.
    let looks = b.metric(LOOKS, &["bell"]).await;
    assert_eq!(ask(a, Method::DELETE, &format!("{ravis}/sessions"), &asha, None).await, 204);
    assert_eq!(b.get("/api/session", &ravi).await.status(), 401);
    until("signed out", async || phone.seen().ended).await;
    is_rung(looks).await;

    // The organization's rules ask for what they do not have.
    ravi = fleet.sign_in(1, "ravi@example.com").await;
    phone = open(&ravi).await;
    assert_eq!(b.get("/api/leads", &ravi).await.status(), 200);
    let looks = b.metric(LOOKS, &["bell"]).await;
    let rules = json!({ "second_factor": "everybody", "allowed_networks": [] });
    assert_eq!(ask(a, Method::PUT, "/api/access", &asha, Some(rules)).await, 200);
    assert_eq!(b.get("/api/leads", &ravi).await.status(), 403);
    until("signed out", async || phone.seen().ended).await;
    is_rung(looks).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_ends_gives_its_jobs_back_and_those_of_one_that_is_killed_come_back() {
    let mut fleet = Fleet::start().await;
    let running = "select count(*) from jobs where state = 'running'";
    let slow = |count, delay_ms| FaultRequest { fault: Fault::Slow, count, delay_ms: Some(delay_ms), on: None };

    // Two run, and two wait for their places.
    fleet.meta.sandbox.queue_fault(slow(2, 5000));
    fleet.meta.announce(8).await;
    until("it has taken more than it can do", async || fleet.count(running).await > 2).await;
    fleet.worker.terminate();
    assert!(fleet.worker.ended().await.success());
    assert_eq!(fleet.count(running).await, 0, "nothing waits for a lease");
    assert_eq!(fleet.count("select count(*) from jobs where attempt > 0").await, 0, "and nothing is held against it");
    assert!(fleet.worker.read_log().contains("gave jobs back"));

    // What takes longer than the process may is broken off, and given back too.
    fleet.worker.set("DRAIN_SECONDS", "9");
    fleet.meta.sandbox.queue_fault(slow(2, 60_000));
    fleet.worker.start();
    until("what hangs takes both places", async || fleet.count(running).await > 2).await;
    fleet.worker.terminate();
    assert!(fleet.worker.ended().await.success());
    assert_eq!(fleet.count(running).await, 0);

    // Killed: its leases run out.
    fleet.meta.sandbox.clear_faults();
    fleet.meta.sandbox.queue_fault(slow(2, 60_000));
    fleet.worker.start();
    until("what hangs takes both places", async || fleet.count(running).await > 2).await;
    fleet.worker.kill();
    assert!(fleet.count(running).await > 2, "they are its own until their leases end");
    fleet.meta.sandbox.clear_faults();
    let mut connection = fleet.connection().await;
    let aged = "update jobs set lease_until = lease_until - interval '1 minute' where state = 'running'";
    sqlx::query(aged).execute(&mut connection).await.expect("time passes");
    fleet.worker.start();
    fleet.everything_is_everywhere(&[]).await;
    assert_eq!(fleet.count("select count(*) from jobs where state = 'dead'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn woken_by_redis_and_by_notify_while_it_is_away() {
    let mut fleet = Fleet::start().await;
    let port = free_port();
    let redis = Redis::start(port).await;
    for server in fleet.all() {
        server.kill();
        server.set("REDIS_URL", &format!("redis://:{REDIS_PASSWORD}@127.0.0.1:{port}"));
        server.start();
    }
    for server in fleet.all() {
        server.ready().await;
    }
    let phones = phones(&fleet).await;
    let everybody = async |up: f64| {
        for server in [&fleet.web[0], &fleet.web[1], &fleet.worker] {
            until("Redis is noticed", async || server.metric("nextmove_redis_up", &[]).await == up).await;
        }
    };
    let told = async |by: &str| {
        let mut all = 0.0;
        for server in [&fleet.web[0], &fleet.web[1], &fleet.worker] {
            all += server.metric(TOLD, &[by]).await;
        }
        all
    };

    // A machine that is busy enough makes a Redis that answers too late, and that is an absence like another.
    let losses = || -> usize {
        let servers = [&fleet.web[0], &fleet.web[1], &fleet.worker];
        servers.iter().map(|server| server.read_log().matches("Redis is gone").count()).sum()
    };

    everybody(1.0).await;
    let (notified, lost) = (told("notify").await, losses());
    fleet.meta.announce(12).await;
    fleet.everything_is_everywhere(&phones).await;
    for server in [&fleet.web[0], &fleet.web[1], &fleet.worker] {
        grows(&fleet, server, HEARD, "redis", 0.0).await;
    }
    until("with Redis nobody notifies", async || told("notify").await == notified || losses() > lost).await;
    let notified = told("notify").await;

    drop(redis);
    fleet.meta.announce(8).await;
    fleet.everything_is_everywhere(&phones).await;
    until("without it they notify", async || told("notify").await > notified).await;
    everybody(0.0).await;

    let redis = Redis::start(port).await;
    fleet.meta.announce(4).await;
    everybody(1.0).await;
    let (notified, by_redis, lost) = (told("notify").await, told("redis").await, losses());
    fleet.meta.announce(8).await;
    fleet.everything_is_everywhere(&phones).await;
    until("it is used again", async || told("redis").await > by_redis).await;
    until("nor again", async || told("notify").await == notified || losses() > lost).await;
    let notified = told("notify").await;

    // It is there, and does not answer.
    redis.freeze();
    fleet.meta.announce(4).await;
    fleet.everything_is_everywhere(&phones).await;
    until("they notify", async || told("notify").await > notified).await;
    everybody(0.0).await;
    redis.thaw();
    everybody(1.0).await;
    fleet.meta.announce(4).await;
    fleet.everything_is_everywhere(&phones).await;
    drop(redis);

    for server in fleet.all() {
        assert!(!server.read_log().contains(REDIS_PASSWORD), "the log shows the password");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_starts_on_a_newer_schema_and_not_on_an_older_one() {
    let app = TestApp::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let environment = [
        ("DATABASE_URL", app.app_url()),
        ("MIGRATION_DATABASE_URL", app.owner_url()),
        ("MASTER_KEYS", KEYS.to_owned()),
        ("META_APP_SECRET", APP_SECRET.to_owned()),
        ("META_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
        ("PROCESS_ROLE", "web".to_owned()),
    ];
    let mut server = Server::new(&["serve"], &environment, folder.path().join("log"), free_port());
    let mut connection = PgConnection::connect(&app.superuser_url()).await.expect("a connection");

    let newest = "select max(version) from _sqlx_migrations";
    let newest: i64 = sqlx::query_scalar(newest).fetch_one(&mut connection).await.expect("a version");
    let hide = "update _sqlx_migrations set success = not success where version = $1";
    sqlx::query(hide).bind(newest).execute(&mut connection).await.expect("hidden");
    server.start();
    assert!(!server.ended().await.success());
    assert!(server.read_log().contains("run `nextmove migrate`"), "{}", server.read_log());
    sqlx::query(hide).bind(newest).execute(&mut connection).await.expect("shown");

    // A newer release has migrated, and this one is rolled back to.
    let add =
        "insert into _sqlx_migrations select version + 1000, 'newer', installed_on, success, checksum, execution_time
               from _sqlx_migrations where version = $1";
    sqlx::query(add).bind(newest).execute(&mut connection).await.expect("added");
    server.run(&["migrate"], "");
    server.start();
    server.ready().await;
    server.terminate();
    assert!(server.ended().await.success());
}
