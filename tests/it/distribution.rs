//! To whom leads are given (LP-031).

use std::collections::HashMap;

use chrono::TimeDelta;
use nextmove::{
    db::Actor,
    distribution::{self, Offer},
    leads::{self, NewLead, Person},
    sla::Sla,
    types::{
        ids::{LeadId, UserId},
        phone::Phone,
    },
};
use serde_json::{Value, json};

use crate::{
    leads::lead,
    rota::{set_share, workdays},
    world::{Answer, TestApp, monday},
};

async fn set(app: &TestApp, way: Value, rules: Value) -> Value {
    put(app, way, rules).await.ok()
}

async fn put(app: &TestApp, way: Value, rules: Value) -> Answer {
    let version = app.asha().get("/api/distribution").await.ok()["version"].clone();
    let body = json!({ "way": way, "rules": rules });
    app.asha().with_header("if-match", &format!("\"{version}\"")).put("/api/distribution", body).await
}

fn in_turn() -> Value {
    json!({ "kind": "round_robin", "people": [] })
}

async fn place(app: &TestApp, asked: &[(LeadId, i32)]) -> Vec<Offer> {
    let placed = app.app.db.write(app.world.acme, Actor::System, async |tx| distribution::place(tx, asked).await);
    placed.await.expect("placed")
}

/// A lead that comes and is looked after at once. Of two that came in the same millisecond nobody can say which is the newer one.
async fn comes(app: &TestApp, name: &str) -> Offer {
    app.advance(TimeDelta::milliseconds(2));
    let id = lead(app, app.world.acme, name, app.clock.now()).await;
    place(app, &[(id, 0)]).await.remove(0)
}

async fn from_postcode(app: &TestApp, postcode: &str, phone: Option<&str>) -> LeadId {
    let person = Person {
        full_name: Some("Somebody".to_owned()),
        postal_code: Some(postcode.to_owned()),
        phone: phone.map(|phone| Phone::from_e164(phone).expect("a number")),
        ..Person::default()
    };
    let at = app.clock.now();
    let new = NewLead::of("phone", person, at);
    let captured = app.app.db.write(app.world.acme, Actor::System, async |tx| {
        leads::capture(tx, new.clone(), &Sla::always(TimeDelta::minutes(15))).await
    });
    match captured.await.expect("captured") {
        leads::Captured::New(id) => id,
        other => panic!("{other:?}"),
    }
}

fn sorted(mut users: Vec<UserId>) -> Vec<UserId> {
    users.sort();
    users
}

/// How many leads each has.
async fn shares(app: &TestApp) -> HashMap<String, usize> {
    let page = app.asha().get("/api/leads?limit=200").await.ok();
    let mut counts = HashMap::new();
    for lead in page["items"].as_array().expect("items") {
        *counts.entry(lead["assignee_id"].as_str().unwrap_or("nobody").to_owned()).or_insert(0) += 1;
    }
    counts
}

async fn holder(app: &TestApp, lead: LeadId) -> Value {
    app.asha().get(&format!("/api/leads/{lead}")).await.ok()["assignee_id"].clone()
}

#[tokio::test]
async fn unless_an_owner_says_otherwise_everybody_is_told_and_nobody_is_given_anything() {
    let app = TestApp::new().await;
    let offer = comes(&app, "Kari").await;
    assert_eq!(offer.to, sorted(vec![app.world.ravi, app.world.rosa]));
    assert!(!offer.assigned && offer.again_at.is_none());
    assert_eq!(holder(&app, offer.lead).await, Value::Null);
    let path = format!("/api/leads/{}/placement", offer.lead);
    assert_eq!(app.ravi().get(&path).await.ok(), json!({ "placement": null }));
}

