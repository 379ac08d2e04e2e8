//! Who is told of what, on which way, and when (LP-028, LP-029, LP-081).

use chrono::TimeDelta;
use nextmove::sandbox::{
    meta::NewLead,
    push::{Arrived, Refusal},
};
use serde_json::{Value, json};

use crate::{
    webhooks::{all_leads, arrive, connect},
    world::{Caller, TestApp},
};

/// The person's browser takes pushes from now on; its number.
async fn subscribe(app: &TestApp, caller: &Caller<'_>) -> usize {
    let (number, subscription) = app.push.subscribe().expect("keys");
    caller.post("/api/me/devices", subscription).await.ok();
    number
}

/// What the service worker does with a push.
async fn hear(app: &TestApp, push: &Arrived) {
    let said = json!({ "token": push.payload["nextmove"]["token"] });
    assert_eq!(app.anonymous().post("/api/push/arrived", said).await.status, 204);
}

async fn kinds(caller: &Caller<'_>) -> Vec<String> {
    let page = caller.get("/api/notifications").await.ok();
    let items = page["items"].as_array().expect("items").clone();
    items.iter().map(|item| item["kind"].as_str().expect("a kind").to_owned()).collect()
}

async fn unseen(caller: &Caller<'_>) -> Value {
    caller.get("/api/notifications/unseen").await.ok()["unseen"].clone()
}

fn browsers(pushes: &[Arrived]) -> Vec<usize> {
    let mut browsers: Vec<usize> = pushes.iter().map(|push| push.browser).collect();
    browsers.sort_unstable();
    browsers
}

/// One step, after five minutes, that tells owners.
async fn set_ladder(app: &TestApp, steps: Value, names: bool) {
    let owner = app.asha();
    let tag = owner.get("/api/escalation").await.header("etag").expect("a version").to_owned();
    let body = json!({ "steps": steps, "names_on_lock_screen": names });
    owner.with_header("if-match", &tag).put("/api/escalation", body).await.ok();
}

#[tokio::test]
async fn a_new_lead_is_told_to_everybody_at_once_and_names_nobody_on_a_locked_screen() {
    let app = TestApp::new().await;
    connect(&app).await;
    let (ravis, rosas) = (subscribe(&app, &app.ravi()).await, subscribe(&app, &app.rosa()).await);
    arrive(&app, &NewLead { full_name: Some("Kari Nordmann".to_owned()), ..NewLead::default() }).await;
    let pushes = app.push.take_arrived();
    assert_eq!(browsers(&pushes), [ravis, rosas]);
    let push = &pushes[0];
    let lead = all_leads(&app).await[0].clone();
    let shown = &push.payload["notification"];
    assert_eq!(push.payload["web_push"], 8030);
    assert_eq!((&shown["title"], &shown["body"]), (&json!("Nytt lead"), &json!("Ring før 10:15")));
    assert!(!push.payload.to_string().contains("Kari"), "{}", push.payload);
    assert_eq!(push.payload["nextmove"]["lead_id"], lead["id"]);
    assert_eq!(push.payload["nextmove"]["may_claim"], true);
    assert_eq!(
        shown["navigate"],
        json!(format!(
            "{}/leads/{}",
            app.app.config.http.public_url.as_str().trim_end_matches('/'),
            lead["id"].as_str().expect("an id")
        ))
    );
    assert_eq!((push.urgency.as_deref(), push.topic.as_deref()), (Some("high"), Some("new-lead")));
    let key = app.ravi().get("/api/me/devices").await.ok()["key"].clone();
    use base64::Engine;
    assert_eq!(
        key,
        json!(base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&push.key)),
        "what the browser subscribed with"
    );
    // Everybody who takes leads has it in their centre; nobody else.
    for caller in [app.ravi(), app.rosa()] {
        assert_eq!((kinds(&caller).await, unseen(&caller).await), (vec!["new_lead".to_owned()], json!(1)));
    }
    for caller in [app.asha(), app.mats(), app.gita()] {
        assert!(kinds(&caller).await.is_empty());
    }
    hear(&app, push).await;
    let devices = app.ravi().get("/api/me/devices").await.ok();
    assert_eq!(devices["items"].as_array().expect("items").len(), 1);
    hear(&app, &pushes[1]).await;
    app.run_jobs().await;
}

