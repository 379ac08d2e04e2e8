//! Nobody is forgotten, and nobody told twice: leads that came while nobody was there, roll-outs, queues, and what failed for a while.

use chrono::TimeDelta;
use nextmove::types::ids::LeadId;
use serde_json::{Value, json};

use crate::{
    audit::superuser,
    leads::lead,
    world::{Caller, TestApp},
};

async fn set_way(app: &TestApp, way: Value) {
    let version = app.asha().get("/api/distribution").await.ok()["version"].clone();
    let body = json!({ "way": way, "rules": [] });
    app.asha().with_header("if-match", &format!("\"{version}\"")).put("/api/distribution", body).await.ok();
    app.run_jobs().await;
}

async fn set_ladder(app: &TestApp, steps: Value) {
    let tag = app.asha().get("/api/escalation").await.header("etag").expect("a version").to_owned();
    let body = json!({ "steps": steps, "names_on_lock_screen": false });
    app.asha().with_header("if-match", &tag).put("/api/escalation", body).await.ok();
}

/// How often they were told of the lead, by kind.
async fn told(caller: &Caller<'_>, lead: LeadId) -> (usize, usize) {
    let page = caller.get("/api/notifications").await.ok();
    let items = page["items"].as_array().expect("items").clone();
    let count = |kind: &str| items.iter().filter(|item| item["lead_id"] == json!(lead) && item["kind"] == kind).count();
    (count("new_lead"), count("lead_waiting"))
}

async fn comes(app: &TestApp) -> LeadId {
    app.advance(TimeDelta::milliseconds(2));
    let id = lead(app, app.world.acme, "Kari Nordmann", app.clock.now()).await;
    app.run_jobs().await;
    id
}

async fn later(app: &TestApp, minutes: i64) {
    app.advance(TimeDelta::minutes(minutes));
    app.run_jobs().await;
}

#[tokio::test]
async fn whoever_comes_hears_of_what_came_while_nobody_was_there() {
    let app = TestApp::new().await;
    for steps in [json!([]), json!([{ "after_minutes": 30, "audience": "owners", "channels": ["push"] }])] {
        set_ladder(&app, steps).await;
        for caller in [app.ravi(), app.rosa()] {
            caller.post("/api/me/pause", json!({ "minutes": null })).await.ok();
        }
        app.run_jobs().await;
        let id = comes(&app).await;
        later(&app, 3).await;
        assert_eq!(told(&app.ravi(), id).await, (0, 0));
        app.ravi().delete("/api/me/pause").await.ok();
        app.run_jobs().await;
        assert_eq!((told(&app.ravi(), id).await, told(&app.rosa(), id).await), ((1, 0), (0, 0)), "at once, and once");
        app.rosa().delete("/api/me/pause").await.ok();
        later(&app, 1).await;
        assert_eq!(told(&app.ravi(), id).await, (1, 0));
        app.ravi().post(&format!("/api/leads/{id}/claim"), json!({})).await.ok();
    }
}

#[tokio::test]
async fn a_roll_out_tells_each_group_once_and_goes_on_until_the_ladder_begins() {
    let app = TestApp::new().await;
    let world = app.world;
    set_ladder(&app, json!([{ "after_minutes": 15, "audience": "owners", "channels": ["push"] }])).await;
    let group = |user, minutes: i64| json!({ "people": [user], "minutes": minutes });
    set_way(&app, json!({ "kind": "roll_out", "steps": [group(world.ravi, 20), group(world.rosa, 60)] })).await;
    let id = comes(&app).await;
    assert_eq!((told(&app.ravi(), id).await, told(&app.rosa(), id).await), ((1, 0), (0, 0)));
    // Its first attempt is due after 15 minutes, which is nobody's turn; the next group's is after 20.
    later(&app, 16).await;
    assert_eq!((told(&app.ravi(), id).await, told(&app.rosa(), id).await), ((1, 0), (0, 0)));
    later(&app, 5).await;
    assert_eq!((told(&app.ravi(), id).await, told(&app.rosa(), id).await), ((1, 0), (1, 0)));
    // A change of the rota looks at it once more, and tells nobody twice.
    app.rosa().post("/api/me/pause", json!({ "minutes": 5 })).await.ok();
    later(&app, 6).await;
    assert_eq!((told(&app.ravi(), id).await, told(&app.rosa(), id).await), ((1, 0), (1, 0)));
    later(&app, 4).await;
    assert_eq!(told(&app.asha(), id).await.1, 1, "the ladder begins");
}

#[tokio::test]
async fn what_waited_for_one_person_is_told_to_all_once_it_is_anybodys() {
    let app = TestApp::new().await;
    set_ladder(&app, json!([])).await;
    set_way(&app, json!({ "kind": "round_robin", "people": [app.world.ravi] })).await;
    app.ravi().post("/api/me/pause", json!({ "minutes": null })).await.ok();
    app.run_jobs().await;
    let id = comes(&app).await;
    later(&app, 60).await;
    assert_eq!(told(&app.rosa(), id).await, (0, 0));
    set_way(&app, json!({ "kind": "everybody" })).await;
    later(&app, 1).await;
    assert_eq!(told(&app.rosa(), id).await, (1, 0), "once, by whichever was first");
    later(&app, 60).await;
    assert_eq!(told(&app.rosa(), id).await, (1, 0));
}

#[tokio::test]
async fn whoever_is_given_what_waited_is_told_once() {
    let app = TestApp::new().await;
    set_ladder(&app, json!([{ "after_minutes": 60, "audience": "owners", "channels": ["push"] }])).await;
    set_way(&app, json!({ "kind": "round_robin", "people": [app.world.ravi] })).await;
    app.ravi().post("/api/me/pause", json!({ "minutes": 30 })).await.ok();
    app.run_jobs().await;
    let id = comes(&app).await;
    later(&app, 10).await;
    app.ravi().delete("/api/me/pause").await.ok();
    app.run_jobs().await;
    for _ in 0..4 {
        later(&app, 10).await;
    }
    let shown = app.ravi().get(&format!("/api/leads/{id}")).await.ok();
    assert_eq!((&shown["assignee_id"], told(&app.ravi(), id).await), (&json!(app.world.ravi), (1, 0)));
}

#[tokio::test]
async fn a_lead_that_nobody_could_read_for_days_is_told_of_and_climbs_nothing() {
    let app = TestApp::new().await;
    app.run_jobs().await;
    let id = lead(&app, app.world.acme, "Kari Nordmann", app.clock.now() - TimeDelta::days(3)).await;
    app.run_jobs().await;
    later(&app, 120).await;
    assert_eq!((told(&app.ravi(), id).await, told(&app.asha(), id).await), ((1, 0), (0, 0)));
}

#[tokio::test]
async fn a_desk_that_failed_for_a_while_does_not_wait_for_what_comes() {
    let app = TestApp::new().await;
    comes(&app).await;
    let mut superuser = superuser(&app).await;
    sqlx::query(
        "insert into jobs (organization_id, kind, key, payload, priority, attempt, run_at, created_at)
         values ($1, 'attend', $1::text, jsonb_build_object('organization', $1), 60, 11, $2, $2)",
    )
    .bind(app.world.acme.0)
    .bind(app.clock.now() + TimeDelta::minutes(20))
    .execute(&mut superuser)
    .await
    .expect("waits longer and longer");
    let id = comes(&app).await;
    assert_eq!(told(&app.ravi(), id).await, (1, 0));
}
