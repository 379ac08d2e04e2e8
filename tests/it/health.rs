//! Connections are looked over by themselves, repaired where no person is needed, told of once where one is, and counted (LP-080).

use chrono::TimeDelta;
use nextmove::{
    integrations::{CheckConnections, Reconcile},
    jobs,
    sandbox::meta::{Fault, FaultRequest, HowToDeliver, NewLead, PageChange},
};
use serde_json::{Value, json};

use crate::{
    audit::superuser,
    webhooks::{all_leads, arrive, connect},
    world::TestApp,
};

const PAGE: &str = "104857600123456";
const OLAV: &str = "olav@example.com";

async fn schedule<J: jobs::Job<nextmove::app::App> + Sync>(app: &TestApp, job: &J) {
    let sent =
        app.app.db.directory(async |directory| jobs::enqueue_for::<nextmove::app::App, _>(directory, None, job).await);
    sent.await.expect("a job");
    app.run_jobs().await;
}

/// As the schedule does every five minutes; whose turn it is is looked over.
async fn look_over(app: &TestApp) {
    schedule(app, &CheckConnections {}).await;
}

/// As the schedule does every minute.
async fn ask(app: &TestApp) {
    schedule(app, &Reconcile {}).await;
}

async fn as_owner(app: &TestApp) {
    app.asha().put(&format!("/api/connections/meta/pages/{PAGE}"), json!({ "token": "sandbox-page-token" })).await.ok();
    app.run_jobs().await;
}

async fn troubles(app: &TestApp) -> Vec<Value> {
    let told = app.ravi().get("/api/connections/trouble").await.ok();
    told["items"].as_array().expect("items").clone()
}

/// How often each thing was told.
async fn told(app: &TestApp) -> (i64, i64) {
    let count = "select count(*) filter (where kind = 'connection_broken'), count(*) filter (where kind = 'connection_mended') from events";
    sqlx::query_as(count).fetch_one(&mut superuser(app).await).await.expect("events")
}

fn somebody(number: usize) -> NewLead {
    NewLead { phone: Some(format!("+47400{number:05}")), test: Some(false), ..NewLead::default() }
}

