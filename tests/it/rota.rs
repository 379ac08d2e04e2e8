//! Who is there: shifts, pauses, and the week (LP-031).

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    db::Actor,
    rota::{self, OnShift},
    types::ids::{OrganizationId, UserId},
};
use serde_json::{Value, json};

use crate::world::{Answer, Caller, TestApp};

/// From Monday to Friday.
pub fn workdays(hours: &[&str]) -> Value {
    let week: Vec<Value> = (0..7).map(|day| if day < 5 { json!(hours) } else { json!([]) }).collect();
    json!({ "week": week, "holidays": true, "region": null, "days": [] })
}

pub async fn set_own(caller: &Caller<'_>, version: i32, schedule: Value, away: Value) -> Answer {
    let body = json!({ "schedule": schedule, "away": away });
    caller.clone().with_header("if-match", &format!("\"{version}\"")).put("/api/me/shift", body).await
}

/// A shift by the organization's hours, with what managers decide.
pub async fn set_share(app: &TestApp, user: UserId, takes_leads: bool, weight: i32, capacity: Option<i32>) -> Value {
    let path = format!("/api/team/{user}/shift");
    let version = app.mats().get(&path).await.ok()["version"].clone();
    let body =
        json!({ "schedule": null, "away": [], "takes_leads": takes_leads, "weight": weight, "capacity": capacity });
    app.mats().with_header("if-match", &format!("\"{version}\"")).put(&path, body).await.ok()
}

async fn there(app: &TestApp, organization: OrganizationId) -> Vec<OnShift> {
    let now = app.clock.now();
    app.app.db.read(organization, Actor::System, async |tx| rota::on_shift(tx, now).await).await.expect("a rota")
}

async fn who(app: &TestApp) -> Vec<UserId> {
    there(app, app.world.acme).await.into_iter().map(|one| one.user).collect()
}

async fn next(app: &TestApp) -> Option<DateTime<Utc>> {
    let now = app.clock.now();
    app.app.db.read(app.world.acme, Actor::System, async |tx| rota::opens_at(tx, now).await).await.expect("a rota")
}

