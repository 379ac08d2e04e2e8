//! Leads that come by other doors than Meta's.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    leads::lead,
    webhooks::all_leads,
    world::{TestApp, monday},
};

fn kari() -> Value {
    json!({ "source": "phone", "full_name": "Kari Nordmann", "phone": "400 12 345", "service": "Varmepumpe",
            "consents": [{ "key": "contact", "text": "Hun sa ja til at vi ringer.", "given": true }] })
}

fn with(mut entry: Value, name: &str, value: Value) -> Value {
    entry[name] = value;
    entry
}

#[tokio::test]
async fn whoever_takes_a_person_down_has_a_lead_that_is_due_like_any_other() {
    let app = TestApp::new().await;
    let entered = app.ravi().post("/api/leads", kari()).await;
    assert_eq!(entered.status, 201);
    let entered = entered.ok();
    let lead = &entered["lead"];
    assert_eq!(
        (entered["joined"].as_bool(), lead["source"].as_str(), lead["phone"].as_str()),
        (Some(false), Some("phone"), Some("+4740012345"))
    );
    assert_eq!((lead["due_at"].as_str(), &lead["assignee_id"]), (Some("2026-03-02T09:15:00Z"), &Value::Null));
    let detail = app.ravi().get(&format!("/api/leads/{}", lead["id"].as_str().expect("an id"))).await.ok();
    assert_eq!(detail["consents"][0]["text"], "Hun sa ja til at vi ringer.");
    assert_eq!(detail["consents"][0]["inferred"], false);
    let trail = app.asha().get("/api/audit").await.ok();
    let line = trail["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|entry| entry["action"] == "lead_captured")
        .expect("a line")
        .clone();
    assert_eq!(
        (line["actor_id"].as_str(), line["details"]["source"].as_str()),
        (Some(app.world.ravi.to_string().as_str()), Some("phone"))
    );
}

#[tokio::test]
async fn who_was_spoken_with_already_is_contacted_and_theirs() {
    let app = TestApp::new().await;
    let lead = app.ravi().post("/api/leads", with(kari(), "called", json!(true))).await.ok()["lead"].clone();
    assert_eq!(
        (lead["status"].as_str(), lead["assignee_id"].as_str()),
        (Some("contacted"), Some(app.world.ravi.to_string().as_str()))
    );
    assert_eq!((lead["due_at"].clone(), lead["attempt_count"].as_i64()), (Value::Null, Some(1)));
}

#[tokio::test]
async fn somebody_who_is_here_is_shown_first_and_one_more_enquiry_joins() {
    let app = TestApp::new().await;
    let id = app.ravi().post("/api/leads", kari()).await.ok()["lead"]["id"].clone();
    let found = app.rosa().post("/api/leads/matches", json!({ "phone": "+47 400 12 345" })).await.ok();
    assert_eq!(found["lead"]["id"], id);
    assert_eq!(app.rosa().post("/api/leads/matches", json!({ "phone": "400 12 346" })).await.ok()["lead"], Value::Null);
    assert_eq!(
        app.gita().post("/api/leads/matches", json!({ "phone": "+4740012345" })).await.ok()["lead"],
        Value::Null
    );
    let entered = app.rosa().post("/api/leads", with(kari(), "message", json!("Ringte igjen"))).await.ok();
    assert_eq!(
        (&entered["joined"], &entered["lead"]["id"], entered["lead"]["enquiry_count"].as_i64()),
        (&json!(true), &id, Some(2))
    );
    assert_eq!(all_leads(&app).await.len(), 1);
}

#[tokio::test]
async fn where_agents_see_their_own_a_colleagues_lead_is_joined_and_not_shown() {
    let app = TestApp::new().await;
    app.ravi().post("/api/leads", with(kari(), "called", json!(true))).await.ok();
    sqlx::query("update organizations set lead_visibility = 'own'")
        .execute(&mut crate::audit::superuser(&app).await)
        .await
        .expect("set");
    let found = app.rosa().post("/api/leads/matches", json!({ "phone": "400 12 345" })).await.ok();
    assert_eq!(found["lead"], Value::Null);
    let entered = app.rosa().post("/api/leads", with(kari(), "called", json!(true))).await.ok();
    assert_eq!(entered, json!({ "joined": true, "lead": null }));
    assert_eq!(all_leads(&app).await[0]["enquiry_count"], 2);
}

#[tokio::test]
async fn what_was_taken_down_without_a_connection_counts_once_under_its_own_id_and_time() {
    let app = TestApp::new().await;
    let id = "019cb000-0000-7000-8000-000000000001";
    let at = monday() - TimeDelta::hours(2);
    let entry = with(with(kari(), "id", json!(id)), "entered_at", json!(at));
    let ravi = app.ravi().with_header("idempotency-key", "k1");
    let first = ravi.post("/api/leads", entry.clone()).await.ok();
    assert_eq!(
        (first["lead"]["id"].as_str(), first["lead"]["created_at"].as_str()),
        (Some(id), Some("2026-03-02T07:00:00Z"))
    );
    assert_eq!(ravi.post("/api/leads", entry.clone()).await.ok(), first);
    app.ravi().post("/api/leads", entry.clone()).await.refused(409, "id_taken");
    app.ravi()
        .post("/api/leads", with(entry.clone(), "entered_at", json!(monday() - TimeDelta::days(8))))
        .await
        .refused(422, "too_old");
    let other = with(entry, "id", json!("00000000-0000-4000-8000-000000000001"));
    app.ravi().post("/api/leads", other).await.refused(422, "id_invalid");
}

#[tokio::test]
async fn what_is_no_person_is_refused_with_its_place() {
    let app = TestApp::new().await;
    for (field, value, reason) in [
        ("phone", json!("123"), "phone_invalid"),
        ("phone", Value::Null, "contact_required"),
        ("email", json!("kari"), "email_invalid"),
        ("full_name", json!("x".repeat(201)), "too_long"),
        ("message", json!("x".repeat(2001)), "too_long"),
        ("message", json!("\u{1}"), "control_characters"),
        ("campaign_id", json!("019cb000-0000-7000-8000-000000000001"), "campaign_unknown"),
        ("consents", json!([{ "key": "contact", "text": " ", "given": true }]), "required"),
    ] {
        let refused = app.ravi().post("/api/leads", with(kari(), field, value)).await;
        refused.refused(422, reason);
    }
    assert_eq!(app.ravi().post("/api/leads", with(kari(), "source", json!("dream"))).await.status, 422);
    assert!(all_leads(&app).await.is_empty());
    lead(&app, app.world.acme, "Ola", monday()).await;
}