fn change(app: &TestApp, change: PageChange) {
    app.sandbox.change_page(PAGE, change);
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_once_and_what_came_meanwhile_is_fetched_once_it_is_mended() {
    let app = TestApp::new().await;
    as_owner(&app).await;
    look_over(&app).await;
    assert_eq!(troubles(&app).await, [] as [Value; 0]);

    change(&app, PageChange { dead: Some(460), ..PageChange::default() });
    // Nobody looks before the hour is over, unless something is refused: here it is, again and again.
    for number in 0..3 {
        let id = app.sandbox.add_lead(&somebody(number));
        app.sandbox.deliver(&[id], &HowToDeliver::default()).await;
        app.run_jobs().await;
    }
    let trouble = &troubles(&app).await[0];
    assert_eq!(
        (trouble["kind"].as_str(), trouble["step"].as_str(), trouble["mend"].as_str()),
        (Some("missing"), Some("token"), Some("token_password")),
        "the check that follows knows what exactly: {trouble}"
    );
    assert_eq!(
        (trouble["page_name"].as_str(), trouble["since"].as_str()),
        (Some("Fjordvarme"), Some("2026-03-02T09:00:00Z"))
    );
    assert_eq!(trouble["told_at"], "2026-03-02T09:00:00Z");
    assert_eq!(told(&app).await, (1, 0), "once, however many leads are refused");
    app.advance(TimeDelta::hours(3));
    look_over(&app).await;
    assert_eq!(told(&app).await, (1, 0));
    assert_eq!(troubles(&app).await[0]["since"], "2026-03-02T09:00:00Z");

    // The agency sees it beside its other businesses, and in no other's.
    let theirs = app.olav().get("/api/operator/connections").await.ok();
    assert_eq!(
        (theirs["items"][0]["organization_name"].as_str(), theirs["items"][0]["mend"].as_str()),
        (Some("Acme Varme"), Some("token_password"))
    );
    assert_eq!(app.gita().get("/api/connections/trouble").await.ok()["items"], json!([]));

    // One that no webhook tells of, while nothing can be read.
    app.sandbox.add_lead(&somebody(7));
    // The password is the old one again, or Meta was wrong: nobody gave another token.
    change(&app, PageChange::default());
    app.advance(TimeDelta::minutes(10));
    look_over(&app).await;
    assert_eq!(troubles(&app).await, [] as [Value; 0]);
    assert_eq!(told(&app).await, (1, 1));
    assert_eq!(all_leads(&app).await.len(), 4, "those that waited, and the one that nobody told of");
    let page = app.asha().get("/api/connections/meta").await.ok()["pages"][0].clone();
    assert_eq!((page["health"].as_str(), &page["trouble"]), (Some("working"), &Value::Null));
}

/// What breaks at once is one letter to each of the agency's staff; what is mended within the minute is none.
#[tokio::test]
async fn the_agency_is_written_to_once_with_all_that_is_broken() {
    let app = TestApp::with_mail().await;
    as_owner(&app).await;
    change(&app, PageChange { dead: Some(460), ..PageChange::default() });
    look_over(&app).await;
    change(&app, PageChange::default());
    as_owner(&app).await;
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    assert!(app.mail.last_to(OLAV).is_none(), "mended before anybody had to read of it");

    change(&app, PageChange { dead: Some(458), ..PageChange::default() });
    look_over(&app).await;
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    let letter = app.mail.last_to(OLAV).expect("a letter");
    assert_eq!(letter.subject, "Leads of Acme Varme may be missing");
    assert!(letter.text.contains("Acme Varme: Fjordvarme"), "{}", letter.text);
    assert!(letter.text.contains("/operator"), "{}", letter.text);
    app.advance(TimeDelta::hours(2));
    look_over(&app).await;
    let all = app.mail.letters();
    assert_eq!(all.iter().filter(|letter| letter.to.iter().any(|to| to == OLAV)).count(), 1, "once");
}

#[tokio::test]
async fn a_token_that_a_person_gives_mends_and_another_breaking_is_told_again() {
    let app = TestApp::new().await;
    as_owner(&app).await;
    change(&app, PageChange { dead: Some(463), ..PageChange::default() });
    look_over(&app).await;
    assert_eq!(told(&app).await, (1, 0));
    change(&app, PageChange { token: Some("another".into()), ..PageChange::default() });
    app.advance(TimeDelta::minutes(1));
    app.asha().put(&format!("/api/connections/meta/pages/{PAGE}"), json!({ "token": "another" })).await.ok();
    app.run_jobs().await;
    assert_eq!((troubles(&app).await.len(), told(&app).await), (0, (1, 1)));
    change(&app, PageChange { token: Some("another".into()), dead: Some(458), ..PageChange::default() });
    look_over(&app).await;
    assert_eq!(troubles(&app).await[0]["mend"], "token_app_removed");
    assert_eq!(told(&app).await, (2, 1));
}

/// Refused now and then: a connection that breaks and mends by turns rings nobody's phone each time.
#[tokio::test]
async fn one_that_is_refused_now_and_then_is_told_of_once_an_hour_at_most() {
    let app = TestApp::new().await;
    as_owner(&app).await;
    for _ in 0..4 {
        let fault = FaultRequest { fault: Fault::Permission, count: 1, delay_ms: None, on: Some("leads".to_owned()) };
        app.sandbox.queue_fault(fault);
        ask(&app).await;
        assert_eq!(troubles(&app).await[0]["kind"], "missing");
        look_over(&app).await;
        assert_eq!(troubles(&app).await.len(), 1, "not believed at once");
        app.advance(TimeDelta::minutes(11));
        look_over(&app).await;
        assert_eq!(troubles(&app).await.len(), 0);
    }
    assert_eq!(told(&app).await, (1, 4));
}

#[tokio::test]
async fn a_subscription_that_is_gone_is_made_again_and_the_trail_says_so() {
    let app = TestApp::new().await;
    connect(&app).await; // on the command line, which asks Meta nothing
    look_over(&app).await;
    assert_eq!(troubles(&app).await, [] as [Value; 0]);
    let setup = app.asha().get("/api/connections/meta").await.ok();
    assert_eq!(
        (setup["pages"][0]["health"].as_str(), setup["pages"][0]["subscribed_at"].is_string()),
        (Some("working"), true)
    );
    arrive(&app, &somebody(1)).await;
    assert_eq!(all_leads(&app).await.len(), 1);
    let trail = app.asha().get("/api/audit").await.ok();
    let done: Vec<&str> =
        trail["items"].as_array().expect("items").iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert!(done.contains(&"page_subscribed"), "{done:?}");
    assert_eq!(told(&app).await.0, 0, "nobody has to do anything");
}

#[tokio::test]
async fn what_makes_leads_late_is_told_from_what_makes_them_missing_and_a_hiccup_is_nobodys_business() {
    let app = TestApp::with(|config| config.http.public_url = "http://127.0.0.1:1".parse().expect("a URL")).await;
    as_owner(&app).await;
    look_over(&app).await;
    assert_eq!(troubles(&app).await.len(), 0, "once may be a hiccup");
    app.advance(TimeDelta::hours(1));
    look_over(&app).await;
    assert_eq!(troubles(&app).await[0]["kind"], "late");
    assert_eq!(told(&app).await, (1, 0));
    // Now nothing can be read either: that is news, though within the hour it is not told twice.
    app.advance(TimeDelta::minutes(61));
    change(&app, PageChange { without_lead_access: true, ..PageChange::default() });
    look_over(&app).await;
    let trouble = &troubles(&app).await[0];
    assert_eq!((trouble["kind"].as_str(), trouble["mend"].as_str()), (Some("missing"), Some("lead_access")));
    assert_eq!(told(&app).await, (2, 0));
}

#[tokio::test]
async fn a_token_that_ends_within_a_week_is_told_of_before() {
    let app = TestApp::new().await;
    as_owner(&app).await;
    let ends = (crate::world::monday() + TimeDelta::days(9)).timestamp();
    change(&app, PageChange { expires_at: ends, ..PageChange::default() });
    look_over(&app).await;
    assert_eq!(troubles(&app).await.len(), 0);
    app.advance(TimeDelta::days(3));
    let trouble = &troubles(&app).await[0];
    assert_eq!(
        (trouble["kind"].as_str(), trouble["token_ends_at"].as_str()),
        (Some("ends_soon"), Some("2026-03-11T09:00:00Z"))
    );
    assert_eq!(app.olav().get("/api/operator/connections").await.ok()["items"][0]["kind"], "ends_soon");
    assert_eq!(told(&app).await.0, 0);
}

#[tokio::test]
async fn above_seventy_percent_of_the_budget_the_lists_are_left_alone_and_it_is_said_until_when() {
    let app = TestApp::new().await;
    as_owner(&app).await;
    let asked = || app.sandbox.requests().iter().filter(|request| request.path.ends_with("/leads")).count();
    ask(&app).await;
    let before = asked();
    change(&app, PageChange { budget: Some(71), ..PageChange::default() });
    app.advance(TimeDelta::minutes(1));
    ask(&app).await;
    assert!(asked() > before);
    let page = app.asha().get("/api/connections/meta").await.ok()["pages"][0].clone();
    assert_eq!(
        (page["slow_until"].as_str(), page["budget_percent"].as_i64()),
        (Some("2026-03-02T09:11:00Z"), Some(71))
    );
    let at_rest = asked();
    for _ in 0..9 {
        app.advance(TimeDelta::minutes(1));
        ask(&app).await;
    }
    assert_eq!(asked(), at_rest, "the webhooks' own fetches have the budget to themselves");
    arrive(&app, &somebody(1)).await;
    assert_eq!(all_leads(&app).await.len(), 1);
    change(&app, PageChange::default());
    app.advance(TimeDelta::minutes(1));
    ask(&app).await;
    assert!(asked() > at_rest);
    assert_eq!(app.asha().get("/api/connections/meta").await.ok()["pages"][0]["slow_until"], Value::Null);
    app.run_jobs().await;
}

#[tokio::test]
async fn metas_count_and_ours_are_both_counted_and_say_why_they_differ() {
    let app = TestApp::new().await;
    as_owner(&app).await;
    ask(&app).await;
    let today = async || app.mats().get("/api/connections/meta/counts").await.ok()["days"][0].clone();
    let counted = |day: &Value, names: &[&str]| -> Vec<i64> {
        names.iter().map(|name| day[*name].as_i64().expect("a count")).collect()
    };
    assert_eq!(counted(&today().await, &["meta", "ours"]), [0, 0]);

    // Two that a webhook told of, one that none did, one of yesterday by the organization's clock.
    arrive(&app, &somebody(1)).await;
    arrive(&app, &NewLead { test: Some(true), phone: None, ..somebody(2) }).await;
    assert_eq!(counted(&today().await, &["meta", "ours", "fresh"]), [0, 0, 2], "the list was not asked since");
    app.sandbox.add_lead(&somebody(3));
    let yesterday = "2026-03-01T22:59:00Z".parse().expect("a time");
    app.sandbox.add_lead(&NewLead { created_time: Some(yesterday), ..somebody(4) });
    app.advance(TimeDelta::minutes(2));
    ask(&app).await;
    assert_eq!(counted(&today().await, &["meta", "ours", "fresh", "found", "tests", "unlisted"]), [3, 3, 0, 1, 1, 0]);
    let tally = app.mats().get("/api/connections/meta/counts?days=2").await.ok();
    assert_eq!(
        (tally["days"][1]["date"].as_str(), tally["forms"][0]["days"].as_array().map(Vec::len)),
        (Some("2026-03-01"), Some(2))
    );
    assert_eq!(tally["forms"][0]["name"], app.asha().get("/api/forms").await.ok()["items"][0]["name"]);

    // One that Meta has and that waits for a token.
    let id = app.sandbox.add_lead(&somebody(5));
    // Tried twice, since what is remembered of the page may be what is wrong.
    let dead = FaultRequest { fault: Fault::TokenRevoked, count: 2, delay_ms: None, on: Some(id.clone()) };
    app.sandbox.queue_fault(dead);
    app.sandbox.deliver(&[id], &HowToDeliver::default()).await;
    app.run_jobs().await;
    assert_eq!(troubles(&app).await[0]["kind"], "missing");
    let as_if_it_worked = "update meta_connections set broken_at = null, broken_reason = null";
    sqlx::query(as_if_it_worked).execute(&mut superuser(&app).await).await.expect("the lists are asked");
    app.advance(TimeDelta::minutes(1));
    ask(&app).await;
    let day = today().await;
    assert_eq!(counted(&day, &["meta", "ours", "waiting"]), [4, 3, 1], "{day}");
    app.mats().get("/api/connections/meta/counts?days=0").await.refused(422, "out_of_range");
    assert_eq!(app.gita().get("/api/connections/meta/counts").await.ok()["days"][0]["meta"], 0);
    app.advance(TimeDelta::minutes(20));
    app.run_jobs().await;
}