#[tokio::test]
async fn names_stand_on_locked_screens_where_the_organization_allows_it() {
    let app = TestApp::new().await;
    connect(&app).await;
    set_ladder(&app, json!([]), true).await;
    subscribe(&app, &app.ravi()).await;
    arrive(&app, &NewLead { full_name: Some("Kari Nordmann".to_owned()), ..NewLead::default() }).await;
    let pushes = app.push.take_arrived();
    assert_eq!(pushes[0].payload["notification"]["body"], "Kari Nordmann: ring før 10:15");
    hear(&app, &pushes[0]).await;
}

#[tokio::test]
async fn what_is_seen_is_counted_for_its_person_only_and_opening_a_lead_settles_it() {
    let app = TestApp::new().await;
    connect(&app).await;
    for name in ["Kari Nordmann", "Ola Nordmann"] {
        arrive(&app, &NewLead { full_name: Some(name.to_owned()), ..NewLead::default() }).await;
    }
    let ravi = app.ravi();
    assert_eq!(unseen(&ravi).await, json!(2));
    let items = ravi.get("/api/notifications").await.ok()["items"].clone();
    // The older one is about the first lead: it is opened.
    let lead = items[1]["lead_id"].as_str().expect("a lead");
    assert_eq!(ravi.put(&format!("/api/leads/{lead}/opened"), Value::Null).await.status, 204);
    assert_eq!(unseen(&ravi).await, json!(1));
    let newest = items[0]["id"].clone();
    assert_eq!(ravi.put("/api/notifications/seen", json!({ "until": newest })).await.status, 204);
    assert_eq!((unseen(&ravi).await, unseen(&app.rosa()).await), (json!(0), json!(2)));
    let path = format!("/api/notifications/{}/read", newest.as_str().expect("an id"));
    assert_eq!(app.rosa().put(&path, Value::Null).await.status, 404, "a colleague's");
    assert_eq!(ravi.put(&path, Value::Null).await.status, 204);
    assert!(ravi.get("/api/notifications").await.ok()["items"][0]["read_at"].is_string());
    app.run_jobs().await;
}

#[tokio::test]
async fn a_lead_that_nobody_tries_climbs_the_ladder_in_time_and_an_attempt_ends_it() {
    let app = TestApp::new().await;
    connect(&app).await;
    let asha = subscribe(&app, &app.asha()).await;
    let mats = subscribe(&app, &app.mats()).await;
    let ravi = subscribe(&app, &app.ravi()).await;
    set_ladder(
        &app,
        json!([
            { "after_minutes": 0, "audience": "assignee", "channels": ["push"] },
            { "after_minutes": 5, "audience": "managers", "channels": ["push"] },
            { "after_minutes": 30, "audience": "owners", "channels": ["push", "email"] },
        ]),
        false,
    )
    .await;
    arrive(&app, &NewLead::default()).await;
    let lead = all_leads(&app).await[0]["id"].as_str().expect("an id").to_owned();
    app.ravi().post(&format!("/api/leads/{lead}/claim"), json!({})).await.ok();
    let first = app.push.take_arrived();
    assert_eq!(browsers(&first), [ravi]);
    hear(&app, &first[0]).await;
    let tick = async |by: TimeDelta| {
        app.advance(by);
        app.run_jobs().await;
        let pushes = app.push.take_arrived();
        for push in &pushes {
            hear(&app, push).await;
        }
        browsers(&pushes)
    };
    assert_eq!(tick(TimeDelta::seconds(899)).await, Vec::<usize>::new(), "not yet due");
    assert_eq!(tick(TimeDelta::seconds(1)).await, [ravi], "whoever has it");
    assert_eq!(tick(TimeDelta::seconds(299)).await, Vec::<usize>::new());
    assert_eq!(tick(TimeDelta::seconds(1)).await, [mats], "the manager");
    assert_eq!(kinds(&app.mats()).await, ["lead_waiting"]);
    let told = app.mats().get("/api/notifications").await.ok()["items"][0]["data"].clone();
    assert_eq!((&told["step"], &told["audience"]), (&json!(1), &json!("managers")));
    // Somebody calls: the owner is not told.
    app.ravi().post(&format!("/api/leads/{lead}/attempts"), json!({ "channel": "call" })).await.ok();
    assert_eq!(tick(TimeDelta::hours(2)).await, Vec::<usize>::new());
    assert!(kinds(&app.asha()).await.is_empty(), "{asha}");
}

