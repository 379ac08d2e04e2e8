//! The night in which the clocks change, with everything going wrong: half of the webhooks never come, the worker is killed in the middle of
//! whatever it does, push services are busy. In the morning every lead is there once, everybody who had to be told was told once and in
//! time, and no push was another alert's.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    app::App,
    desk::AttendAll,
    integrations::Reconcile,
    jobs::{self, Job},
    sandbox::{
        meta::{HowToDeliver, NewLead},
        push::Refusal,
    },
    types::ids::UserId,
};
use serde_json::{Value, json};

use crate::{
    audit::superuser,
    webhooks::{all_leads, connect},
    world::TestApp,
};

/// Of a notification: its lead, its person, its kind, the step, when that was due, when it was told.
type Row = (uuid::Uuid, uuid::Uuid, String, Option<i32>, DateTime<Utc>, DateTime<Utc>);

const LEADS: usize = 40;
/// The night is walked in steps of so long: nothing is later than two of them, but for what had to be found first.
const STEP: TimeDelta = TimeDelta::seconds(30);

/// Where the worker is killed: the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

async fn enqueue(app: &TestApp, job: &impl Job<App>) {
    let enqueued = app.app.db.directory(async |directory| jobs::enqueue_for::<App, _>(directory, None, job).await);
    enqueued.await.expect("enqueued");
}

/// Time goes on by a step; the worker is killed some times before it is left alone.
async fn step(app: &TestApp, dice: &mut Dice) {
    app.advance(STEP);
    enqueue(app, &Reconcile {}).await;
    enqueue(app, &AttendAll {}).await;
    for _ in 0..dice.throw(3) {
        // Dropped where it stands; what it had taken is nobody's until its lease ends.
        let _ = tokio::time::timeout(Duration::from_millis(1 + dice.throw(25)), app.run_jobs()).await;
    }
    app.advance(TimeDelta::seconds(31));
    app.take_back().await;
    app.run_jobs().await;
}

