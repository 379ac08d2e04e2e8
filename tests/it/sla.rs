//! The service level in business time (LP-027, LP-029).

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::sandbox::meta::NewLead;
use serde_json::{Value, json};

use crate::{
    webhooks::{all_leads, arrive, connect},
    world::{Answer, Caller, TestApp},
};

/// Open from Monday to Friday.
fn office(hours: &[&str]) -> Value {
    let week: Vec<Value> = (0..7).map(|day| if day < 5 { json!(hours) } else { json!([]) }).collect();
    json!({ "week": week, "holidays": true, "region": null, "days": [] })
}

async fn set(caller: &Caller<'_>, version: i32, minutes: i32, schedule: Value) -> Answer {
    let body = json!({ "minutes": minutes, "schedule": schedule });
    caller.clone().with_header("if-match", &format!("\"{version}\"")).put("/api/sla", body).await
}

fn at(lead: &Value, field: &str) -> DateTime<Utc> {
    lead[field].as_str().unwrap_or_else(|| panic!("{field} in {lead}")).parse().expect("a time")
}

#[tokio::test]
async fn a_lead_of_the_night_has_its_time_from_the_morning_on_and_its_wait_is_kept_twice() {
    let app = TestApp::new().await;
    connect(&app).await;
    let policy = app.asha().get("/api/sla").await.ok();
    assert_eq!((&policy["minutes"], &policy["schedule"], &policy["version"]), (&json!(15), &Value::Null, &json!(0)));
    // Easter of 2026 in Norway.
    assert_eq!(policy["next_holidays"][0], "2026-04-02");
    let set = set(&app.asha(), 0, 10, office(&["08:00-12:00", "12:30-16:00"])).await.ok();
    assert_eq!((&set["minutes"], &set["version"]), (&json!(10), &json!(1)));

    // Monday, 20:00 in Oslo.
    app.advance(TimeDelta::hours(10));
    let night = app.clock.now();
    arrive(&app, &NewLead { full_name: Some("Kari Nordmann".to_owned()), ..NewLead::default() }).await;
    let path = format!("/api/leads/{}", all_leads(&app).await[0]["id"].as_str().expect("an id"));
    let lead = app.ravi().get(&path).await.ok();
    let opens: DateTime<Utc> = "2026-03-03T07:00:00Z".parse().expect("a time");
    assert_eq!((at(&lead, "opens_at"), at(&lead, "due_at")), (opens, opens + TimeDelta::minutes(10)));
    assert_eq!(at(&lead, "next_at"), at(&lead, "due_at"), "it is the list's to show when");
    assert_eq!((&lead["response_seconds"], &lead["response_business_seconds"]), (&Value::Null, &Value::Null));

    // Called on Tuesday at 08:03.
    app.advance(TimeDelta::hours(12) + TimeDelta::minutes(3));
    app.ravi().post(&format!("{path}/attempts"), json!({ "channel": "call" })).await.ok();
    let lead = app.ravi().get(&path).await.ok();
    assert_eq!(lead["response_business_seconds"], json!(180));
    let waited = (app.clock.now() - at(&lead, "created_at")).num_seconds();
    assert_eq!(lead["response_seconds"], json!(waited), "created {night}");
    assert_eq!((&lead["opens_at"], &lead["due_at"]), (&Value::Null, &Value::Null), "somebody has tried");
}

#[tokio::test]
async fn a_policy_is_changed_by_its_owner_from_what_they_saw_and_told_in_the_trail() {
    let app = TestApp::new().await;
    let owner = app.asha();
    set(&owner, 0, 5, office(&["09:00-17:00"])).await.ok();
    assert_eq!(set(&owner, 0, 6, Value::Null).await.status, 412);
    assert_eq!(owner.get("/api/sla").await.ok()["minutes"], json!(5), "what was refused changed nothing");
    for (minutes, schedule, reason) in [
        (0, Value::Null, "out_of_range"),
        (1441, Value::Null, "out_of_range"),
        (5, office(&["17:00-09:00"]), "hours_invalid"),
        (5, office(&["09:00-12:00", "11:00-17:00"]), "hours_invalid"),
        (5, office(&[]), "never_open"),
        (5, json!({ "week": [], "holidays": true, "region": null, "days": [] }), "week_invalid"),
        (
            5,
            json!({ "week": office(&["09:00-17:00"])["week"], "holidays": true, "region": "BY", "days": [] }),
            "region_unknown",
        ),
    ] {
        set(&owner, 1, minutes, schedule).await.refused(422, reason);
    }
    // Always again; another organization's is its own.
    let always = set(&owner, 1, 5, Value::Null).await.ok();
    assert_eq!((&always["schedule"], &always["version"]), (&Value::Null, &json!(2)));
    assert_eq!(app.gita().get("/api/sla").await.ok()["minutes"], json!(15));
    let trail = owner.get("/api/audit?group=settings").await.ok();
    let told: Vec<&Value> = trail["items"].as_array().expect("items").iter().map(|entry| &entry["action"]).collect();
    assert_eq!(told, [&json!("sla_changed"), &json!("sla_changed")]);
}
