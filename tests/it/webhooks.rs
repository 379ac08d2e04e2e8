//! From Meta's webhook to a stored lead (LP-035 … LP-037, LP-048, LP-060, LP-071).

use chrono::TimeDelta;
use nextmove::{
    db::Actor,
    integrations,
    providers::meta::AppSecret,
    sandbox::meta::{Fault, HowToDeliver, Ids, NewLead, Sandbox},
};
use serde_json::{Value, json};

use crate::world::{APP_SECRET, TestApp, VERIFY_TOKEN};

/// Connects the sandbox's page to acme.
pub async fn connect(app: &TestApp) {
    let page = page(&app.sandbox);
    let connected = app.app.db.write(app.world.acme, Actor::System, async |tx| {
        integrations::connect_page(tx, &page.id, &page.name, &page.token).await
    });
    connected.await.expect("the page is connected");
    app.run_jobs().await;
}

fn page(sandbox: &Sandbox) -> nextmove::sandbox::meta::PageOptions {
    sandbox.pages().first().expect("the sandbox plays a page").clone()
}

/// A lead made, delivered and captured.
pub async fn arrive(app: &TestApp, new: &NewLead) -> String {
    let id = app.sandbox.add_lead(new);
    let delivered = app.sandbox.deliver(std::slice::from_ref(&id), &HowToDeliver::default()).await;
    assert!(delivered.iter().all(nextmove::sandbox::meta::Delivery::acknowledged), "{delivered:?}");
    app.run_jobs().await;
    id
}

pub async fn all_leads(app: &TestApp) -> Vec<Value> {
    app.asha().get("/api/leads?limit=200").await.ok()["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn handshake_answers_the_bare_challenge_to_whoever_knows_the_token() {
    let app = TestApp::new().await;
    let ask = |token: &str| {
        format!("/webhooks/meta-lead?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}")
    };
    let answer = app.anonymous().get(&ask(VERIFY_TOKEN)).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "1158201444"));
    assert_eq!(app.anonymous().get(&ask("wrong")).await.status, 403);
    assert_eq!(app.anonymous().get("/webhooks/meta-lead").await.status, 403);
}

