//! Every kind of entry that the audit trail knows is written by something that people do (LP-064, OI-047): one walk through all of it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use nextmove::{
    audit::Action,
    identity,
    sandbox::meta::{Fault, HowToDeliver, NewLead, PageChange},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    audit::superuser,
    identity::{PASSWORD, add_petra, login},
    leads::lead,
    webhooks::{all_leads, arrive},
    world::{OWN_APP, TestApp, monday},
};

const PAGE: &str = "104857600123456";
const GOOD: &str = "furu støvel lampe torsk";

/// Written by the command line alone (`cli::admin`), which no test of this kind runs.
const OF_THE_COMMAND_LINE: [Action; 2] = [Action::OrganizationCreated, Action::KeysRotated];

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn every_action_is_written_by_whoever_does_it() {
    let app = TestApp::new().await;
    with_leads(&app).await;
    with_an_account(&app).await;
    with_the_team(&app).await;
    with_meta(&app).await;
    with_sources(&app).await;

    let written: BTreeSet<(String, String)> = sqlx::query_as("select distinct action, actor_kind from audit_entries")
        .fetch_all(&mut superuser(&app).await)
        .await
        .expect("the trail")
        .into_iter()
        .collect();
    let names: BTreeSet<&str> = written.iter().map(|(action, _)| action.as_str()).collect();
    let missing = Action::ALL.into_iter().filter(|action| !OF_THE_COMMAND_LINE.contains(action));
    let missing: Vec<&str> = missing.map(Action::as_str).filter(|action| !names.contains(action)).collect();
    assert!(missing.is_empty(), "who writes these? Do it here: {missing:?}");
    // What a person decides is told as theirs, not as the machinery's.
    let by_people = Action::ALL.into_iter().filter(|action| !OF_THE_COMMAND_LINE.contains(action));
    let machinery = [
        "lead_captured",
        "lead_enquired",
        "lead_remapped",
        "connection_broken",
        "connection_mended",
        "page_subscribed",
        "sign_in_failed",
        "sign_in_unknown",
        "reset_code_made",
        "graveyard_viewed",
        "quarantine_viewed",
        "delivery_replayed",
    ];
    let anonymous: Vec<&str> = by_people
        .map(Action::as_str)
        .filter(|action| !machinery.contains(action) && !written.contains(&((*action).to_owned(), "user".to_owned())))
        .collect();
    assert!(anonymous.is_empty(), "nobody is named for these: {anonymous:?}");
}

async fn with_leads(app: &TestApp) {
    let id = lead(app, app.world.acme, "Kari Nordmann", monday()).await;
    let path = |what: &str| format!("/api/leads/{id}/{what}");
    app.ravi().get(&path("timeline")).await.ok();
    app.ravi().get("/api/leads?q=kari").await.ok();
    app.ravi().post(&path("claim"), json!({})).await.ok();
    app.ravi().delete(&path("claim")).await.ok();
    app.mats().put(&path("assignment"), json!({ "user_id": app.world.rosa })).await.ok();
    app.rosa().put(&path("snooze"), json!({ "until": monday() + TimeDelta::days(1) })).await.ok();
    app.rosa().delete(&path("snooze")).await.ok();
    app.rosa().post(&path("notes"), json!({ "text": "Calls back" })).await.ok();
    let attempt = self::id(&app.rosa().post(&path("attempts"), json!({ "channel": "call" })).await.ok());
    app.rosa().post(&path(&format!("attempts/{attempt}/outcome")), json!({ "outcome": "no_answer" })).await.ok();
    let version = app.rosa().get(&format!("/api/leads/{id}")).await.ok()["version"].as_i64().expect("a version");
    let version = i32::try_from(version).expect("small");
    app.rosa().patch(&format!("/api/leads/{id}"), version, json!({ "full_name": "Kari N" })).await.ok();
    app.asha().get("/api/audit").await.ok();
    assert_eq!(app.asha().get("/api/audit/export").await.status, 200);
    app.advance(TimeDelta::days(1)); // what was to end the snooze finds that it ended
    app.run_jobs().await;
}