/// As the rota tells them.
fn by_id(mut users: [UserId; 2]) -> [UserId; 2] {
    users.sort();
    users
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

#[tokio::test]
async fn agents_work_the_organizations_hours_until_they_say_otherwise() {
    let app = TestApp::new().await;
    let world = app.world;
    let plain = |user| OnShift { user, weight: 1, capacity: None };
    assert_eq!(there(&app, world.acme).await, by_id([world.ravi, world.rosa]).map(plain));
    assert_eq!(there(&app, world.globex).await, [plain(world.gita)], "without an agent, the owner does it");
    assert_eq!(next(&app).await, None, "everybody is there at every minute");

    // It is ten in Oslo.
    let policy = json!({ "minutes": 15, "schedule": workdays(&["08:00-12:00", "12:30-16:00"]) });
    app.asha().with_header("if-match", "\"0\"").put("/api/sla", policy).await.ok();
    assert_eq!(who(&app).await, by_id([world.ravi, world.rosa]));
    let set = set_own(&app.ravi(), 0, workdays(&["12:00-20:00"]), json!([])).await.ok();
    assert_eq!((&set["is_there"], &set["changes_at"]), (&json!(false), &json!("2026-03-02T11:00:00Z")));
    assert_eq!(who(&app).await, [world.rosa]);
    assert_eq!(next(&app).await, Some(at("2026-03-02T11:00:00Z")));
    // Rosa has a holiday; she works the organization's hours again behind it.
    set_own(&app.rosa(), 0, Value::Null, json!([{ "from": "2026-03-02", "to": "2026-03-03" }])).await.ok();
    assert_eq!(who(&app).await, []);
    app.advance(TimeDelta::hours(3));
    assert_eq!(who(&app).await, [world.ravi]);
    assert_eq!(next(&app).await, Some(at("2026-03-04T07:00:00Z")), "Rosa; Ravi is there now");
    // The owner is there too, where she says so; an agent may do other work.
    set_share(&app, world.asha, true, 3, Some(2)).await;
    set_share(&app, world.ravi, false, 1, None).await;
    assert_eq!(there(&app, world.acme).await, [OnShift { user: world.asha, weight: 3, capacity: Some(2) }]);
    app.run_jobs().await; // what follows from a change
}

#[tokio::test]
async fn whoever_is_away_is_not_on_shift_until_they_are_back() {
    let app = TestApp::new().await;
    let world = app.world;
    let paused = app.ravi().post("/api/me/pause", json!({ "minutes": 30 })).await.ok();
    assert_eq!(paused["pause"], json!({ "since": "2026-03-02T09:00:00Z", "until": "2026-03-02T09:30:00Z" }));
    assert_eq!((&paused["is_there"], &paused["changes_at"]), (&json!(false), &json!("2026-03-02T09:30:00Z")));
    assert_eq!(who(&app).await, [world.rosa]);
    assert_eq!(next(&app).await, Some(at("2026-03-02T09:30:00Z")));
    // Colleagues see it.
    let seen = app.rosa().get("/api/rota").await.ok();
    let ravi = seen["items"].as_array().expect("items").iter().find(|one| one["user_id"] == json!(world.ravi));
    assert_eq!(ravi.expect("Ravi")["pause"]["until"], "2026-03-02T09:30:00Z");
    // It ends by itself to the second.
    app.advance(TimeDelta::minutes(30) - TimeDelta::seconds(1));
    assert_eq!(who(&app).await, [world.rosa]);
    app.advance(TimeDelta::seconds(1));
    assert_eq!(who(&app).await, by_id([world.ravi, world.rosa]));
    assert_eq!(app.ravi().get("/api/me/shift").await.ok()["pause"], Value::Null);

    // Until they return; a manager may say so for them.
    app.mats().post(&format!("/api/team/{}/pause", world.rosa), json!({ "minutes": null })).await.ok();
    app.advance(TimeDelta::days(3));
    assert_eq!(who(&app).await, [world.ravi]);
    assert_eq!(next(&app).await, None, "she does not come by herself");
    let back = app.rosa().delete("/api/me/pause").await.ok();
    assert_eq!((&back["pause"], &back["is_there"]), (&Value::Null, &json!(true)));
    app.rosa().delete("/api/me/pause").await.ok();
    let trail = app.asha().get("/api/audit?group=team").await.ok();
    let told: Vec<&Value> = trail["items"].as_array().expect("items").iter().map(|entry| &entry["action"]).collect();
    assert_eq!(told, ["pause_ended", "pause_begun", "pause_begun"], "what changed nothing is not told");
    for minutes in [json!(0), json!(481), json!(-5)] {
        app.ravi().post("/api/me/pause", json!({ "minutes": minutes })).await.refused(422, "out_of_range");
    }
    app.ravi().post("/api/me/pause", json!({})).await.refused(422, "shape");
    app.run_jobs().await; // what follows from a change
}

#[tokio::test]
async fn a_shift_is_changed_from_what_was_seen_and_what_is_none_is_told_with_its_place() {
    let app = TestApp::new().await;
    let ravi = app.ravi();
    let own = set_own(&ravi, 0, workdays(&["09:00-17:00"]), json!([])).await.ok();
    assert_eq!(own["version"], 1);
    set_own(&ravi, 0, Value::Null, json!([])).await.refused(412, "version");
    assert_eq!(ravi.get("/api/me/shift").await.ok()["schedule"]["week"][0], json!(["09:00-17:00"]));
    let away = |from: &str, to: &str| json!([{ "from": from, "to": to }]);
    for (schedule, away, field, reason) in [
        (workdays(&["17:00-09:00"]), json!([]), "schedule.week.0", "hours_invalid"),
        (Value::Null, away("2026-07-24", "2026-07-06"), "away.0", "away_backwards"),
        (Value::Null, away("2026-01-01", "2027-12-31"), "away.0", "too_many"),
        (Value::Null, away("2026-07-32", "2026-08-01"), "body", "shape"),
    ] {
        let refused = set_own(&ravi, 1, schedule, away).await;
        assert_eq!(refused.json["field"], field);
        refused.refused(422, reason);
    }
    // Whatever is changed by oneself leaves what managers decide, and the other way round.
    set_share(&app, app.world.ravi, true, 4, Some(7)).await;
    let own = set_own(&ravi, 2, workdays(&["10:00-18:00"]), away("2026-07-06", "2026-07-24")).await.ok();
    assert_eq!((&own["weight"], &own["capacity"], &own["version"]), (&json!(4), &json!(7), &json!(3)));
    let path = format!("/api/team/{}/shift", app.world.ravi);
    for (weight, capacity, field) in [(0, json!(1), "weight"), (11, json!(1), "weight"), (1, json!(0), "capacity")] {
        let body = json!({ "schedule": null, "away": [], "takes_leads": true, "weight": weight, "capacity": capacity });
        let refused = app.asha().with_header("if-match", "\"3\"").put(&path, body).await;
        assert_eq!(refused.json["field"], field);
        refused.refused(422, "out_of_range");
    }
    // Nobody else's business; and none of another organization's.
    app.ravi().get(&path).await.refused(403, "role");
    assert_eq!(app.gita().get(&path).await.status, 404);
    let pause = app.gita().post(&format!("/api/team/{}/pause", app.world.ravi), json!({ "minutes": 5 })).await;
    assert_eq!(pause.status, 404);
    assert_eq!(app.gita().get("/api/rota").await.ok()["items"].as_array().expect("items").len(), 1);
    app.run_jobs().await; // what follows from a change
}

#[tokio::test]
async fn the_week_shows_who_covers_when_and_where_nobody_does() {
    let app = TestApp::new().await;
    let policy = json!({ "minutes": 15, "schedule": workdays(&["08:00-16:00"]) });
    app.asha().with_header("if-match", "\"0\"").put("/api/sla", policy).await.ok();
    set_own(&app.ravi(), 0, workdays(&["08:00-12:00"]), json!([])).await.ok();
    set_own(&app.rosa(), 0, workdays(&["11:00-15:00"]), json!([{ "from": "2026-03-05", "to": "2026-03-05" }]))
        .await
        .ok();
    let week = app.mats().get("/api/rota/week").await.ok();
    let days = week["days"].as_array().expect("days");
    assert_eq!(days.len(), 7);
    assert_eq!(days[0]["date"], "2026-03-02");
    assert_eq!(days[0]["gaps"], json!([{ "from": "2026-03-02T14:00:00Z", "to": "2026-03-02T15:00:00Z" }]));
    assert_eq!(days[0]["people"].as_array().expect("people").len(), 2, "neither the owner nor the manager");
    // Thursday without Rosa.
    assert_eq!(days[3]["gaps"], json!([{ "from": "2026-03-05T11:00:00Z", "to": "2026-03-05T15:00:00Z" }]));
    assert_eq!((&days[5]["open"], &days[5]["people"], &days[5]["gaps"]), (&json!([]), &json!([]), &json!([])));
    // The week in which summer time begins: its Sunday has 23 hours.
    let week = app.mats().get("/api/rota/week?day=2026-03-25").await.ok();
    assert_eq!(week["days"][6]["day"], json!({ "from": "2026-03-28T23:00:00Z", "to": "2026-03-29T22:00:00Z" }));
    assert_eq!(week["days"][0]["open"][0]["from"], "2026-03-23T07:00:00Z");
    app.mats().get("/api/rota/week?day=9999-12-31").await.refused(422, "out_of_range");
    app.mats().get("/api/rota/week?day=tomorrow").await.refused(422, "shape");
    app.run_jobs().await; // what follows from a change
}