#[tokio::test]
async fn a_lead_arrives_mapped_with_consent_and_trace() {
    let app = TestApp::new().await;
    connect(&app).await;
    let id = arrive(
        &app,
        &NewLead {
            full_name: Some("Åse Bjørnsdotter 🏠".to_owned()),
            phone: Some("400 12 345".to_owned()),
            email: Some("Ase@Example.com".to_owned()),
            ..NewLead::default()
        },
    )
    .await;
    let lead = all_leads(&app).await.into_iter().next().expect("one lead");
    assert_eq!(lead["full_name"], "Åse Bjørnsdotter 🏠");
    assert_eq!(lead["phone"], "+4740012345", "E.164 by the organization's country");
    assert_eq!(lead["email"], "Ase@Example.com");
    assert_eq!(lead["meta_lead_id"], id.as_str());
    assert_eq!((lead["status"].as_str(), lead["source"].as_str()), (Some("new"), Some("meta")));
    assert_eq!(lead["due_at"], "2026-03-02T09:15:00Z", "the clock starts when the person sent it");
    let detail = app.ravi().get(&format!("/api/leads/{}", lead["id"].as_str().expect("an id"))).await;
    assert_eq!(detail.header("etag"), Some("\"1\""));
    let detail = detail.ok();
    assert!(!detail["answers"].as_array().expect("answers").is_empty(), "custom questions are kept: {detail}");
    assert!(detail["answers"][0]["label"].as_str().is_some_and(|label| !label.is_empty()), "with their labels");
    let consents = detail["consents"].as_array().expect("consents");
    assert!(
        consents
            .iter()
            .any(|consent| consent["given"] == true && consent["text_version"].as_str().is_some_and(|v| v.len() == 16)),
        "{consents:?}"
    );
    for door in ["meta_created_at", "received_at", "fetched_at", "stored_at"] {
        assert!(detail["trace"][door].is_string(), "{door} is traced");
    }
    let campaigns = app.ravi().get("/api/campaigns").await.ok();
    if let Some(campaign) = lead["campaign_id"].as_str() {
        assert!(campaigns["items"].as_array().expect("items").iter().any(|known| known["id"] == campaign));
    }
    assert_eq!(app.ravi().get("/api/forms").await.ok()["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn delivered_three_times_in_batches_with_numbers_for_ids_it_stays_one_lead_each() {
    let app = TestApp::new().await;
    connect(&app).await;
    let ids: Vec<String> =
        (0..40).map(|_| app.sandbox.add_lead(&NewLead { organic: Some(true), ..NewLead::default() })).collect();
    for how in
        [HowToDeliver { times: 2, batch: 7, ids: Ids::Number }, HowToDeliver { times: 1, batch: 40, ids: Ids::String }]
    {
        app.sandbox.deliver(&ids, &how).await;
    }
    app.run_jobs().await;
    app.sandbox.deliver(&ids[..10], &HowToDeliver::default()).await;
    app.run_jobs().await;
    let mut stored = submissions(&app).await;
    stored.sort();
    let mut expected = ids.clone();
    expected.sort();
    assert_eq!(stored, expected);
}

/// Every submission stored, by Meta's id.
async fn submissions(app: &TestApp) -> Vec<String> {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    sqlx::query_scalar("select meta_lead_id from lead_enquiries").fetch_all(&mut connection).await.expect("rows")
}

#[tokio::test]
async fn only_metas_signature_over_the_exact_bytes_is_taken() {
    let app = TestApp::new().await;
    connect(&app).await;
    let body = format!(
        r#"{{"object":"page","entry":[{{"id":"{}","changes":[{{"field":"leadgen","value":{{"leadgen_id":"77","page_id":"{}","note":"\u00c5se\/\ud83c\udfe0"}}}}]}}]}}"#,
        page(&app.sandbox).id,
        page(&app.sandbox).id
    );
    let post = async |body: &str, signature: Option<String>| {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut request = client.post(format!("{}/webhooks/meta-lead", app.address)).body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        request.send().await.expect("an answer").status().as_u16()
    };
    let sign = |body: &str| AppSecret::new(APP_SECRET.as_bytes()).sign(body.as_bytes());
    assert_eq!(post(&body, None).await, 401);
    assert_eq!(post(&body, Some("sha256=00".to_owned())).await, 401);
    assert_eq!(post(&body.replace("\\u00c5", "Å"), Some(sign(&body))).await, 401, "the same JSON in other bytes");
    assert_eq!(post(&body, Some(sign(&body))).await, 200);
    let large = format!("{{\"x\":\"{}\"}}", "a".repeat(3_000_000));
    assert_eq!(post(&large, Some(sign(&large))).await, 413);
    // Meta knows no lead 77: after a few tries it is buried, with the reason, for an operator to see.
    for _ in 0..6 {
        app.run_jobs().await;
        app.advance(TimeDelta::hours(1));
    }
    let buried = app.olav().get("/api/operator/jobs").await.ok();
    assert_eq!(buried["items"][0]["kind"], "fetch_lead");
    let reason = buried["items"][0]["last_error"].as_str().expect("a reason");
    assert!(reason.contains("does not know the object"), "{reason}");
    // Brought back, it is tried anew.
    let id = &buried["items"][0]["id"];
    assert_eq!(app.olav().post(&format!("/api/operator/jobs/{id}/replay"), json!({})).await.status, 204);
    sqlx_delete_jobs(&app).await;
}

async fn sqlx_delete_jobs(app: &TestApp) {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    sqlx::query("delete from jobs").execute(&mut connection).await.expect("deleted");
}

#[tokio::test]
async fn what_is_nobodys_waits_and_is_replayed_when_the_page_is_connected() {
    let app = TestApp::new().await;
    let id = app.sandbox.add_lead(&NewLead::default());
    app.sandbox.deliver(std::slice::from_ref(&id), &HowToDeliver { times: 2, ..HowToDeliver::default() }).await;
    app.run_jobs().await;
    let waiting = app.olav().get("/api/operator/webhooks").await.ok();
    assert_eq!(waiting["items"][0]["reason"], "unknown_page");
    let first = waiting["items"][0]["id"].as_str().expect("an id").to_owned();
    app.olav().post(&format!("/api/operator/webhooks/{first}/replay"), json!({})).await.refused(409, "still_nobodys");
    connect(&app).await;
    assert_eq!(submissions(&app).await, [id], "once, though it waited twice");
    assert_eq!(app.olav().get("/api/operator/webhooks").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_answered() {
    let app = TestApp::new().await;
    connect(&app).await;
    for body in [
        "not json at all",
        r#"{"object":"page","entry":[{"id":"1","changes":[{"field":"leadgen","value":{"leadgen_id":"x"}}]}]}"#,
    ] {
        assert_eq!(app.sandbox.post_raw(body.as_bytes()).await.expect("an answer").status, Some(200));
    }
    let feed = r#"{"object":"page","entry":[{"id":"1","changes":[{"field":"feed","value":{}}]}]}"#;
    assert_eq!(app.sandbox.post_raw(feed.as_bytes()).await.expect("an answer").status, Some(200));
    let waiting = app.olav().get("/api/operator/webhooks").await.ok();
    let reasons: Vec<&str> =
        waiting["items"].as_array().expect("items").iter().filter_map(|item| item["reason"].as_str()).collect();
    assert_eq!(reasons, ["unreadable", "unreadable"], "another field is kept too, and asks nothing of an operator");
}

/// Every error of the Graph API has its own reaction, and none loses the lead.
#[tokio::test]
async fn graph_errors_delay_a_lead_and_never_lose_it() {
    for (fault, patience) in [
        (Fault::Error500, TimeDelta::minutes(1)),
        (Fault::Html, TimeDelta::minutes(1)),
        (Fault::Garbage, TimeDelta::minutes(1)),
        (Fault::Gone, TimeDelta::minutes(1)),
        (Fault::Throttled, TimeDelta::minutes(20)),
        (Fault::TokenRevoked, TimeDelta::minutes(11)),
        (Fault::Permission, TimeDelta::minutes(11)),
        (Fault::Policy, TimeDelta::minutes(11)),
    ] {
        let app = TestApp::new().await;
        connect(&app).await;
        app.sandbox.fail_next(fault, 1);
        let id = app.sandbox.add_lead(&NewLead::default());
        app.sandbox.deliver(std::slice::from_ref(&id), &HowToDeliver::default()).await;
        app.run_jobs().await;
        assert!(submissions(&app).await.is_empty(), "{fault:?} holds it back");
        app.advance(patience);
        app.run_jobs().await;
        assert_eq!(submissions(&app).await, [id], "{fault:?}");
    }
}

#[tokio::test]
async fn a_dead_token_is_told_once_and_a_new_one_brings_what_waited() {
    let app = TestApp::new().await;
    connect(&app).await;
    app.sandbox.fail_next(Fault::TokenRevoked, 100);
    let ids: Vec<String> =
        (0..3).map(|_| app.sandbox.add_lead(&NewLead { organic: Some(true), ..NewLead::default() })).collect();
    app.sandbox.deliver(&ids, &HowToDeliver::default()).await;
    app.run_jobs().await;
    // What exactly is wrong is asked once more, of the token.
    let asked = app.sandbox.requests().iter().filter(|request| !request.path.ends_with("/debug_token")).count();
    assert_eq!(asked, 1, "once broken, the others do not ask");
    app.sandbox.clear_faults();
    connect(&app).await;
    app.run_jobs().await;
    assert_eq!(submissions(&app).await.len(), 3);
}

#[tokio::test]
async fn a_page_belongs_to_one_organization() {
    let app = TestApp::new().await;
    connect(&app).await;
    let page = page(&app.sandbox);
    let taken = app
        .app
        .db
        .write(app.world.globex, Actor::System, async |tx| integrations::connect_page(tx, &page.id, "x", "y").await)
        .await;
    assert_eq!(taken.expect_err("refused").problem().reason, Some("page_taken"));
}

#[tokio::test]
async fn the_same_person_joins_the_open_lead_and_nothing_is_lost() {
    let app = TestApp::new().await;
    connect(&app).await;
    let somebody = |name: &str| NewLead {
        full_name: Some(name.to_owned()),
        phone: Some("+47 400 12 345".to_owned()),
        test: Some(false),
        ..NewLead::default()
    };
    arrive(&app, &somebody("Kari Nordmann")).await;
    app.advance(TimeDelta::minutes(1));
    arrive(&app, &somebody("Kari N.")).await;
    let leads = all_leads(&app).await;
    assert_eq!(leads.len(), 1);
    assert_eq!((leads[0]["enquiry_count"].as_i64(), leads[0]["full_name"].as_str()), (Some(2), Some("Kari Nordmann")));
    let id = leads[0]["id"].as_str().expect("an id");
    let timeline = app.ravi().get(&format!("/api/leads/{id}/timeline")).await.ok();
    let kinds: Vec<&str> =
        timeline["items"].as_array().expect("items").iter().filter_map(|item| item["kind"].as_str()).collect();
    assert_eq!(kinds, ["enquiry", "captured"]);
    // Once it is closed, the person is a new lead.
    let lead = app
        .ravi()
        .patch(&format!("/api/leads/{id}"), 2, json!({ "status": "lost", "lost_reason": "other" }))
        .await
        .ok();
    assert_eq!(lead["status"], "lost");
    arrive(&app, &somebody("Kari Nordmann")).await;
    assert_eq!(all_leads(&app).await.len(), 2);
}