#[tokio::test]
async fn leads_are_given_in_turn_by_weight_and_room_and_the_history_says_why() {
    let app = TestApp::new().await;
    let world = app.world;
    set(&app, in_turn(), json!([])).await;
    set_share(&app, world.ravi, true, 2, Some(3)).await;
    app.run_jobs().await;
    let mut given = Vec::new();
    for number in 0..3 {
        let offer = comes(&app, &format!("Lead {number}")).await;
        assert!(offer.assigned && offer.to.len() == 1, "{offer:?}");
        given.push(offer.to[0]);
    }
    assert_eq!(given.iter().filter(|user| **user == world.ravi).count(), 2, "two of three");
    // Ravi has room for one more, and then the rest is Rosa's.
    for number in 3..8 {
        comes(&app, &format!("Lead {number}")).await;
    }
    let counts = shares(&app).await;
    assert_eq!((counts[&world.ravi.to_string()], counts[&world.rosa.to_string()]), (3, 5));

    let mine = app.ravi().get("/api/leads?view=mine").await.ok()["items"][0]["id"].as_str().expect("an id").to_owned();
    let timeline = app.ravi().get(&format!("/api/leads/{mine}/timeline")).await.ok();
    let line = timeline["items"].as_array().expect("items").iter().find(|item| item["kind"] == "assigned");
    let line = line.expect("it is told in the history");
    assert_eq!((&line["user_id"], &line["to"]), (&Value::Null, &json!(world.ravi)), "nobody did it: {line}");
    assert_eq!(line["placement"]["way"], "round_robin");
    let placement = app.ravi().get(&format!("/api/leads/{mine}/placement")).await.ok()["placement"].clone();
    assert_eq!((&placement["user_id"], &placement["waits"]), (&json!(world.ravi), &json!(false)));
    assert_eq!((&placement["why"]["open"], &placement["why"]["capacity"]), (&json!(3), &json!(3)));
    assert_eq!(line["placement"], placement["why"], "the same is kept twice");
    // The owner's trail names nobody either.
    let trail = app.asha().get("/api/audit?group=leads").await.ok();
    let entry = trail["items"].as_array().expect("items").iter().find(|entry| entry["action"] == "lead_assigned");
    assert_eq!(entry.expect("it is told in the trail")["actor"], "system");
}

#[tokio::test]
async fn the_nights_leads_are_spread_fairly_at_opening_the_oldest_first() {
    let app = TestApp::new().await;
    let world = app.world;
    let policy = json!({ "minutes": 15, "schedule": workdays(&["08:00-16:00"]) });
    app.asha().with_header("if-match", "\"0\"").put("/api/sla", policy).await.ok();
    set(&app, in_turn(), json!([])).await;
    set_share(&app, world.mats, true, 2, None).await;
    app.run_jobs().await;
    // Monday, 22:00 in Oslo.
    app.advance(TimeDelta::hours(12));
    let mut asked = Vec::new();
    for number in 0..20 {
        asked.push((lead(&app, world.acme, &format!("Night {number:02}"), app.clock.now()).await, 0));
        app.advance(TimeDelta::minutes(1));
    }
    for offer in place(&app, &asked).await {
        assert!(offer.to.is_empty() && !offer.assigned, "{offer:?}");
    }
    assert_eq!(shares(&app).await, HashMap::from([("nobody".to_owned(), 20)]));
    let waiting = app.ravi().get(&format!("/api/leads/{}/placement", asked[0].0)).await.ok();
    assert_eq!(waiting["placement"]["waits"], true);
    // A quarter of an hour before opening nothing has happened, however often it was looked at.
    app.advance(TimeDelta::minutes(9 * 60 + 25));
    app.run_jobs().await;
    assert_eq!(shares(&app).await["nobody"], 20);
    app.advance(TimeDelta::minutes(15));
    app.run_jobs().await;
    let counts = shares(&app).await;
    let of = |user: UserId| counts.get(&user.to_string()).copied().unwrap_or(0);
    assert_eq!((of(world.ravi), of(world.rosa), of(world.mats)), (5, 5, 10));
    // Of any four in the order in which they came, each had their part.
    let mut first_four = HashMap::new();
    for (lead, _) in &asked[..4] {
        *first_four.entry(holder(&app, *lead).await.to_string()).or_insert(0) += 1;
    }
    assert_eq!(first_four.len(), 3, "{first_four:?}");
}