fn somebody(number: usize) -> NewLead {
    NewLead {
        full_name: Some(format!("Kari {number}")),
        phone: Some(format!("+47400{number:05}")),
        test: Some(false),
        ..NewLead::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lead_and_no_alert_is_missing_and_none_comes_twice_in_the_night_the_clocks_change() {
    let app = TestApp::new().await;
    let mut dice = Dice(20_260_329);
    // Sunday, 29 March 2026, a quarter to one in Oslo; at two o'clock it is three.
    app.advance("2026-03-28T23:45:00Z".parse::<DateTime<Utc>>().expect("a time") - app.clock.now());
    connect(&app).await;
    app.asha().post("/api/forms/refresh", Value::Null).await.ok();
    // Somebody is there all night, but for half an hour on either side of the change.
    let day: Vec<&str> = vec!["00:00-01:45", "03:15-24:00"];
    let schedule = json!({ "week": vec![day; 7], "holidays": false, "region": null, "days": [] });
    let sla = json!({ "minutes": 15, "schedule": schedule });
    app.asha().with_header("if-match", "\"0\"").put("/api/sla", sla).await.ok();
    let steps = json!([
        { "after_minutes": 0, "audience": "assignee", "channels": ["push"] },
        { "after_minutes": 5, "audience": "managers", "channels": ["push"] },
        { "after_minutes": 15, "audience": "owners", "channels": ["push"] },
    ]);
    let ladder = json!({ "steps": steps, "names_on_lock_screen": false });
    app.asha().with_header("if-match", "\"0\"").put("/api/escalation", ladder).await.ok();
    let (_, browser) = app.push.subscribe().expect("keys");
    app.mats().post("/api/me/devices", browser).await.ok();
    step(&app, &mut dice).await;

    let mut sent = 0;
    let mut heard = BTreeMap::<String, usize>::new();
    let hear = async |heard: &mut BTreeMap<String, usize>| {
        for push in app.push.take_arrived() {
            let alert = push.payload["nextmove"]["alert"].as_str().expect("an id").to_owned();
            *heard.entry(alert).or_default() += 1;
            let said = json!({ "token": push.payload["nextmove"]["token"] });
            assert_eq!(app.anonymous().post("/api/push/arrived", said).await.status, 204);
        }
    };
    for round in 0..LEADS * 3 {
        if round % 3 == 0 {
            let id = app.sandbox.add_lead(&somebody(sent));
            if sent.is_multiple_of(2) {
                app.sandbox.deliver(std::slice::from_ref(&id), &HowToDeliver::default()).await;
            }
            sent += 1;
        }
        // Busy now and then, not for as long as nobody asked.
        if dice.throw(5) == 0 && app.push.refusals() == 0 {
            app.push.refuse_next(Refusal { status: 503, retry_after: None });
        }
        step(&app, &mut dice).await;
        hear(&mut heard).await;
    }
    for _ in 0..70 {
        step(&app, &mut dice).await;
        hear(&mut heard).await;
    }

    let leads = all_leads(&app).await;
    assert_eq!(leads.len(), LEADS, "none lost, none doubled");
    let rows: Vec<Row> = sqlx::query_as(
        "select lead_id, user_id, kind, (data->>'step')::int, (data->>'due_at')::timestamptz, at from notifications
         where organization_id = $1 and lead_id is not null",
    )
    .bind(app.world.acme.0)
    .fetch_all(&mut superuser(&app).await)
    .await
    .expect("rows");
    let (asha, mats, ravi, rosa) = (app.world.asha, app.world.mats, app.world.ravi, app.world.rosa);
    let expected: Vec<(UserId, &str, Option<i32>)> = vec![
        (ravi, "new_lead", None),
        (rosa, "new_lead", None),
        (ravi, "lead_waiting", Some(0)),
        (rosa, "lead_waiting", Some(0)),
        (mats, "lead_waiting", Some(1)),
        (asha, "lead_waiting", Some(2)),
    ];
    for lead in &leads {
        let id = lead["id"].as_str().expect("an id");
        let mut told: Vec<_> = rows.iter().filter(|row| row.0.to_string() == id).collect();
        for (user, kind, step) in &expected {
            let found: Vec<_> =
                told.iter().filter(|row| row.1 == user.0 && row.2 == *kind && row.3 == *step).copied().collect();
            assert_eq!(found.len(), 1, "{kind} {step:?} to {user} about {lead}");
            told.retain(|row| !std::ptr::eq(*row, found[0]));
        }
        assert!(told.is_empty(), "nobody else, and nothing else: {told:?}");
        // In time: the first step when the first attempt was due, or when the lead was found after that.
        let received: DateTime<Utc> = lead["received_at"].as_str().expect("a time").parse().expect("a time");
        let first = rows.iter().find(|row| row.0.to_string() == id && row.3 == Some(0)).expect("the first step");
        let late = first.5 - first.4.max(received);
        assert!(late >= TimeDelta::zero() && late <= TimeDelta::seconds(2 * 61), "{late} late: {lead}");
    }
    // Each alert of Mats' went out; one that went twice, because the worker was killed before it could note that, is known as the same.
    let alerts: Vec<(uuid::Uuid, Option<DateTime<Utc>>)> = sqlx::query_as(
        "select id, heard_at from alerts where organization_id = $1 and user_id = $2 and kind = 'lead_waiting'",
    )
    .bind(app.world.acme.0)
    .bind(mats.0)
    .fetch_all(&mut superuser(&app).await)
    .await
    .expect("rows");
    assert!(!alerts.is_empty() && alerts.iter().all(|(_, heard)| heard.is_some()), "{alerts:?}");
    let sent: Vec<String> = alerts.iter().map(|(id, _)| id.to_string()).collect();
    assert!(sent.iter().all(|id| heard.contains_key(id)), "every alert reached the browser");
    assert!(heard.keys().all(|id| sent.contains(id)), "and no other one did");
}
