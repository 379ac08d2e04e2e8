//! How good a lead looks, and why (LP-032).

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    leads::lead,
    webhooks::{arrive, connect},
    world::{Answer, TestApp, monday},
};

async fn put(app: &TestApp, rules: Value) -> Answer {
    let version = app.asha().get("/api/scoring").await.ok()["version"].clone();
    app.asha().with_header("if-match", &format!("\"{version}\"")).put("/api/scoring", json!({ "rules": rules })).await
}

async fn score(app: &TestApp, lead: &str) -> i64 {
    app.ravi().get(&format!("/api/leads/{lead}")).await.ok()["score"].as_i64().expect("a score")
}

/// What the reasons add up to, which is what the score says.
async fn reasons(app: &TestApp, lead: &str) -> (i64, Vec<String>) {
    let detail = app.ravi().get(&format!("/api/leads/{lead}")).await.ok();
    let reasons = detail["score_reasons"].as_array().expect("reasons").clone();
    let points = reasons.iter().filter_map(|one| one["points"].as_i64()).sum::<i64>();
    assert_eq!(detail["score"].as_i64(), Some(points.clamp(0, 100)), "{detail}");
    (points, reasons.iter().map(|one| one["sign"]["kind"].as_str().expect("a kind").to_owned()).collect())
}

#[tokio::test]
async fn a_lead_is_scored_as_it_comes_and_with_whatever_happens_to_it() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Kari Nordmann", monday()).await.to_string();
    assert_eq!(
        reasons(&app, &id).await,
        (20, vec!["has".to_owned(), "came_open".to_owned()]),
        "a name, while the business is open"
    );
    app.ravi()
        .patch(&format!("/api/leads/{id}"), 1, json!({ "phone": "400 12 345", "postal_code": "0150" }))
        .await
        .ok();
    assert_eq!(score(&app, &id).await, 60);
    let attempt = app.ravi().post(&format!("/api/leads/{id}/attempts"), json!({ "channel": "call" })).await.ok();
    let outcome = format!("/api/leads/{id}/attempts/{}/outcome", attempt["id"].as_str().expect("an id"));
    app.ravi().post(&outcome, json!({ "outcome": "reached" })).await.ok();
    assert_eq!(reasons(&app, &id).await.0, 70);
    let list = app.ravi().get("/api/leads").await.ok();
    assert_eq!(list["items"][0]["score"], 70, "it stands in the list");
}

#[tokio::test]
async fn what_meta_sends_is_scored_and_a_further_enquiry_counts() {
    let app = TestApp::new().await;
    connect(&app).await;
    let new =
        nextmove::sandbox::meta::NewLead { phone: Some("400 12 345".into()), test: Some(false), ..Default::default() };
    arrive(&app, &new).await;
    let list = app.ravi().get("/api/leads").await.ok();
    let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
    let (before, signs) = reasons(&app, &id).await;
    assert!(signs.contains(&"phone_valid".to_owned()) && !signs.contains(&"asked_again".to_owned()), "{signs:?}");
    arrive(&app, &new).await;
    assert_eq!(reasons(&app, &id).await.0, before + 10, "they asked again");
}

#[tokio::test]
async fn whoever_changes_the_rules_sees_first_what_they_do_and_the_scores_follow() {
    let app = TestApp::new().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let name = if number < 2 { "Kari Nordmann" } else { "Ola Hansen" };
        ids.push(lead(&app, app.world.acme, name, monday() + TimeDelta::seconds(number)).await.to_string());
    }
    let rules = json!([
        { "sign": { "kind": "contains", "field": "full_name", "value": "NORDMANN" }, "points": 90 },
        { "sign": { "kind": "came_open" }, "points": 30 },
    ]);
    let tried = app.asha().post("/api/scoring/preview", json!({ "rules": rules })).await.ok();
    let shown: Vec<(i64, i64)> = tried["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|one| (one["before"].as_i64().expect("before"), one["after"].as_i64().expect("after")))
        .collect();
    assert_eq!(shown, [(20, 30), (20, 30), (20, 30), (20, 100), (20, 100)], "the newest first");
    assert_eq!(tried["items"][4]["full_name"], "Kari Nordmann");
    assert_eq!(score(&app, &ids[0]).await, 20, "it was only tried");

    let version = app.ravi().get(&format!("/api/leads/{}", ids[0])).await.ok()["version"].clone();
    put(&app, rules.clone()).await.ok();
    app.run_jobs().await;
    let best = app.ravi().get("/api/leads?view=best").await.ok();
    let scores: Vec<&Value> = best["items"].as_array().expect("items").iter().map(|one| &one["score"]).collect();
    assert_eq!(scores, [100, 100, 30, 30, 30]);
    assert_eq!(best["items"][0]["id"], json!(ids[1]), "of those as good the newest");
    assert_eq!(
        app.ravi().get(&format!("/api/leads/{}", ids[0])).await.ok()["version"],
        version,
        "nobody did anything to it"
    );
    let good = app.ravi().get("/api/leads?view=best&min_score=70").await.ok();
    assert_eq!(good["items"].as_array().expect("items").len(), 2);

    // Page by page, each once.
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.ravi().get(&format!("/api/leads?view=best&limit=2{cursor}")).await.ok();
        seen.extend(page["items"].as_array().expect("items").iter().map(|one| one["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        json!(seen),
        json!(best["items"].as_array().expect("items").iter().map(|one| one["id"].clone()).collect::<Vec<_>>())
    );

    app.asha()
        .with_header("if-match", "\"0\"")
        .put("/api/scoring", json!({ "rules": [] }))
        .await
        .refused(412, "version");
    app.ravi().get("/api/leads?min_score=70").await.refused(422, "out_of_range");
    app.ravi().get("/api/leads?view=best&min_score=101").await.refused(422, "out_of_range");
    for (rule, field, reason) in [
        (json!({ "sign": { "kind": "phone_valid" }, "points": 101 }), "rules.0.points", "out_of_range"),
        (json!({ "sign": { "kind": "has", "field": " " }, "points": 1 }), "rules.0.sign", "sign_incomplete"),
        (json!({ "sign": { "kind": "asked_again", "times": 1 }, "points": 1 }), "rules.0.sign", "sign_incomplete"),
        (json!({ "sign": { "kind": "email_domain", "domains": [] }, "points": 1 }), "rules.0.sign", "sign_incomplete"),
        (json!({ "sign": { "kind": "postcode_in", "areas": ["9-1"] }, "points": 1 }), "body", "shape"),
    ] {
        let refused = put(&app, json!([rule])).await;
        assert_eq!(refused.json["field"], field, "{}", refused.text);
        refused.refused(422, reason);
    }
    assert_eq!(app.gita().get("/api/scoring").await.ok()["version"], 0, "another organization's are its own");
}