#[tokio::test]
async fn whoever_becomes_free_is_given_what_waits() {
    let app = TestApp::new().await;
    let world = app.world;
    set(&app, in_turn(), json!([])).await;
    for user in [world.ravi, world.rosa] {
        set_share(&app, user, true, 1, Some(1)).await;
    }
    for caller in [app.ravi(), app.rosa()] {
        caller.post("/api/me/pause", json!({ "minutes": 30 })).await.ok();
    }
    app.run_jobs().await;
    let mut leads = Vec::new();
    for number in 0..4 {
        leads.push(comes(&app, &format!("Lead {number}")).await.lead);
        app.advance(TimeDelta::seconds(1));
    }
    // Ravi comes back by himself, by a tap; Rosa when her half hour is over.
    app.ravi().delete("/api/me/pause").await.ok();
    app.run_jobs().await;
    assert_eq!(holder(&app, leads[0]).await, json!(world.ravi), "the oldest first");
    assert_eq!(shares(&app).await["nobody"], 3, "he has room for one");
    app.advance(TimeDelta::minutes(30));
    app.run_jobs().await;
    assert_eq!(holder(&app, leads[1]).await, json!(world.rosa));
    // Won, given back: each makes room for the next one.
    let path = format!("/api/leads/{}", leads[0]);
    let version = app.ravi().get(&path).await.ok()["version"].as_i64().and_then(|one| i32::try_from(one).ok());
    let lost = json!({ "status": "lost", "lost_reason": "not_interested" });
    app.ravi().patch(&path, version.expect("a version"), lost).await.ok();
    app.run_jobs().await;
    assert_eq!(holder(&app, leads[2]).await, json!(world.ravi));
    app.rosa().delete(&format!("/api/leads/{}/claim", leads[1])).await.ok();
    app.run_jobs().await;
    assert_eq!(holder(&app, leads[3]).await, json!(world.rosa));
    assert_eq!(holder(&app, leads[1]).await, Value::Null, "what is given back is for whoever claims it");
}

#[tokio::test]
async fn the_first_rule_that_fits_decides_and_what_nobody_of_it_takes_goes_the_common_way() {
    let app = TestApp::new().await;
    let world = app.world;
    let rule = |when: Value, way: Value, waits: bool| json!({ "id": null, "when": when, "way": way, "waits": waits });
    let to = |user: UserId| json!({ "kind": "person", "user": user });
    let saved = set(
        &app,
        json!({ "kind": "everybody" }),
        json!([
            rule(json!({ "areas": ["0150-0299", "5*"] }), to(world.rosa), false),
            rule(json!({ "areas": ["0*"] }), to(world.ravi), true),
            rule(
                json!({ "countries": ["SE"] }),
                json!({ "kind": "people", "people": [world.mats, world.ravi] }),
                false
            ),
        ]),
    )
    .await;
    assert!(saved["rules"][0]["id"].is_string(), "{saved}");
    let placed = async |postcode: &str, phone: Option<&str>| {
        let id = from_postcode(&app, postcode, phone).await;
        place(&app, &[(id, 0)]).await.remove(0)
    };
    let oslo = placed("0150", None).await;
    assert_eq!((oslo.to, oslo.assigned), (vec![world.rosa], true));
    assert_eq!(placed("5003", None).await.to, [world.rosa]);
    assert_eq!(placed("0100", None).await.to, [world.ravi]);
    let swede = placed("11122", Some("+46701234567")).await;
    assert_eq!((swede.to, swede.assigned), (vec![world.ravi], false), "Mats takes no leads");
    assert_eq!(placed("9999", None).await.to, sorted(vec![world.ravi, world.rosa]));

    for caller in [app.ravi(), app.rosa()] {
        caller.post("/api/me/pause", json!({ "minutes": null })).await.ok();
    }
    app.rosa().delete("/api/me/pause").await.ok();
    app.run_jobs().await;
    let waits = placed("0100", None).await;
    assert_eq!((waits.to.clone(), waits.assigned), (vec![], false), "it is for Ravi, who is away");
    app.rosa().post("/api/me/pause", json!({ "minutes": null })).await.ok();
    app.ravi().delete("/api/me/pause").await.ok();
    app.run_jobs().await;
    assert_eq!(holder(&app, waits.lead).await, json!(world.ravi));
    // Rosa is away, and hers does not wait.
    let instead = placed("0150", None).await;
    assert_eq!((instead.to, instead.assigned), (vec![world.ravi], false));
    let placement = app.ravi().get(&format!("/api/leads/{}/placement", instead.lead)).await.ok();
    assert_eq!(placement["placement"]["why"]["instead"], true);
    assert_eq!(placement["placement"]["why"]["rule"], saved["rules"][0]["id"]);
}

