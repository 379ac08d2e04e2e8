//! What a client may send, how long it is waited for, and that those who misuse it keep nobody else out. Over real sockets.

use std::time::Duration;

use futures::{StreamExt, stream::FuturesUnordered};
use nextmove::sandbox::meta::{Delivery, HowToDeliver, NewLead};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{webhooks::connect, world::TestApp};

async fn socket(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address.trim_start_matches("http://")).await.expect("connected")
}

/// What the server says until it closes. Returns only because the server closes.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await; // a reset is an end too
    String::from_utf8_lossy(&said).into_owned()
}

/// Delivers some leads; every delivery must be answered 200.
async fn webhooks_are_answered(app: &TestApp, leads: usize) {
    let ids: Vec<String> = (0..leads).map(|_| app.sandbox.add_lead(&NewLead::default())).collect();
    for id in ids {
        let delivered = app.sandbox.deliver(&[id], &HowToDeliver::default()).await;
        assert!(!delivered.is_empty() && delivered.iter().all(Delivery::acknowledged), "{delivered:?}");
    }
}

#[tokio::test]
async fn sockets_that_say_nothing_or_little_stop_no_webhook() {
    let app = TestApp::with(|config| {
        config.http.limits.connections = 50;
        // Nobody leaves by themselves while the test runs: those whose places are needed are sent away.
        config.http.limits.head = Duration::from_secs(600);
        config.http.limits.body = Duration::from_secs(600);
    })
    .await;
    connect(&app).await;
    let mut crowd = Vec::new();
    for number in 0..500 {
        let mut stream = socket(&app).await;
        // A third says nothing, a third is in its headers, a third in its body.
        let said: &[u8] = match number % 3 {
            0 => b"",
            1 => b"POST /webhooks/meta-lead HTTP/1.1\r\nhost: x\r\nx-a: ",
            _ => b"POST /webhooks/meta-lead HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{",
        };
        stream.write_all(said).await.ok(); // sent away already, perhaps
        crowd.push(stream);
        if number % 100 == 50 {
            webhooks_are_answered(&app, 2).await;
        }
    }
    webhooks_are_answered(&app, 10).await;
    app.anonymous().get("/readyz").await.ok();
    // They were not let in beside the limit: of 500 at most 50 are still there, and this returns because the others are not.
    let mut ends: FuturesUnordered<_> = crowd.iter_mut().map(until_closed).collect();
    for _ in 0..440 {
        assert_eq!(ends.next().await.as_deref(), Some(""), "sent away without a word");
    }
    drop(ends);
    drop(crowd);
    app.run_jobs().await;
}