async fn with_an_account(app: &TestApp) {
    add_petra(app).await;
    let email = "petra@example.com";
    app.anonymous().post("/api/session", login(email, "wrong")).await.refused(401, "credentials");
    app.anonymous().post("/api/session", login("stranger@example.com", "wrong")).await.refused(401, "credentials");
    let cookie = app.anonymous().post("/api/session", login(email, PASSWORD)).await.cookie();
    let to_globex = json!({ "organization_id": app.world.globex });
    let petra = app.holding(&app.holding(&cookie).post("/api/session/organization", to_globex).await.cookie());
    petra.send(Method::PATCH, "/api/me", Some(json!({ "name": "Petra P" }))).await.ok();
    let secret = petra.post("/api/me/factors/totp", Value::Null).await.ok();
    let secret = totp_rs::Secret::try_from_base32(secret["secret"].as_str().expect("a secret").replace(' ', ""));
    let totp = totp_rs::Builder::new().with_secret(secret.expect("base32")).build().expect("an authenticator");
    let seconds = u64::try_from(app.clock.now().timestamp()).expect("after 1970");
    petra.put("/api/me/factors/totp", json!({ "code": totp.generate(seconds).to_string() })).await.ok();
    petra.post("/api/me/factors/recovery-codes", Value::Null).await.ok();
    petra.delete("/api/me/factors/totp").await.ok();
    petra.delete("/api/me/sessions").await.ok();
    let changed = petra.put("/api/me/password", json!({ "current": PASSWORD, "password": GOOD })).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(petra.delete("/api/session").await.status, 204);
    let code = app.app.db.directory(async |directory| identity::make_reset_code(directory, email).await).await;
    let body = json!({ "email": email, "code": code.expect("a code"), "password": "et annet langt passord 7" });
    assert_eq!(app.anonymous().post("/api/password-resets/finish", body).await.status, 204);
}

async fn with_the_team(app: &TestApp) {
    // As an owner who has just proven who they are.
    let asha = app.holding(&app.fresh_session(app.world.asha).await);
    let invited = json!({ "name": "Ingrid", "email": "ingrid@example.com", "role": "agent" });
    let invitation = id(&asha.post("/api/invitations", invited).await.ok()["invitation"]);
    let renewed = asha.post(&format!("/api/invitations/{invitation}/code"), Value::Null).await.ok();
    let joining = json!({ "invitation": invitation, "code": renewed["code"], "name": "Ingrid", "password": GOOD, "locale": "nb" });
    let ingrid =
        app.anonymous().post("/api/join", joining).await.ok()["user"]["id"].as_str().expect("an id").to_owned();
    let withdrawn = json!({ "name": "Per", "email": "per@example.com", "role": "agent" });
    let withdrawn = id(&asha.post("/api/invitations", withdrawn).await.ok()["invitation"]);
    assert_eq!(asha.delete(&format!("/api/invitations/{withdrawn}")).await.status, 204);
    let member = format!("/api/team/{ingrid}");
    assert_eq!(asha.send(Method::PATCH, &member, Some(json!({ "role": "manager" }))).await.status, 204);
    assert_eq!(asha.delete(&format!("{member}/factors")).await.status, 204);
    assert_eq!(asha.delete(&format!("{member}/sessions")).await.status, 204);
    assert_eq!(asha.delete(&member).await.status, 204);
    let rules = json!({ "second_factor": "nobody", "allowed_networks": [] });
    asha.clone().with_header("if-match", "\"0\"").put("/api/access", rules).await.ok();
    let sla = json!({ "minutes": 10, "schedule": null });
    asha.clone().with_header("if-match", "\"0\"").put("/api/sla", sla).await.ok();
    let shift = json!({ "schedule": null, "away": [{ "from": "2026-07-06", "to": "2026-07-24" }] });
    asha.clone().with_header("if-match", "\"0\"").put("/api/me/shift", shift).await.ok();
    let policy = json!({ "way": { "kind": "round_robin", "people": [] }, "rules": [] });
    asha.clone().with_header("if-match", "\"0\"").put("/api/distribution", policy).await.ok();
    let rules = json!({ "rules": [{ "sign": { "kind": "phone_valid" }, "points": 50 }] });
    asha.clone().with_header("if-match", "\"0\"").put("/api/scoring", rules).await.ok();
    asha.post("/api/me/pause", json!({ "minutes": 15 })).await.ok();
    asha.delete("/api/me/pause").await.ok();
    let sending = json!({ "sms_sender": "Acme", "reply_to": null });
    asha.clone().with_header("if-match", "\"0\"").put("/api/messages/settings", sending).await.ok();
    let nobody = json!({ "channel": "email", "address": "nobody@example.com" });
    let nobody = asha.post("/api/suppressions", nobody).await.ok();
    asha.delete(&format!("/api/suppressions/{}", id(&nobody))).await.ok();
    let ladder = json!({ "steps": [], "names_on_lock_screen": true });
    asha.clone().with_header("if-match", "\"0\"").put("/api/escalation", ladder).await.ok();
    let step = json!({ "kind": "task", "after_minutes": 5, "subject": null, "text": "Call again" });
    let sequence = json!({ "name": "x", "is_active": true, "trigger": "by_hand", "filter": { "forms": [], "campaigns": [] }, "steps": [step] });
    let sequence = id(&asha.post("/api/sequences", sequence).await.ok());
    let of = lead(app, app.world.acme, "Somebody Waiting", monday()).await;
    let path = format!("/api/leads/{of}/sequence");
    asha.post(&path, json!({ "sequence_id": sequence })).await.ok();
    asha.delete(&path).await.ok();
    assert_eq!(asha.delete(&format!("/api/sequences/{sequence}")).await.status, 204);
    app.run_jobs().await;
}

