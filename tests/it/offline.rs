//! What was done without a connection, and reaches us later (LP-034): times, ids, and whose it is.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    leads::lead,
    world::{Answer, TestApp, monday},
};

const ATTEMPT: &str = "0195555a-0000-7000-8000-000000000001";
const NOTE: &str = "0195555a-0000-7000-8000-000000000002";

async fn items(app: &TestApp, path: &str, kind: &str) -> Vec<Value> {
    let timeline = app.ravi().get(&format!("{path}/timeline")).await.ok();
    let items = timeline["items"].as_array().expect("items").clone();
    items.into_iter().filter(|item| item["kind"] == kind).collect()
}

#[tokio::test]
async fn a_call_made_offline_stops_the_clock_when_it_was_made_and_says_when_we_heard_of_it() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    let path = format!("/api/leads/{id}");
    // Called after four minutes, within the SLA; the cellar's wall gives way two hours later.
    app.advance(TimeDelta::hours(2));
    let begun = json!({ "id": ATTEMPT, "channel": "call", "started_at": "2026-03-02T09:04:00Z" });
    let attempt = app.ravi().post(&format!("{path}/attempts"), begun.clone()).await.ok();
    assert_eq!(attempt["id"], ATTEMPT);
    assert_eq!(
        (&attempt["started_at"], &attempt["stored_at"]),
        (&json!("2026-03-02T09:04:00Z"), &json!("2026-03-02T11:00:00Z"))
    );
    // Its outcome was queued behind it, under the id that the phone chose.
    let outcome = format!("{path}/attempts/{ATTEMPT}/outcome");
    app.ravi().post(&outcome, json!({ "outcome": "reached" })).await.ok();
    let detail = app.rosa().get(&path).await.ok();
    assert_eq!(detail["first_attempt_at"], "2026-03-02T09:04:00Z");
    assert_eq!(detail["trace"]["first_attempt_at"], "2026-03-02T09:04:00Z");
    assert_eq!(detail["first_contact_at"], "2026-03-02T09:04:00Z");
    assert!(detail["due_at"].is_null());
    // Sent again by a phone that lost its memory of having sent it, under another key: the same attempt.
    let again = app.ravi().with_header("idempotency-key", "another").post(&format!("{path}/attempts"), begun).await;
    assert_eq!((again.status, &again.json["id"], &again.json["outcome"]), (201, &json!(ATTEMPT), &json!("reached")));
    assert_eq!(app.ravi().get(&path).await.ok()["attempt_count"], 1);
    let calls = items(&app, &path, "attempt").await;
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (&calls[0]["at"], &calls[0]["stored_at"]),
        (&json!("2026-03-02T09:04:00Z"), &json!("2026-03-02T11:00:00Z"))
    );
    assert_eq!(calls[0]["attempt"]["evidence"], "self_reported");
}

#[tokio::test]
async fn no_clock_makes_anybody_faster_than_they_were() {
    let app = TestApp::new().await;
    let attempts = async |body: Value| -> Answer {
        let id = lead(&app, app.world.acme, "Somebody", app.clock.now()).await;
        app.ravi().post(&format!("/api/leads/{id}/attempts"), body).await
    };
    let ahead = attempts(json!({ "channel": "call", "started_at": "2026-03-02T09:30:00Z" })).await.ok();
    assert_eq!(ahead["started_at"], "2026-03-02T09:00:00Z", "nobody calls in the future");
    let behind = attempts(json!({ "channel": "call", "started_at": "2026-03-02T08:30:00Z" })).await.ok();
    assert_eq!(behind["started_at"], "2026-03-02T09:00:00Z", "nor before we knew of the person");
    let old = json!({ "channel": "call", "started_at": "2026-02-23T08:59:59Z" });
    attempts(old).await.refused(422, "too_old");
    attempts(json!({ "channel": "call", "id": "7d4b3f0e-2c55-4c8e-9d0a-0d7c6a4f1b11" }))
        .await
        .refused(422, "id_invalid");
}