#[tokio::test]
async fn whoever_reads_nothing_of_an_answer_keeps_nobody_out() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("assets")).expect("a folder");
    // More than lies between two ends of a connection.
    let large = std::fs::File::create(folder.path().join("assets/large.bin")).expect("a file");
    large.set_len(64 * 1024 * 1024).expect("long");
    let app = TestApp::with(|config| {
        config.http.pwa_dir = folder.path().to_owned();
        config.http.limits.connections = 20;
        // Nobody leaves by themselves while the test runs.
        config.http.limits.stall = Duration::from_secs(600);
        config.http.limits.idle = Duration::from_secs(600);
    })
    .await;
    let mut crowd = Vec::new();
    for _ in 0..20 {
        let mut stream = socket(&app).await;
        stream.write_all(b"GET /assets/large.bin HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        stream.readable().await.expect("it is answered");
        crowd.push(stream);
    }
    // As soon as the first of them cannot be told more, it goes.
    let mut said = String::new();
    for _ in 0..200 {
        let mut stream = socket(&app).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.ok();
        said = until_closed(&mut stream).await;
        if said.starts_with("HTTP/1.1 200") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("those who read nothing are answered for ever, and nobody else is: {said}");
}

#[tokio::test]
async fn whoever_is_slow_is_ended() {
    let app = TestApp::with(|config| {
        config.http.limits.head = Duration::from_millis(300);
        config.http.limits.body = Duration::from_millis(300);
        config.http.limits.idle = Duration::from_millis(300);
    })
    .await;
    assert_eq!(until_closed(&mut socket(&app).await).await, "", "nothing was said");

    let mut drip = socket(&app).await;
    let (mut reading, mut writing) = drip.split();
    let dripping = async {
        // A byte now and then does not buy time: the headers as a whole have theirs.
        for byte in b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ".iter().chain(std::iter::repeat(&b'a')) {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        () = dripping => {}
        read = reading.read_to_end(&mut said) => assert!(read.is_err() || !said.starts_with(b"HTTP/1.1 2")),
    }

    let mut idle = socket(&app).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    assert!(until_closed(&mut idle).await.starts_with("HTTP/1.1 200"), "answered, then closed");

    let mut body = socket(&app).await;
    body.write_all(
        b"POST /api/session HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    )
    .await
    .expect("sent");
    let said = until_closed(&mut body).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("problem:too-slow"), "{said}");
}

#[tokio::test]
async fn a_socket_that_never_says_whose_it_is_is_closed() {
    let app = TestApp::with(|config| config.http.limits.head = Duration::from_millis(300)).await;
    let url = format!("{}/socket.io/?EIO=4&transport=websocket", app.address.replace("http://", "ws://"));
    let (mut stream, _) = tokio_tungstenite::connect_async(url).await.expect("anybody may open one");
    let ended = async { while let Some(Ok(_)) = stream.next().await {} };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("nobody waits for it for ever");
}

#[tokio::test]
async fn a_full_server_says_so_and_still_takes_leads() {
    let app = TestApp::with(|config| config.http.limits.requests = 0).await;
    connect(&app).await;
    let answer = app.ravi().get("/api/leads").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json["retry_after"], 1);
    webhooks_are_answered(&app, 3).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(app.anonymous().get(path).await.status, 200, "{path}");
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn one_caller_takes_its_own_places_only() {
    let app = TestApp::with(|config| {
        config.http.trusted_hops = 1;
        config.http.limits.requests_per_caller = 0;
    })
    .await;
    let stranger = app.ravi().with_header("x-forwarded-for", "198.51.100.7");
    stranger.get("/api/leads").await.refused(429, "concurrency");
    app.ravi().get("/api/leads").await.ok();
}

/// Hashing takes its time on purpose, and many addresses may ask for it at once.
#[tokio::test]
async fn a_crowd_before_the_login_keeps_nobody_from_their_leads() {
    let app = TestApp::with(|config| {
        config.http.trusted_hops = 1;
        config.http.limits.requests = 40;
        config.http.limits.request = Duration::from_secs(600); // nobody leaves by themselves
    })
    .await;
    let hashing = app.app.hashing.acquire_many(2).await.expect("all there is");
    let log_in = async |number: u16| {
        let from = format!("198.51.{}.{}", number / 250, number % 250 + 1);
        let body = json!({ "email": format!("nobody{number}@example.com"), "password": "not a password of anybody" });
        app.anonymous().with_header("x-forwarded-for", &from).post("/api/session", body).await
    };
    let mut crowd: FuturesUnordered<_> = (0..100).map(log_in).collect();
    // All but the 32 who may wait are told so, whether they were let in or not.
    for _ in 0..68 {
        let refused = tokio::time::timeout(Duration::from_secs(60), crowd.next()).await;
        let refused = refused.expect("nobody else waits").expect("an answer");
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    }
    let leads = app.ravi().get("/api/leads").await;
    assert_eq!(leads.status, 200, "the rest of the server goes on");
    drop(hashing);
    while let Some(answer) = crowd.next().await {
        assert!(matches!(answer.status, 401 | 503), "{}", answer.status);
    }
}

#[tokio::test]
async fn sizes_have_limits() {
    let app = TestApp::new().await;
    let long = "a".repeat(9000);
    assert_eq!(app.ravi().get(&format!("/api/leads?q={long}")).await.status, 414);
    assert_eq!(app.ravi().with_header("x-long", &"a".repeat(40_000)).get("/api/leads").await.status, 431);
    let many = (0..120).fold(app.ravi(), |caller, _| caller.with_header("x-many", "1"));
    assert_eq!(many.get("/api/leads").await.status, 431);
    for (path, size) in [("/api/session", 300 * 1024), ("/webhooks/meta-lead", 3 * 1024 * 1024)] {
        let answer = app.anonymous().raw(Method::POST, path, "application/json", vec![b' '; size]).await;
        assert_eq!((answer.status, answer.header("content-type")), (413, Some("application/problem+json")), "{path}");
    }
}

/// Over every kind of answer: what a browser is told to refuse.
#[tokio::test]
async fn every_answer_carries_the_headers() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("assets")).expect("a folder");
    for (name, text) in
        [("index.html", "<!doctype html>"), ("assets/a-1.js", "1"), ("sw.js", "1"), ("logo.svg", "<svg/>")]
    {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let app = TestApp::with(|config| {
        config.http.pwa_dir = folder.path().to_owned();
        config.http.public_url = "https://app.example.com".parse().expect("a URL");
    })
    .await;
    let mut seen = Vec::new();
    for path in [
        "/",
        "/leads/x",
        "/assets/a-1.js",
        "/assets/missing.js",
        "/sw.js",
        "/logo.svg",
        "/api/leads",
        "/api/nothing",
        "/api/openapi.json",
        "/api/docs/",
        "/api/docs/swagger-ui.css",
        "/webhooks/meta-lead",
        "/healthz",
        "/readyz",
        "/metrics",
        "/socket.io/?EIO=4",
    ] {
        for answer in [
            app.ravi().get(path).await,
            app.anonymous().get(path).await,
            app.anonymous().send(Method::DELETE, path, None).await,
        ] {
            seen.push(answer.status);
            let header = |name| answer.header(name).unwrap_or_default().to_owned();
            let csp = header("content-security-policy");
            assert!(!csp.contains("unsafe"), "{path}: {csp}");
            for directive in [
                "default-src 'self'",
                "frame-ancestors 'none'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
            ] {
                assert!(csp.contains(directive), "{path}: {directive} is missing in {csp}");
            }
            assert_eq!(header("strict-transport-security"), "max-age=63072000", "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
            assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
            assert!(header("permissions-policy").contains("geolocation=()"), "{path}");
            assert!(!header("x-request-id").is_empty(), "{path}");
            if path.starts_with("/api") {
                assert_eq!(header("cache-control"), "no-store", "{path}");
            }
        }
    }
    for status in [200, 401, 403, 404, 405] {
        assert!(seen.contains(&status), "every kind of answer was looked at: {seen:?}");
    }
    let plain = TestApp::new().await.anonymous().get("/").await;
    assert_eq!(plain.header("strict-transport-security"), None, "only where there is TLS");
}