#[tokio::test]
async fn a_roll_out_tells_one_group_after_the_other_and_then_everybody() {
    let app = TestApp::new().await;
    let world = app.world;
    set_share(&app, world.mats, true, 1, None).await;
    let steps = json!([{ "people": [world.ravi], "minutes": 5 }, { "people": [world.rosa], "minutes": 10 }]);
    set(&app, json!({ "kind": "roll_out", "steps": steps }), json!([])).await;
    app.run_jobs().await;
    let first = comes(&app, "Kari").await;
    let came = app.clock.now();
    assert_eq!((&first.to, first.again_at), (&vec![world.ravi], Some(came + TimeDelta::minutes(5))));
    let asked = [(first.lead, 1)];
    let early = place(&app, &asked).await.remove(0);
    assert_eq!((early.to, early.again_at), (vec![], first.again_at), "whoever asks too early tells nobody twice");
    app.advance(TimeDelta::minutes(5));
    let second = place(&app, &asked).await.remove(0);
    assert_eq!((second.to, second.again_at), (vec![world.rosa], Some(came + TimeDelta::minutes(15))));
    app.advance(TimeDelta::minutes(10));
    let third = place(&app, &[(first.lead, 2)]).await.remove(0);
    assert_eq!((third.to, third.again_at), (vec![world.mats], None), "everybody who was not told yet");
    let fourth = place(&app, &[(first.lead, 3)]).await.remove(0);
    assert_eq!((fourth.to, fourth.again_at), (vec![], None));
    // Of another lead nobody of the first group is there: the second has its turn at once.
    app.ravi().post("/api/me/pause", json!({ "minutes": 30 })).await.ok();
    app.run_jobs().await;
    let skipped = comes(&app, "Ola").await;
    assert_eq!(skipped.to, [world.rosa]);
    app.advance(TimeDelta::minutes(10));
    assert_eq!(place(&app, &[(skipped.lead, 1)]).await[0].to, [world.mats], "Ravi is away");
    // Whoever claims it ends it.
    app.rosa().post(&format!("/api/leads/{}/claim", skipped.lead), json!({})).await.ok();
    let ended = place(&app, &[(skipped.lead, 2)]).await.remove(0);
    assert_eq!((ended.to, ended.assigned, ended.again_at), (vec![], false, None));
}

#[tokio::test]
async fn a_roll_out_at_night_begins_when_somebody_comes() {
    let app = TestApp::new().await;
    let policy = json!({ "minutes": 15, "schedule": workdays(&["08:00-16:00"]) });
    app.asha().with_header("if-match", "\"0\"").put("/api/sla", policy).await.ok();
    let steps = json!([{ "people": [app.world.ravi], "minutes": 5 }]);
    set(&app, json!({ "kind": "roll_out", "steps": steps }), json!([])).await;
    app.advance(TimeDelta::hours(12));
    let night = comes(&app, "Kari").await;
    let opens: chrono::DateTime<chrono::Utc> = "2026-03-03T07:00:00Z".parse().expect("a time");
    assert_eq!((night.to, night.again_at), (vec![], Some(opens)));
    app.advance(opens - app.clock.now());
    let morning = place(&app, &[(night.lead, 1)]).await.remove(0);
    assert_eq!((morning.to, morning.again_at), (vec![app.world.ravi], Some(opens + TimeDelta::minutes(5))));
}

#[tokio::test]
async fn a_preview_is_what_would_happen_and_changes_nothing() {
    let app = TestApp::new().await;
    let world = app.world;
    let rule = json!({ "id": null, "when": { "areas": ["5*"] }, "way": { "kind": "person", "user": world.rosa }, "waits": false });
    set(&app, in_turn(), json!([rule])).await;
    let look = async |body: Value| app.asha().post("/api/distribution/preview", body).await.ok();
    let bergen = look(json!({ "postal_code": "5003" })).await;
    assert_eq!(
        (&bergen["to"], &bergen["given"], &bergen["rule_index"]),
        (&json!([world.rosa]), &json!(true), &json!(0))
    );
    for _ in 0..5 {
        let seen = look(json!({})).await;
        assert_eq!(
            (&seen["given"], &seen["rule_index"], &seen["why"]["free"]),
            (&json!(true), &Value::Null, &json!(2))
        );
    }
    // It was nobody's turn: the first two leads are given to one each.
    let (one, other) = (comes(&app, "Kari").await, comes(&app, "Ola").await);
    assert_ne!(one.to, other.to);
    // Another lead of the same people: whose turn it is now is known, and it is so.
    comes(&app, "Nora").await;
    let expected = look(json!({})).await["to"].clone();
    assert_eq!(json!(comes(&app, "Per").await.to), expected);
    // A policy that is not saved.
    let draft = json!({ "way": { "kind": "person", "user": world.ravi }, "rules": [] });
    assert_eq!(look(json!({ "policy": draft })).await["to"], json!([world.ravi]));
    assert_eq!(look(json!({ "phone": "+46 70 123 45 67" })).await["given"], true);
    app.asha().post("/api/distribution/preview", json!({ "phone": "12" })).await.refused(422, "phone_invalid");
    app.ravi().post(&format!("/api/leads/{}/claim", one.lead), json!({})).await;
}