#[tokio::test]
async fn a_step_is_taken_once_however_often_the_desk_is_woken() {
    let app = TestApp::new().await;
    connect(&app).await;
    set_ladder(&app, json!([{ "after_minutes": 0, "audience": "owners", "channels": ["push"] }]), false).await;
    for _ in 0..3 {
        arrive(&app, &NewLead::default()).await;
    }
    app.advance(TimeDelta::minutes(16));
    // The alarm, and the look that every minute brings.
    let all = nextmove::desk::AttendAll {};
    app.app
        .db
        .directory(async |directory| nextmove::jobs::enqueue_for::<nextmove::app::App, _>(directory, None, &all).await)
        .await
        .expect("a job");
    app.run_jobs().await;
    app.app
        .db
        .directory(async |directory| nextmove::jobs::enqueue_for::<nextmove::app::App, _>(directory, None, &all).await)
        .await
        .expect("a job");
    app.run_jobs().await;
    assert_eq!(kinds(&app.asha()).await.iter().filter(|kind| *kind == "lead_waiting").count(), 3);
}

#[tokio::test]
async fn a_push_that_no_device_acknowledges_climbs_to_the_next_person() {
    let app = TestApp::new().await;
    connect(&app).await;
    let ravi = subscribe(&app, &app.ravi()).await;
    let asha = subscribe(&app, &app.asha()).await;
    set_ladder(&app, json!([{ "after_minutes": 30, "audience": "owners", "channels": ["push"] }]), false).await;
    arrive(&app, &NewLead::default()).await;
    let lead = all_leads(&app).await[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(browsers(&app.push.take_arrived()), [ravi]);
    // Nobody's phone says anything: for three quarters of a minute, then the owner is told though nothing is due.
    app.advance(TimeDelta::seconds(44));
    app.run_jobs().await;
    assert!(app.push.arrived().is_empty());
    app.advance(TimeDelta::seconds(1));
    app.run_jobs().await;
    let pushes = app.push.take_arrived();
    assert_eq!(browsers(&pushes), [asha]);
    assert_eq!(pushes[0].payload["nextmove"]["kind"], "lead_waiting");
    assert_eq!(pushes[0].payload["nextmove"]["lead_id"], json!(lead));
    hear(&app, &pushes[0]).await;
    app.advance(TimeDelta::minutes(10));
    app.run_jobs().await;
}

/// Seen on another screen in the second in which the next alert waits, in the three ways in which one sees it.
#[tokio::test]
async fn whoever_sees_it_before_its_push_goes_hears_of_the_next_lead_all_the_same() {
    let app = TestApp::new().await;
    connect(&app).await;
    let ravi = app.ravi();
    subscribe(&app, &ravi).await;
    for way in ["seen", "read", "opened"] {
        app.advance(TimeDelta::minutes(1));
        arrive(&app, &NewLead::default()).await;
        let pushes = app.push.take_arrived();
        assert_eq!(pushes.len(), 1, "{way}");
        hear(&app, &pushes[0]).await;
        // Within the same second: it waits its turn.
        app.advance(TimeDelta::milliseconds(10));
        arrive(&app, &NewLead::default()).await;
        assert!(app.push.arrived().is_empty(), "{way}");
        let newest = ravi.get("/api/notifications").await.ok()["items"][0].clone();
        let (id, lead) = (newest["id"].as_str().expect("an id"), newest["lead_id"].as_str().expect("a lead"));
        let answer = match way {
            "seen" => ravi.put("/api/notifications/seen", json!({ "until": id })).await,
            "read" => ravi.put(&format!("/api/notifications/{id}/read"), Value::Null).await,
            _ => ravi.put(&format!("/api/leads/{lead}/opened"), Value::Null).await,
        };
        assert_eq!(answer.status, 204, "{way}");
        // The third goes with what waits, of which nothing else is left to say.
        app.advance(TimeDelta::milliseconds(10));
        arrive(&app, &NewLead::default()).await;
        let third = ravi.get("/api/notifications").await.ok()["items"][0]["lead_id"].clone();
        app.advance(TimeDelta::seconds(1));
        app.run_jobs().await;
        let pushes = app.push.take_arrived();
        assert_eq!(
            pushes.iter().map(|push| &push.payload["nextmove"]["lead_id"]).collect::<Vec<_>>(),
            [&third],
            "{way}"
        );
        hear(&app, &pushes[0]).await;
        // All that waited is seen, and nothing goes: the one after that does.
        arrive(&app, &NewLead::default()).await;
        let fourth = ravi.get("/api/notifications").await.ok()["items"][0]["id"].clone();
        ravi.put("/api/notifications/seen", json!({ "until": fourth })).await;
        app.advance(TimeDelta::seconds(1));
        app.run_jobs().await;
        assert!(app.push.take_arrived().is_empty(), "{way}");
        app.advance(TimeDelta::seconds(1));
        arrive(&app, &NewLead::default()).await;
        let pushes = app.push.take_arrived();
        assert_eq!(pushes.len(), 1, "{way}");
        hear(&app, &pushes[0]).await;
    }
}

#[tokio::test]
async fn an_alert_whose_job_is_lost_keeps_nobody_from_the_next_lead() {
    let app = TestApp::new().await;
    connect(&app).await;
    subscribe(&app, &app.ravi()).await;
    arrive(&app, &NewLead::default()).await;
    hear(&app, &app.push.take_arrived()[0]).await;
    arrive(&app, &NewLead::default()).await;
    let mut superuser = crate::audit::superuser(&app).await;
    let lost = sqlx::query("delete from jobs where kind = 'send_alert' and state = 'ready' and run_at <= $1");
    let lost = lost.bind(app.clock.now() + TimeDelta::seconds(1)).execute(&mut superuser).await.expect("lost");
    assert_eq!(lost.rows_affected(), 2, "Ravi's and Rosa's");
    app.advance(TimeDelta::seconds(62));
    arrive(&app, &NewLead::default()).await;
    let kinds: Vec<_> = app.push.take_arrived().iter().map(|push| push.payload["nextmove"]["kind"].clone()).collect();
    assert_eq!(kinds, ["new_lead", "new_lead"], "the second lead's, which was lost, and the third's");
}

#[tokio::test]
async fn one_colleague_who_heard_is_enough() {
    let app = TestApp::new().await;
    connect(&app).await;
    subscribe(&app, &app.ravi()).await;
    subscribe(&app, &app.rosa()).await;
    arrive(&app, &NewLead::default()).await;
    let pushes = app.push.take_arrived();
    hear(&app, &pushes[1]).await;
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    assert!(app.push.arrived().is_empty(), "nobody is told twice");
}

#[tokio::test]
async fn subscriptions_that_are_gone_are_forgotten_and_services_that_are_busy_asked_again() {
    let app = TestApp::new().await;
    connect(&app).await;
    let gone = subscribe(&app, &app.ravi()).await;
    let there = subscribe(&app, &app.ravi()).await;
    app.push.unsubscribe(gone);
    app.ravi().post("/api/me/devices/test", json!({})).await;
    app.run_jobs().await;
    let pushes = app.push.take_arrived();
    assert_eq!(browsers(&pushes), [there]);
    let devices = app.ravi().get("/api/me/devices").await.ok()["items"].clone();
    assert_eq!(devices.as_array().expect("items").len(), 1);
    assert!(devices[0]["sent_at"].is_string() && devices[0]["acknowledged_at"].is_null());
    hear(&app, &pushes[0]).await;
    hear(&app, &pushes[0]).await;
    assert!(app.ravi().get("/api/me/devices").await.ok()["items"][0]["acknowledged_at"].is_string());

    app.push.refuse_next(Refusal { status: 429, retry_after: Some(7) });
    app.push.refuse_next(Refusal { status: 503, retry_after: None });
    app.advance(TimeDelta::seconds(2));
    app.ravi().post("/api/me/devices/test", json!({})).await;
    app.run_jobs().await;
    app.advance(TimeDelta::seconds(6));
    app.run_jobs().await;
    assert!(app.push.arrived().is_empty(), "not before it said");
    for _ in 0..3 {
        app.advance(TimeDelta::seconds(4));
        app.run_jobs().await;
    }
    assert_eq!(app.push.take_arrived().len(), 1, "once");
}

#[tokio::test]
async fn where_somebody_is_signed_out_no_push_goes() {
    let app = TestApp::new().await;
    let cookie = app.fresh_session(app.world.ravi).await;
    let phone = app.holding(&cookie);
    subscribe(&app, &phone).await;
    assert_eq!(phone.delete("/api/session").await.status, 204);
    app.ravi().post("/api/me/devices/test", json!({})).await;
    app.run_jobs().await;
    assert!(app.push.arrived().is_empty());
}

#[tokio::test]
async fn only_browsers_of_known_services_and_whole_keys_are_taken() {
    let app = TestApp::new().await;
    let (_, good) = app.push.subscribe().expect("keys");
    for (field, value, reason) in [
        ("/endpoint", json!("https://evil.example.com/push"), "endpoint_unknown"),
        ("/endpoint", json!("http://169.254.169.254/latest"), "endpoint_unknown"),
        ("/keys/p256dh", json!("AAAA"), "key_invalid"),
        ("/keys/auth", json!("AAAA"), "key_invalid"),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(field).expect("a field") = value;
        app.ravi().post("/api/me/devices", body).await.refused(422, reason);
    }
    // The same browser for somebody else: it is theirs now.
    app.ravi().post("/api/me/devices", good.clone()).await.ok();
    app.ravi().post("/api/me/devices", good.clone()).await.ok();
    app.rosa().post("/api/me/devices", good).await.ok();
    let count =
        async |caller: Caller<'_>| caller.get("/api/me/devices").await.ok()["items"].as_array().map_or(0, Vec::len);
    assert_eq!((count(app.ravi()).await, count(app.rosa()).await), (0, 1));
    let id = app.rosa().get("/api/me/devices").await.ok()["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(app.ravi().delete(&format!("/api/me/devices/{id}")).await.status, 404);
    assert_eq!(app.rosa().delete(&format!("/api/me/devices/{id}")).await.status, 204);
}

#[tokio::test]
async fn at_night_a_phone_is_quiet_but_for_what_is_critical() {
    let app = TestApp::new().await;
    connect(&app).await;
    subscribe(&app, &app.ravi()).await;
    let ravi = app.ravi();
    let answer = ravi.get("/api/me/alerts").await;
    let (tag, mut wanted) = (answer.header("etag").expect("a version").to_owned(), answer.ok());
    // In Oslo it is ten.
    wanted["quiet"] = json!({ "from": "10:00", "to": "11:00" });
    let put = |tag: &str, body: Value| {
        let caller = ravi.clone().with_header("if-match", tag);
        async move { caller.put("/api/me/alerts", body).await }
    };
    put(&tag, wanted.clone()).await.ok();
    assert_eq!(put(&tag, wanted.clone()).await.status, 412);
    let mut muted = wanted.clone();
    muted["ways"]["lead_waiting"] = json!([]);
    put("\"1\"", muted).await.refused(422, "critical_kind");
    arrive(&app, &NewLead::default()).await;
    assert!(app.push.arrived().is_empty());
    assert_eq!(unseen(&ravi).await, json!(1), "it stands in the centre");
    app.advance(TimeDelta::minutes(15));
    app.run_jobs().await;
    let pushes = app.push.take_arrived();
    assert_eq!(pushes[0].payload["nextmove"]["kind"], "lead_waiting");
    hear(&app, &pushes[0]).await;
    app.advance(TimeDelta::minutes(1));
    app.run_jobs().await;
}

#[tokio::test]
async fn leads_of_the_night_ring_nobody_before_the_morning_and_then_once() {
    let app = TestApp::new().await;
    connect(&app).await;
    subscribe(&app, &app.ravi()).await;
    let day = |day: usize| if day < 5 { json!(["08:00-16:00"]) } else { json!([]) };
    let week: Vec<Value> = (0..7).map(day).collect();
    let schedule = json!({ "week": week, "holidays": true, "region": null, "days": [] });
    app.asha()
        .with_header("if-match", "\"0\"")
        .put("/api/sla", json!({ "minutes": 15, "schedule": schedule }))
        .await
        .ok();
    // Monday, 20:00 in Oslo.
    app.advance(TimeDelta::hours(10));
    for name in ["Kari Nordmann", "Ola Nordmann", "Per Hansen"] {
        arrive(&app, &NewLead { full_name: Some(name.to_owned()), ..NewLead::default() }).await;
    }
    assert!(app.push.arrived().is_empty());
    assert_eq!(unseen(&app.ravi()).await, json!(0));
    app.advance(TimeDelta::hours(12));
    app.run_jobs().await;
    let pushes = app.push.take_arrived();
    assert_eq!(pushes.len(), 1, "three leads, one push");
    assert_eq!(pushes[0].payload["notification"]["title"], "3 nye leads");
    assert_eq!(unseen(&app.ravi()).await, json!(3));
    hear(&app, &pushes[0]).await;
}

#[tokio::test]
async fn who_may_mend_it_is_told_that_meta_refuses_us() {
    let app = TestApp::new().await;
    connect(&app).await;
    subscribe(&app, &app.asha()).await;
    let event = nextmove::outbox::Event::ConnectionBroken { page_id: "1".to_owned(), row: uuid::Uuid::nil() };
    let write = app.app.db.write(app.world.acme, nextmove::db::Actor::System, async |tx| {
        nextmove::outbox::record(tx, event.clone());
        Ok(())
    });
    write.await.expect("recorded");
    app.run_jobs().await;
    let pushes = app.push.take_arrived();
    assert_eq!(pushes[0].payload["nextmove"]["kind"], "connection_broken");
    assert_eq!(kinds(&app.asha()).await, ["connection_broken"]);
    assert!(kinds(&app.ravi()).await.is_empty());
}