#[tokio::test]
async fn a_note_keeps_the_time_of_its_writing_and_is_written_once() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    let path = format!("/api/leads/{id}");
    app.advance(TimeDelta::hours(1));
    let note = json!({ "id": NOTE, "text": "The dog bites", "written_at": "2026-03-02T09:10:00Z" });
    for _ in 0..2 {
        let written = app.ravi().post(&format!("{path}/notes"), note.clone()).await;
        assert_eq!(
            (written.status, &written.json["id"], &written.json["at"]),
            (201, &json!(NOTE), &json!("2026-03-02T09:10:00Z"))
        );
    }
    let notes = items(&app, &path, "note").await;
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0]["stored_at"], "2026-03-02T10:00:00Z");
    app.rosa().post(&format!("{path}/notes"), note).await.refused(409, "id_taken");
    app.ravi().post(&format!("{path}/notes"), json!({ "text": "At once" })).await.ok();
    let at_once =
        items(&app, &path, "note").await.into_iter().find(|item| item["text"] == "At once").expect("the note");
    assert!(at_once["stored_at"].is_null());
    let old = json!({ "text": "x", "written_at": "2026-02-20T09:00:00Z" });
    app.ravi().post(&format!("{path}/notes"), old).await.refused(422, "too_old");
}

#[tokio::test]
async fn an_id_is_one_attempts_only() {
    let app = TestApp::new().await;
    let one = lead(&app, app.world.acme, "One", monday()).await;
    let other = lead(&app, app.world.acme, "Other", monday()).await;
    let begun = json!({ "id": ATTEMPT, "channel": "call" });
    app.ravi().post(&format!("/api/leads/{one}/attempts"), begun.clone()).await.ok();
    app.ravi().post(&format!("/api/leads/{other}/attempts"), begun.clone()).await.refused(409, "id_taken");
    app.rosa().post(&format!("/api/leads/{one}/attempts"), begun.clone()).await.refused(409, "id_taken");
    assert_eq!(app.ravi().get(&format!("/api/leads/{other}")).await.ok()["attempt_count"], 0, "nothing is half done");
    // Another business's ids are another business's.
    let theirs = lead(&app, app.world.globex, "Theirs", monday()).await;
    assert_eq!(app.gita().post(&format!("/api/leads/{theirs}/attempts"), begun).await.status, 201);
}

#[tokio::test]
async fn what_waited_on_a_phone_goes_out_under_nobody_elses_name() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    let path = format!("/api/leads/{id}/claim");
    let ravis = format!("{}/{}", app.world.ravi, app.world.acme);
    let elsewhere = format!("{}/{}", app.world.ravi, app.world.globex);
    app.rosa().with_header("x-acting-as", &ravis).post(&path, json!({})).await.refused(401, "other_session");
    app.ravi().with_header("x-acting-as", &elsewhere).post(&path, json!({})).await.refused(401, "other_session");
    assert!(app.ravi().get(&format!("/api/leads/{id}")).await.ok()["assignee_id"].is_null());
    let claimed = app.ravi().with_header("x-acting-as", &ravis).post(&path, json!({})).await.ok();
    assert_eq!(claimed["assignee_id"], json!(app.world.ravi));
}

#[tokio::test]
async fn the_key_of_a_phones_copies_is_the_persons_own() {
    let app = TestApp::new().await;
    let key = async |cookie: &str| app.holding(cookie).get("/api/session").await.ok()["offline_key"].clone();
    let (first, second) = (app.fresh_session(app.world.ravi).await, app.fresh_session(app.world.ravi).await);
    let ravis = key(&first).await;
    assert_eq!(ravis.as_str().map(str::len), Some(24), "16 bytes in base64");
    assert_eq!(key(&second).await, ravis, "whoever signs in again opens what they left");
    assert_ne!(key(&app.fresh_session(app.world.rosa).await).await, ravis);
    assert_ne!(key(&app.fresh_session(app.world.gita).await).await, ravis);
    assert!(key(&app.fresh_session(app.world.olav).await).await.is_null());
    assert_eq!(app.anonymous().send(Method::GET, "/api/session", None).await.status, 401);
}
