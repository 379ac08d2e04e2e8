//! The test of a connection: every way it can fail, with the step where it shows and what mends it.

use axum::{
    Router,
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::get,
};
use chrono::TimeDelta;
use nextmove::{
    db::Actor,
    integrations,
    sandbox::meta::{Fault, FaultRequest, NewLead, PageChange},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    webhooks::{all_leads, connect},
    world::{OWN_APP, TestApp},
};

const PAGE: &str = "104857600123456";
const FORM: &str = "998877665544332";
const STEPS: [&str; 7] = ["webhook_address", "app_secret", "token", "page", "subscription", "forms", "lead"];

async fn test(app: &TestApp) -> Value {
    app.asha().post(&format!("/api/connections/meta/pages/{PAGE}/tests"), json!({})).await.ok()
}

/// The step that failed first, and what mends it.
fn failed(test: &Value) -> Option<(String, String)> {
    let steps = test["steps"].as_array().expect("steps");
    let names: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(names, STEPS, "every step is told");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = steps.iter().find(|step| step["state"] == "failed");
    assert_eq!(test["ok"] == false, first.is_some());
    first.map(|step| (word(&step["step"]), word(&step["mend"])))
}

/// As the owner does it: with a token that Meta knows.
async fn connect_as_owner(app: &TestApp) {
    let path = format!("/api/connections/meta/pages/{PAGE}");
    let page = app.asha().put(&path, json!({ "token": "sandbox-page-token" })).await.ok();
    assert_eq!(page["health"], "untested");
    app.run_jobs().await;
}

fn fault(app: &TestApp, fault: Fault, on: &str) {
    app.sandbox.queue_fault(FaultRequest { fault, count: 1, delay_ms: None, on: Some(on.to_owned()) });
}

#[tokio::test]
async fn a_connection_that_works_passes_every_step() {
    let app = TestApp::new().await;
    connect_as_owner(&app).await;
    app.sandbox.add_lead(&NewLead::default());
    let tested = test(&app).await;
    assert_eq!(failed(&tested), None, "{tested}");
    assert!(tested["steps"].as_array().expect("steps").iter().all(|step| step["state"] == "ok"), "{tested}");
    assert!(all_leads(&app).await.is_empty(), "a test makes no lead");
    let setup = app.asha().get("/api/connections/meta").await.ok();
    assert_eq!((setup["pages"][0]["health"].as_str(), &setup["pages"][0]["test"]), (Some("working"), &tested));
    assert_eq!(setup["pages"][0]["token_end"], "oken");
    assert!(!setup.to_string().contains("sandbox-page-token"));
    assert_eq!(app.asha().get("/api/receipts").await.ok()["items"], json!([]));
    assert_eq!(app.olav().get("/api/operator/webhooks").await.ok()["items"], json!([]));
}

