//! Traces and errors as they leave the house (LP-059): a real server exports to a collector, which decodes what it was sent and looks for what
//! must be in it, and for what must not.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use nextmove::sandbox::meta::{HowToDeliver, NewLead};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;
use sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;

use crate::{
    server::{KEYS, Server, free_port},
    webhooks::{all_leads, connect},
    world::{APP_SECRET, TestApp, VERIFY_TOKEN},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

type Kept = Arc<Mutex<Vec<Bytes>>>;

/// A collector of traces and of errors. Gives its port, and what it is sent.
async fn collector() -> (u16, Kept, Kept) {
    async fn keep(State(kept): State<Kept>, body: Bytes) -> &'static str {
        kept.lock().expect("nobody panicked with it").push(body);
        ""
    }
    let (traces, errors) = (Kept::default(), Kept::default());
    let router = Router::new()
        .route("/v1/traces", post(keep))
        .with_state(traces.clone())
        .merge(Router::new().route("/api/1/envelope/", post(keep)).with_state(errors.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (port, traces, errors)
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let value = attributes.iter().find(|known| known.key == name)?.value.clone()?.value?;
    Some(match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

fn spans(traces: &[Bytes]) -> Vec<Span> {
    let mut spans = Vec::new();
    for body in traces {
        let request = ExportTraceServiceRequest::decode(body.clone()).expect("OTLP");
        for resource in request.resource_spans {
            let service = resource.resource.map(|resource| text(&resource.attributes, "service.name"));
            assert_eq!(service, Some(Some("nextmove".to_owned())));
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    spans
}

/// Of a server that exports to the collector at `port`.
fn environment(database: String, folder: &Path, port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", database),
        ("DATA_DIR", folder.display().to_string()),
        ("MASTER_KEYS", KEYS.to_owned()),
        ("META_APP_SECRET", APP_SECRET.to_owned()),
        ("META_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
        ("LOG_FORMAT", "json".to_owned()),
        ("TRUST_TRACEPARENT", "true".to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{port}")),
        ("SENTRY_DSN", format!("http://key@127.0.0.1:{port}/1")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_or_is_broken_off_is_told_too() {
    let (port, traces, errors) = collector().await;
    let told = |of: &Kept| std::mem::take(&mut *of.lock().expect("nobody panicked with it"));
    let folder = tempfile::tempdir().expect("a folder");
    let start = |database: String| {
        let environment = environment(database, folder.path(), port);
        let mut server = Server::new(&["serve"], &environment, folder.path().join("log"), free_port());
        server.start();
        server
    };
    // Nobody is there.
    let mut server = start(format!("postgres://nextmove:hush@127.0.0.1:{}/nextmove", free_port()));
    assert!(!server.ended().await.success());
    assert!(server.read_log().contains("The database does not answer"), "{}", server.read_log());
    let names: Vec<String> = spans(&told(&traces)).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["start"]);
    let errors = String::from_utf8(told(&errors).concat()).expect("text");
    assert!(errors.contains("NextMove ends by an error"), "Sentry is told: {errors}");
    assert!(!errors.contains("hush") && !server.read_log().contains("hush"));

    // Somebody is there who never says anything, and a person who does not wait for that.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let mut server = start(format!("postgres://nextmove:hush@{address}/nextmove"));
    let _held = silent.accept().await.expect("it connects");
    server.terminate();
    assert!(server.ended().await.success(), "stopped, as it was told: {}", server.read_log());
    let names: Vec<String> = spans(&told(&traces)).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["start"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_and_errors_arrive_and_tell_nothing_of_anybody() {
    let app = TestApp::new().await;
    connect(&app).await;
    let (port, traces, errors) = collector().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut environment = environment(app.app_url(), folder.path(), port);
    environment.push(("META_GRAPH_URL", app.app.config.meta.graph_url.to_string()));
    let mut server = Server::new(&["serve"], &environment, folder.path().join("log"), free_port());
    server.start();
    server.ready().await;

    let person = NewLead {
        full_name: Some("Quetzal Nordmann".to_owned()),
        phone: Some("+4740055123".to_owned()),
        email: Some("quetzal@example.com".to_owned()),
        ..NewLead::default()
    };
    let id = app.sandbox.add_lead(&person);
    app.sandbox.deliver(&[id], &HowToDeliver::default()).await;
    let begun = Instant::now();
    while all_leads(&app).await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the lead does not come: {}", server.read_log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A job that can never succeed is an error that somebody should see.
    let mut connection = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    sqlx::query(
        "insert into jobs (organization_id, kind, payload, run_at, created_at)
         values ($1, 'fetch_lead', '{\"leadgen_id\":\"x\",\"page_id\":\"1\",\"form_id\":null,\"received_at\":\"2026-03-02T09:00:00Z\"}', now() - interval '1 hour', now())",
    )
    .bind(app.world.acme.0)
    .execute(&mut connection)
    .await
    .expect("a job");
    while sqlx::query("delete from jobs where state = 'dead'")
        .execute(&mut connection)
        .await
        .expect("asked")
        .rows_affected()
        == 0
    {
        assert!(begun.elapsed() < Duration::from_secs(60), "the job is not buried: {}", server.read_log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let cookie = app.fresh_session(app.world.ravi).await;
    let asked = reqwest::Client::builder().no_proxy().build().expect("a client");
    let asked = asked.get(server.url("/api/leads?q=quetzal")).header("cookie", &cookie);
    asked.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01")).send().await.expect("answered");
    server.terminate();
    assert!(server.ended().await.success());

    let traces = traces.lock().expect("nobody panicked with it").clone();
    let spans = spans(&traces);
    let of = |name: &str, attribute: &str, value: &str| {
        spans.iter().find(|span| span.name == name && text(&span.attributes, attribute).as_deref() == Some(value))
    };
    let call = of("provider", "route", "{id}").expect("the call's span");
    let job = spans.iter().find(|span| span.span_id == call.parent_span_id).expect("the job's span");
    assert_eq!(job.trace_id, call.trace_id, "the call belongs to the job");
    let told = ["kind", "outcome"].map(|name| text(&job.attributes, name));
    assert_eq!(told, [Some("fetch_lead".to_owned()), Some("done".to_owned())]);
    assert_eq!(text(&call.attributes, "status").as_deref(), Some("200"));
    assert!(of("job", "outcome", "refused").is_some());
    let request = of("request", "path", "/api/leads").expect("the request's span");
    assert_eq!(hex::encode(&request.trace_id), TRACE, "it goes on with the proxy's trace");
    let log = server.read_log();
    assert!(log.contains(TRACE), "the log's lines carry the trace");

    let errors = errors.lock().expect("nobody panicked with it").clone();
    let told: String = errors.iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect();
    assert!(told.contains("job buried"), "Sentry is told: {told}");
    let sent: Vec<u8> = traces.iter().chain(&errors).flat_map(|body| body.to_vec()).collect();
    let sent = String::from_utf8_lossy(&sent).to_lowercase();
    let token = app.sandbox.pages()[0].token.to_lowercase();
    let secret = cookie.split('=').nth(1).expect("a value").to_lowercase();
    for personal in ["quetzal", "nordmann", "40055123", &token, &secret, APP_SECRET] {
        assert!(!sent.contains(personal), "{personal} left the house");
    }
}
