//! The release as it runs, with everything going wrong at once: the server is killed with -9 in mid-flight, again and again; PostgreSQL is
//! restarted under it; Graph answers 500, garbage, slowly, throttles, and revokes the token; every webhook is delivered three times. At the
//! end every lead is there, once; the stream of events has no gap; and nothing personal was ever logged.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use nextmove::{
    db::setup,
    sandbox::meta::{self, Fault, HowToDeliver, Ids, NewLead, Sandbox},
    types::clock::Clock,
};
use sqlx::{Connection, PgConnection};

use crate::{
    server::{KEYS, Server, cluster, free_port},
    world::{APP_SECRET, VERIFY_TOKEN},
};

const LEADS: usize = 120;
/// In every name and address of this test, so that a log that shows a person is found out.
const MARK: &str = "Quetzal";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled_whatever_happens() {
    let folder = tempfile::Builder::new().prefix("nextmove-faults-").tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("PostgreSQL's user may pass");
    let path = folder.path().to_owned();
    let mut embedded = tokio::task::spawn_blocking(move || cluster(&path)).await.expect("started");
    setup::create_database(|database| embedded.url("postgres", database), "nextmove").await.expect("a database");
    setup::migrate(&embedded.url(setup::OWNER, "nextmove")).await.expect("migrations");

    let port = free_port();
    let graph = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let environment = [
        ("DATABASE_URL", embedded.url(setup::APP, "nextmove")),
        ("DATA_DIR", folder.path().display().to_string()),
        ("MASTER_KEYS", KEYS.to_owned()),
        ("META_APP_SECRET", APP_SECRET.to_owned()),
        ("META_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
        ("META_GRAPH_URL", format!("http://{}", graph.local_addr().expect("an address"))),
        ("RUST_LOG", "debug,hyper=info,h2=info".to_owned()),
        ("LOG_FORMAT", "json".to_owned()),
    ];
    let mut server = Server::new(&["serve"], &environment, folder.path().join("server.log"), port);
    let sandbox = Sandbox::new(meta::Options {
        app_secret: APP_SECRET.to_owned(),
        verify_token: VERIFY_TOKEN.to_owned(),
        webhook_url: format!("http://127.0.0.1:{port}/webhooks/meta-lead").parse().ok(),
        first_gap: Duration::from_millis(100),
        attempts: 60,
        ..meta::Options::new(|| Clock::Real.now())
    });
    tokio::spawn(meta::serve(graph, sandbox.clone()));
    let page = sandbox.pages()[0].clone();
    server.run(
        &[
            "organization",
            "create",
            "--slug",
            "acme",
            "--name",
            "Acme",
            "--country",
            "NO",
            "--time-zone",
            "Europe/Oslo",
            "--locale",
            "nb",
        ],
        "",
    );
    let connect = ["page", "connect", "--organization", "acme", "--page-id", &page.id, "--name", "Acme"];
    server.run(&connect, &page.token);
    server.start();
    server.ready().await;

    let ids: Vec<String> = (0..LEADS).map(|number| sandbox.add_lead(&somebody(number))).collect();
    let deliveries = tokio::spawn({
        let (sandbox, ids) = (sandbox.clone(), ids.clone());
        async move {
            for (round, some) in ids.chunks(10).enumerate() {
                let how = HowToDeliver {
                    times: 3,
                    batch: 1 + round % 4,
                    ids: if round % 2 == 0 { Ids::String } else { Ids::Number },
                };
                sandbox.deliver(some, &how).await;
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        }
    });
    for (number, fault) in
        [Fault::Error500, Fault::Garbage, Fault::Slow, Fault::Html, Fault::Gone].into_iter().enumerate()
    {
        sandbox.fail_next(fault, 4);
        tokio::time::sleep(Duration::from_millis(350)).await;
        server.kill();
        if number % 2 == 1 {
            let path = folder.path().to_owned();
            embedded = tokio::task::spawn_blocking(move || {
                embedded.stop().expect("PostgreSQL stops");
                drop(embedded);
                cluster(&path)
            })
            .await
            .expect("restarted");
        }
        server.start();
        server.ready().await;
    }
    // Also under a server that goes on.
    let path = folder.path().to_owned();
    let mut embedded = tokio::task::spawn_blocking(move || {
        embedded.stop().expect("PostgreSQL stops");
        drop(embedded);
        cluster(&path)
    })
    .await
    .expect("restarted");
    sandbox.fail_next(Fault::TokenRevoked, 2);
    deliveries.await.expect("everything was delivered");
    sandbox.fail_next(Fault::Throttled, 1);
    sandbox.deliver(&ids[..20], &HowToDeliver { times: 1, ..HowToDeliver::default() }).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    sandbox.clear_faults();
    server.run(&connect, &page.token); // a person mends the connection: what waited is fetched now

    let mut connection = PgConnection::connect(&embedded.url("postgres", "nextmove")).await.expect("a connection");
    let begun = Instant::now();
    loop {
        let stored: i64 = sqlx::query_scalar("select count(*) from lead_enquiries")
            .fetch_one(&mut connection)
            .await
            .expect("a count");
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from jobs where state in ('ready', 'running') and kind = 'fetch_lead'")
                .fetch_one(&mut connection)
                .await
                .expect("a count");
        if stored >= i64::try_from(LEADS).expect("few") && waiting == 0 {
            break;
        }
        if begun.elapsed() > Duration::from_secs(120) {
            let jobs: Vec<String> =
                sqlx::query_scalar("select kind || ' ' || state || ' ' || coalesce(last_error, '') from jobs")
                    .fetch_all(&mut connection)
                    .await
                    .expect("rows");
            panic!("{stored} of {LEADS} after {:?}: {jobs:#?}", begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut stored: Vec<String> =
        sqlx::query_scalar("select meta_lead_id from lead_enquiries").fetch_all(&mut connection).await.expect("rows");
    stored.sort();
    let mut expected = ids;
    expected.sort();
    assert_eq!(stored, expected, "every lead, once");
    let leads: i64 =
        sqlx::query_scalar("select count(*) from leads").fetch_one(&mut connection).await.expect("a count");
    assert_eq!(leads, i64::try_from(LEADS).expect("few"), "none doubled");
    let (captured, events, head): (i64, i64, i64) =
        sqlx::query_as("select count(*) filter (where kind = 'lead_captured'), count(*), max(sequence) from events")
            .fetch_one(&mut connection)
            .await
            .expect("counts");
    assert_eq!((captured, events), (leads, head), "each told once, and the sequence has no gap");
    let dead: i64 = sqlx::query_scalar("select count(*) from jobs where state = 'dead'")
        .fetch_one(&mut connection)
        .await
        .expect("a count");
    assert_eq!(dead, 0);
    connection.close().await.expect("closed");

    server.kill();
    let log = fs::read_to_string(&server.log).expect("the log");
    // How long a statement took may have any digits.
    let log = log.lines().map(without_durations).collect::<Vec<_>>().join("\n");
    assert!(log.contains(":\"DEBUG\""), "the log tells a lot");
    for secret in [MARK, &MARK.to_lowercase(), "4740055", "40055", page.token.as_str(), APP_SECRET] {
        let shown = log.lines().find(|line| line.contains(secret));
        assert!(shown.is_none(), "the log shows {secret}: {}", shown.unwrap_or_default());
    }
    tokio::task::spawn_blocking(move || embedded.stop()).await.expect("joined").expect("stopped");
}

fn without_durations(line: &str) -> String {
    // A time may have any digits too.
    let line = line.split_once("\"level\"").map_or(line, |(_, rest)| rest);
    let mut parts = line.split("\"elapsed");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + part.split_once(',').map_or("", |(_, rest)| rest))
}

fn somebody(number: usize) -> NewLead {
    NewLead {
        full_name: Some(format!("{MARK} Number {number}")),
        phone: Some(format!("+4740055{number:03}")),
        email: Some(format!("{}{number}@example.com", MARK.to_lowercase())),
        test: Some(false),
        ..NewLead::default()
    }
}