/// What is done to the page or to Graph; the step that shows it; what mends it.
type Case = (&'static str, fn(&TestApp), &'static str, &'static str);

#[tokio::test]
async fn every_failure_shows_at_its_step_with_what_mends_it() {
    let day = 86_400;
    let monday = crate::world::monday().timestamp();
    let cases: [Case; 33] = [
        (
            "dead",
            |app| app.sandbox.change_page(PAGE, PageChange { dead: Some(467), ..PageChange::default() }),
            "token",
            "token_invalid",
        ),
        (
            "removed",
            |app| app.sandbox.change_page(PAGE, PageChange { dead: Some(458), ..PageChange::default() }),
            "token",
            "token_app_removed",
        ),
        (
            "checkpoint",
            |app| app.sandbox.change_page(PAGE, PageChange { dead: Some(459), ..PageChange::default() }),
            "token",
            "token_checkpoint",
        ),
        (
            "password",
            |app| app.sandbox.change_page(PAGE, PageChange { dead: Some(460), ..PageChange::default() }),
            "token",
            "token_password",
        ),
        (
            "expired",
            |app| app.sandbox.change_page(PAGE, PageChange { dead: Some(463), ..PageChange::default() }),
            "token",
            "token_expired",
        ),
        (
            "over",
            |app| app.sandbox.change_page(PAGE, PageChange { expires_at: 1_772_000_000, ..PageChange::default() }),
            "token",
            "token_expired",
        ),
        (
            "data over",
            |app| {
                app.sandbox
                    .change_page(PAGE, PageChange { data_access_expires_at: 1_772_000_000, ..PageChange::default() })
            },
            "token",
            "data_access_expired",
        ),
        (
            "made anew",
            |app| app.sandbox.change_page(PAGE, PageChange { token: Some("another".into()), ..PageChange::default() }),
            "token",
            "token_invalid",
        ),
        (
            "other app",
            |app| app.sandbox.change_page(PAGE, PageChange { app_id: Some(OWN_APP.0.into()), ..PageChange::default() }),
            "token",
            "token_other_app",
        ),
        (
            "rights",
            |app| {
                app.sandbox.change_page(
                    PAGE,
                    PageChange { scopes: Some(vec!["pages_show_list".into()]), ..PageChange::default() },
                )
            },
            "token",
            "scopes_missing",
        ),
        ("app", |app| fault(app, Fault::TokenRevoked, "debug_token"), "token", "app_credentials"),
        ("throttled", |app| fault(app, Fault::Throttled, "debug_token"), "token", "throttled"),
        ("away", |app| fault(app, Fault::Error500, "debug_token"), "token", "meta_away"),
        ("html", |app| fault(app, Fault::Html, "me"), "page", "meta_away"),
        ("garbage", |app| fault(app, Fault::Garbage, "me"), "page", "meta_odd"),
        ("policy", |app| fault(app, Fault::Policy, "me"), "page", "policy_blocked"),
        ("gone", |app| fault(app, Fault::Gone, "me"), "page", "gone"),
        ("page's permission", |app| fault(app, Fault::Permission, "me"), "page", "permission"),
        ("revoked meanwhile", |app| fault(app, Fault::TokenRevoked, "me"), "page", "token_password"),
        ("subscription", |app| fault(app, Fault::Permission, "subscribed_apps"), "subscription", "permission"),
        ("subscription away", |app| fault(app, Fault::Error500, "subscribed_apps"), "subscription", "meta_away"),
        (
            "terms",
            |app| app.sandbox.change_page(PAGE, PageChange { without_terms: true, ..PageChange::default() }),
            "forms",
            "lead_terms",
        ),
        (
            "access",
            |app| app.sandbox.change_page(PAGE, PageChange { without_lead_access: true, ..PageChange::default() }),
            "forms",
            "lead_access",
        ),
        ("forms", |app| fault(app, Fault::Permission, "leadgen_forms"), "forms", "permission"),
        ("forms throttled", |app| fault(app, Fault::Throttled, "leadgen_forms"), "forms", "throttled"),
        ("forms refused", |app| fault(app, Fault::Refused, "leadgen_forms"), "forms", "meta_refused"),
        ("leads", |app| fault(app, Fault::Permission, "leads"), "lead", "permission"),
        ("leads throttled", |app| fault(app, Fault::Throttled, "leads"), "lead", "throttled"),
        ("leads away", |app| fault(app, Fault::Error500, "leads"), "lead", "meta_away"),
        ("leads odd", |app| fault(app, Fault::Garbage, "leads"), "lead", "meta_odd"),
        ("leads gone", |app| fault(app, Fault::Gone, "leads"), "lead", "gone"),
        ("leads blocked", |app| fault(app, Fault::Policy, "leads"), "lead", "policy_blocked"),
        ("leads refused", |app| fault(app, Fault::Refused, "leads"), "lead", "meta_refused"),
    ];
    let app = TestApp::new().await;
    connect_as_owner(&app).await;
    app.sandbox.add_lead(&NewLead::default());
    let mut wrong = Vec::new();
    for (what, harm, step, mend) in cases {
        harm(&app);
        let tested = test(&app).await;
        if failed(&tested) != Some((step.to_owned(), mend.to_owned())) {
            wrong.push(format!("{what}: {:?} instead of {step}, {mend}", failed(&tested)));
        }
        app.sandbox.clear_faults();
        app.sandbox.change_page(PAGE, PageChange::default());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // All is well again, and the connection with it.
    assert_eq!(failed(&test(&app).await), None);
    assert_eq!(app.asha().get("/api/connections/meta").await.ok()["pages"][0]["health"], "working");
    // What is well may still want a word.
    for (change, step, mend, state) in [
        (PageChange { expires_at: monday + 3 * day, ..PageChange::default() }, 2, "token_expires_soon", "ok"),
        (PageChange { without_forms: true, ..PageChange::default() }, 5, "no_forms", "ok"),
        (PageChange { without_forms: true, ..PageChange::default() }, 6, "no_lead", "skipped"),
    ] {
        app.sandbox.change_page(PAGE, change);
        let tested = test(&app).await;
        let step = &tested["steps"][step];
        assert_eq!((step["mend"].as_str(), step["state"].as_str()), (Some(mend), Some(state)), "{tested}");
        assert_eq!(tested["ok"], true);
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn a_page_that_tells_nobody_is_subscribed_by_connecting_it() {
    let app = TestApp::new().await;
    connect(&app).await; // on the command line, which asks Meta nothing
    let not_yet = Some(("subscription".to_owned(), "not_subscribed".to_owned()));
    assert_eq!(failed(&test(&app).await), not_yet);
    app.asha().put(&format!("/api/connections/meta/pages/{PAGE}"), json!({ "token": "sandbox-page-token" })).await.ok();
    assert_eq!(failed(&test(&app).await), None);
    let forms = app.asha().get("/api/forms/mappings").await.ok();
    assert_eq!(forms["items"][0]["external_id"], FORM, "and its forms are read");
    app.run_jobs().await;
}

#[tokio::test]
async fn what_the_test_sees_breaks_and_mends_the_connection() {
    let app = TestApp::new().await;
    connect_as_owner(&app).await;
    app.sandbox.change_page(PAGE, PageChange { dead: Some(460), ..PageChange::default() });
    assert!(failed(&test(&app).await).is_some());
    let page = app.asha().get("/api/connections/meta").await.ok()["pages"][0].clone();
    assert_eq!((page["health"].as_str(), page["broken_reason"].as_str()), (Some("broken"), Some("token_dead")));
    // A lead that comes meanwhile waits.
    let id = app.sandbox.add_lead(&NewLead::default());
    app.sandbox.deliver(&[id], &nextmove::sandbox::meta::HowToDeliver::default()).await;
    app.run_jobs().await;
    let receipts = app.asha().get("/api/receipts?state=waiting").await.ok();
    assert_eq!(receipts["items"][0]["state"], "retrying");
    assert_eq!(receipts["items"][0]["reason"], "broken");
    assert!(receipts["items"][0]["next_at"].is_string());
    // The password is old again; nobody gave another token.
    app.sandbox.change_page(PAGE, PageChange::default());
    assert_eq!(failed(&test(&app).await), None);
    app.run_jobs().await;
    app.run_jobs().await;
    assert_eq!(all_leads(&app).await.len(), 1, "what waited is here");
    let receipts = app.asha().get("/api/receipts").await.ok();
    assert_eq!(receipts["items"][0]["state"], "fetched");
    assert_eq!(receipts["items"][0]["lead_id"], all_leads(&app).await[0]["id"]);
}

/// What stands at our address instead of us.
#[tokio::test]
async fn an_address_that_is_not_ours_is_told_from_one_that_is() {
    #[derive(serde::Deserialize)]
    struct Asked {
        #[serde(rename = "hub.challenge")]
        challenge: String,
    }
    let echo = async |Query(asked): Query<Asked>| asked.challenge;
    let routers: [(Router, &str, &str); 5] = [
        (
            Router::new().fallback(async || Redirect::permanent("https://example.com")),
            "webhook_address",
            "address_redirects",
        ),
        (
            Router::new().fallback(async || StatusCode::FORBIDDEN.into_response()),
            "webhook_address",
            "handshake_refused",
        ),
        (Router::new().fallback(async || "Welcome to nginx!"), "webhook_address", "handshake_other"),
        (
            Router::new().fallback(async || StatusCode::BAD_GATEWAY.into_response()),
            "webhook_address",
            "address_unreachable",
        ),
        (
            Router::new().route("/webhooks/meta-lead", get(echo).post(async || StatusCode::UNAUTHORIZED)),
            "app_secret",
            "signature_refused",
        ),
    ];
    for (router, step, mend) in routers {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let app = TestApp::with(|config| {
            config.http.public_url = format!("http://{address}").parse().expect("a URL");
        })
        .await;
        connect_as_owner(&app).await;
        assert_eq!(failed(&test(&app).await), Some((step.to_owned(), mend.to_owned())));
        serving.abort();
        app.run_jobs().await;
    }
    let nobody = TestApp::with(|config| config.http.public_url = "http://127.0.0.1:1".parse().expect("a URL")).await;
    connect_as_owner(&nobody).await;
    let unreachable = Some(("webhook_address".to_owned(), "address_unreachable".to_owned()));
    assert_eq!(failed(&test(&nobody).await), unreachable);
    nobody.run_jobs().await;
}

#[tokio::test]
async fn without_the_apps_id_the_token_shows_itself_at_the_page() {
    let app = TestApp::with(|config| config.meta.app_id = None).await;
    connect_as_owner(&app).await;
    let tested = test(&app).await;
    assert_eq!(
        (tested["steps"][2]["state"].as_str(), tested["steps"][2]["mend"].as_str()),
        (Some("skipped"), Some("app_id_missing"))
    );
    app.sandbox.change_page(PAGE, PageChange { dead: Some(463), ..PageChange::default() });
    assert_eq!(failed(&test(&app).await), Some(("page".to_owned(), "token_expired".to_owned())));
    app.run_jobs().await;
}

#[tokio::test]
async fn a_token_is_tried_before_it_is_kept() {
    let app = TestApp::new().await;
    let put = async |page: &str, token: &str| {
        app.asha().put(&format!("/api/connections/meta/pages/{page}"), json!({ "token": token })).await
    };
    put("abc", "sandbox-page-token").await.refused(422, "page_id_invalid");
    put(PAGE, "  ").await.refused(422, "required");
    put(PAGE, "made-up").await.refused(422, "token_dead");
    put(PAGE, "stands in\nno header").await.refused(422, "token_dead");
    put("104857600999999", "sandbox-page-token").await.refused(422, "token_other_page");
    put(PAGE, "sandbox-user-token").await.refused(422, "token_other_page");
    app.sandbox.fail_next(Fault::Error500, 1);
    assert_eq!(put(PAGE, "sandbox-page-token").await.status, 503);
    assert_eq!(app.asha().get("/api/connections/meta").await.ok()["pages"], json!([]));
    put(PAGE, "sandbox-page-token").await.ok();
    // Another business with the same token does not get the page.
    let path = format!("/api/connections/meta/pages/{PAGE}");
    app.gita().put(&path, json!({ "token": "sandbox-page-token" })).await.refused(409, "page_taken");
    assert_eq!(app.gita().get("/api/connections/meta").await.ok()["pages"], json!([]));
    assert_eq!(app.gita().post(&format!("/api/connections/meta/pages/{PAGE}/tests"), json!({})).await.status, 404);
    assert_eq!(app.gita().delete(&format!("/api/connections/meta/pages/{PAGE}")).await.status, 404);
    assert_eq!(app.asha().delete(&format!("/api/connections/meta/pages/{PAGE}")).await.status, 204);
    assert_eq!(app.asha().get("/api/connections/meta").await.ok()["pages"], json!([]));
    app.run_jobs().await;
}

/// A job or a test that began before the owner gave another token may hear only now that the old one is refused.
#[tokio::test]
async fn a_refusal_of_the_token_before_breaks_nothing() {
    let app = TestApp::new().await;
    connect_as_owner(&app).await;
    let before = app.clock.now();
    app.advance(TimeDelta::minutes(1));
    connect_as_owner(&app).await;
    let refused = async |known_at| {
        let write = app.app.db.write(app.world.acme, Actor::System, async |tx| {
            integrations::mark_broken(tx, PAGE, "token_dead", known_at).await
        });
        write.await.expect("written");
        app.run_jobs().await;
        app.asha().get("/api/connections/meta").await.ok()["pages"][0]["health"].clone()
    };
    assert_eq!(refused(before).await, "untested", "another token was given since");
    assert_eq!(refused(app.clock.now()).await, "broken");
}