#[tokio::test]
async fn what_is_no_policy_is_refused_with_its_place() {
    let app = TestApp::new().await;
    let world = app.world;
    let everybody = json!({ "kind": "everybody" });
    let rule = |when: Value, way: Value| json!([{ "id": null, "when": when, "way": way, "waits": false }]);
    for (way, rules, field, reason) in [
        (json!({ "kind": "people", "people": [] }), json!([]), "way.people", "required"),
        (json!({ "kind": "person", "user": world.gita }), json!([]), "way", "not_a_member"),
        (json!({ "kind": "roll_out", "steps": [] }), json!([]), "way.steps", "out_of_range"),
        (
            json!({ "kind": "roll_out", "steps": [{ "people": [world.ravi], "minutes": 0 }] }),
            json!([]),
            "way.steps.0.minutes",
            "out_of_range",
        ),
        (everybody.clone(), rule(json!({}), everybody.clone()), "rules.0.when", "required"),
        (
            everybody.clone(),
            rule(json!({ "languages": ["Norsk"] }), everybody.clone()),
            "rules.0.when.languages",
            "language_unknown",
        ),
        (
            everybody.clone(),
            rule(json!({ "areas": ["5*"] }), json!({ "kind": "round_robin", "people": [world.olav] })),
            "rules.0.way",
            "not_a_member",
        ),
        (everybody.clone(), rule(json!({ "areas": ["9-1"] }), everybody.clone()), "body", "shape"),
        (json!({ "kind": "lottery" }), json!([]), "body", "shape"),
    ] {
        let refused = put(&app, way, rules).await;
        assert_eq!(refused.json["field"], field, "{}", refused.text);
        refused.refused(422, reason);
    }
    set(&app, in_turn(), json!([])).await;
    let body = json!({ "way": in_turn(), "rules": [] });
    app.asha().with_header("if-match", "\"0\"").put("/api/distribution", body).await.refused(412, "version");
    assert_eq!(
        app.gita().get("/api/distribution").await.ok()["way"]["kind"],
        "everybody",
        "another organization's is its own"
    );
}

#[tokio::test]
async fn whoever_asks_at_once_takes_turns() {
    let app = TestApp::new().await;
    let world = app.world;
    set(&app, in_turn(), json!([])).await;
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(lead(&app, world.acme, &format!("Lead {number}"), monday()).await);
    }
    let app = &app;
    let offers = futures::future::join_all(ids.iter().map(|id| async move { place(app, &[(*id, 0)]).await })).await;
    let mut counts = HashMap::new();
    for offer in offers.iter().flatten() {
        assert!(offer.assigned);
        *counts.entry(offer.to[0]).or_insert(0) += 1;
    }
    assert_eq!((counts[&world.ravi], counts[&world.rosa]), (20, 20));
}

#[tokio::test]
async fn what_is_claimed_or_a_test_takes_nobodys_turn() {
    let app = TestApp::new().await;
    let world = app.world;
    set(&app, in_turn(), json!([])).await;
    let claimed = lead(&app, world.acme, "Claimed", monday()).await;
    app.ravi().post(&format!("/api/leads/{claimed}/claim"), json!({})).await.ok();
    let offer = place(&app, &[(claimed, 0)]).await.remove(0);
    assert_eq!((offer.to, offer.assigned), (vec![], false), "they know it");
    let again = comes(&app, "Kari").await;
    let twice = place(&app, &[(again.lead, 1)]).await.remove(0);
    assert_eq!((twice.to, twice.assigned), (vec![], false), "asked twice, told once");
    assert!(comes(&app, "Ola").await.to != again.to, "and it is the other's turn");
}