async fn with_sources(app: &TestApp) {
    let made = app.asha().post("/api/sources", json!({ "name": "Shop", "kind": "webhook" })).await.ok();
    let path = format!("/api/sources/{}", id(&made["source"]));
    app.asha().put(&path, json!({ "name": "The shop" })).await.ok();
    app.asha().post(&format!("{path}/secret"), Value::Null).await.ok();
    app.asha().post(&format!("{path}/preview"), json!({ "targets": {} })).await.ok();
    let mapping = json!({ "targets": { "note": "message" } });
    app.asha().with_header("if-match", "\"1\"").put(&format!("{path}/mapping"), mapping).await.ok();
    assert_eq!(app.asha().delete(&path).await.status, 204);
    let file = app
        .asha()
        .raw(Method::POST, "/api/imports", "application/octet-stream", b"phone\n40099123\n".to_vec())
        .await
        .ok();
    let path = format!("/api/imports/{}", id(&file));
    app.asha().post(&format!("{path}/check"), json!({})).await.ok();
    app.asha().post(&format!("{path}/start"), json!({})).await.ok();
    app.run_jobs().await;
    app.asha().post(&format!("{path}/undo"), Value::Null).await.ok();
    app.run_jobs().await;
}

async fn with_meta(app: &TestApp) {
    let asha = app.asha();
    let page = format!("/api/connections/meta/pages/{PAGE}");
    let token = json!({ "token": "sandbox-page-token" });
    asha.put("/api/connections/meta/app", json!({ "app_id": OWN_APP.0, "app_secret": OWN_APP.1 })).await.ok();
    assert_eq!(asha.delete("/api/connections/meta/app").await.status, 204);
    asha.put(&page, token.clone()).await.ok();
    app.run_jobs().await;
    asha.post(&format!("{page}/tests"), json!({})).await.ok();

    let new = NewLead { phone: Some("400 12 345".into()), test: Some(false), ..NewLead::default() };
    arrive(app, &new).await;
    let form = id(&asha.get("/api/forms/mappings").await.ok()["items"][0]);
    let targets = json!({ "targets": { "tjeneste": "message", "melding": "answer" } });
    asha.post(&format!("/api/forms/{form}/preview"), targets.clone()).await.ok();
    asha.clone().with_header("if-match", "\"1\"").put(&format!("/api/forms/{form}/mapping"), targets).await.ok();
    assert_eq!(asha.post(&format!("/api/forms/{form}/remap"), json!({})).await.status, 202);
    app.run_jobs().await;
    arrive(app, &new).await; // the same person once more
    assert_eq!(all_leads(app).await.len(), 3, "theirs and those of before");

    let bury = async || {
        let lead = app.sandbox.add_lead(&NewLead { organic: Some(true), ..NewLead::default() });
        app.sandbox.fail_next(Fault::Refused, 1);
        app.sandbox.deliver(&[lead], &HowToDeliver::default()).await;
        app.run_jobs().await;
    };
    let grave = async || app.olav().get("/api/operator/jobs").await.ok()["items"][0]["id"].clone();
    bury().await;
    assert_eq!(app.olav().post(&format!("/api/operator/jobs/{}/replay", grave().await), json!({})).await.status, 204);
    app.run_jobs().await;
    bury().await;
    assert_eq!(asha.post(&format!("/api/graveyard/{}/replay", grave().await), json!({})).await.status, 204);
    app.run_jobs().await;
    bury().await;
    assert_eq!(asha.delete(&format!("/api/graveyard/{}", grave().await)).await.status, 204);
    bury().await;
    let failed = id(&asha.get("/api/receipts?state=failed").await.ok()["items"][0]);
    assert_eq!(asha.post(&format!("/api/receipts/{failed}/replay"), json!({})).await.status, 204);
    app.run_jobs().await;
    bury().await;
    assert_eq!(asha.post("/api/receipts/replay", json!({})).await.ok(), json!({ "count": 1 }));
    app.run_jobs().await;
    app.sandbox.post_raw(b"not json at all").await.expect("an answer");
    let part = id(&app.olav().get("/api/operator/webhooks").await.ok()["items"][0]);
    app.olav().post(&format!("/api/operator/webhooks/{part}/replay"), json!({})).await.refused(409, "still_nobodys");

    app.sandbox.unsubscribe(PAGE);
    assert_eq!(asha.post(&format!("{page}/tests"), json!({})).await.ok()["ok"], false);
    app.run_jobs().await;
    app.sandbox.change_page(PAGE, PageChange { dead: Some(460), ..PageChange::default() });
    assert_eq!(asha.post(&format!("{page}/tests"), json!({})).await.ok()["ok"], false);
    app.sandbox.change_page(PAGE, PageChange::default());
    asha.put(&page, token).await.ok();
    app.run_jobs().await;
    assert_eq!(asha.delete(&page).await.status, 204);
    app.run_jobs().await;
}
