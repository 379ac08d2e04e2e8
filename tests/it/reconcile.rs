//! What no webhook told of is found, once, and its clock starts when it was sent (LP-027).

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    integrations::{Reconcile, ReconcilePage},
    jobs,
    sandbox::meta::{Fault, FaultRequest, NewLead},
};
use serde_json::Value;

use crate::{
    webhooks::{all_leads, arrive, connect},
    world::TestApp,
};

/// A minute goes by, and every form is looked at.
async fn a_minute_later(app: &TestApp) {
    app.advance(TimeDelta::minutes(1));
    let looked = app
        .app
        .db
        .directory(async |directory| jobs::enqueue_for::<nextmove::app::App, _>(directory, None, &Reconcile {}).await);
    looked.await.expect("a job");
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

async fn marks(app: &TestApp) -> Vec<(Option<DateTime<Utc>>, i32)> {
    sqlx::query_as("select reconciled_to, missed from lead_forms where organization_id = $1 order by external_id")
        .bind(app.world.acme.0)
        .fetch_all(&mut crate::audit::superuser(app).await)
        .await
        .expect("forms")
}

#[tokio::test]
async fn a_lead_that_no_webhook_told_of_is_found_and_due_from_when_it_was_sent() {
    let app = TestApp::new().await;
    connect(&app).await;
    // The page's forms are known by the first lead of one of them, or by asking.
    app.asha().post("/api/forms/refresh", Value::Null).await.ok();
    a_minute_later(&app).await;
    assert!(
        marks(&app).await.iter().all(|(mark, missed)| mark.is_some() && *missed == 0),
        "all looked at, nothing missed"
    );

    let sent = app.clock.now();
    app.sandbox.add_lead(&somebody(1));
    app.advance(TimeDelta::seconds(30));
    a_minute_later(&app).await;
    let leads = all_leads(&app).await;
    assert_eq!(leads.len(), 1, "within two minutes");
    let at = |field: &str| leads[0][field].as_str().expect("a time").parse::<DateTime<Utc>>().expect("a time");
    assert_eq!(at("created_at"), sent);
    assert_eq!(at("due_at"), sent + TimeDelta::minutes(15));
    assert_eq!(marks(&app).await.iter().map(|(_, missed)| missed).sum::<i32>(), 1);

    // Looked at again and again, and delivered at last: it stays one.
    a_minute_later(&app).await;
    arrive(&app, &somebody(2)).await;
    a_minute_later(&app).await;
    assert_eq!(all_leads(&app).await.len(), 2);
    assert_eq!(
        marks(&app).await.iter().map(|(_, missed)| missed).sum::<i32>(),
        1,
        "what a webhook told of was not missed"
    );
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end_and_the_mark_waits_for_it() {
    let app = TestApp::new().await;
    connect(&app).await;
    app.asha().post("/api/forms/refresh", Value::Null).await.ok();
    for number in 0..230 {
        app.sandbox.add_lead(&somebody(number));
    }
    // The list breaks off, once for each form and after each page.
    for fault in [Fault::Error500, Fault::Garbage] {
        app.sandbox.queue_fault(FaultRequest { fault, count: 2, delay_ms: None, on: Some("leads".to_owned()) });
        a_minute_later(&app).await;
    }
    for _ in 0..3 {
        a_minute_later(&app).await;
    }
    assert!(marks(&app).await.iter().all(|(mark, _)| mark.is_some()));
    let leads = app.asha().get("/api/leads/counts").await.ok();
    assert_eq!(leads["todo"], 230, "{leads}");
    assert_eq!(marks(&app).await.iter().map(|(_, missed)| missed).sum::<i32>(), 230);
}

#[tokio::test]
async fn while_the_connection_is_broken_nothing_is_asked_and_once_it_is_mended_everything_is_found() {
    let app = TestApp::new().await;
    connect(&app).await;
    app.asha().post("/api/forms/refresh", Value::Null).await.ok();
    a_minute_later(&app).await;
    app.sandbox.queue_fault(FaultRequest {
        fault: Fault::TokenRevoked,
        count: 1,
        delay_ms: None,
        on: Some("leads".to_owned()),
    });
    a_minute_later(&app).await;
    let page = |connections: &Value| connections["pages"][0]["broken_at"].clone();
    let connections = app.asha().get("/api/connections/meta").await.ok();
    assert!(page(&connections).is_string(), "told: {connections}");

    app.sandbox.add_lead(&somebody(1));
    let asked = app.sandbox.requests().len();
    a_minute_later(&app).await;
    assert_eq!(app.sandbox.requests().len(), asked, "a token that is dead is not asked with");
    app.advance(TimeDelta::days(3));
    connect(&app).await;
    a_minute_later(&app).await;
    assert_eq!(all_leads(&app).await.len(), 1, "from the marks on, however long ago they are");
}

#[tokio::test]
async fn a_page_that_was_disconnected_meanwhile_is_nobodys_to_ask() {
    let app = TestApp::new().await;
    let asked = app.sandbox.requests().len();
    let sent = app.app.db.directory(async |directory| {
        let page = ReconcilePage { page_id: "104857600123456".to_owned() };
        jobs::enqueue_for::<nextmove::app::App, _>(directory, Some(app.world.globex), &page).await
    });
    sent.await.expect("a job");
    app.run_jobs().await;
    assert_eq!(app.sandbox.requests().len(), asked);
}

#[tokio::test]
async fn a_form_that_was_made_since_is_found_within_the_hour_with_its_leads() {
    let app = TestApp::new().await;
    connect(&app).await;
    app.asha().post("/api/forms/refresh", Value::Null).await.ok();
    let before = marks(&app).await.len();
    // As if Meta had made them all only now.
    sqlx::query("delete from lead_forms where organization_id = $1")
        .bind(app.world.acme.0)
        .execute(&mut crate::audit::superuser(&app).await)
        .await
        .expect("deletes");
    app.sandbox.add_lead(&somebody(1));
    a_minute_later(&app).await;
    assert_eq!((marks(&app).await.len(), all_leads(&app).await.len()), (0, 0), "not every minute");
    app.advance(TimeDelta::hours(1));
    a_minute_later(&app).await;
    a_minute_later(&app).await;
    assert_eq!((marks(&app).await.len(), all_leads(&app).await.len()), (before, 1));
}

#[tokio::test]
async fn leads_of_long_before_the_page_was_connected_are_filed_behind_those_that_wait() {
    let app = TestApp::new().await;
    let now = app.clock.now();
    let sent = |at: DateTime<Utc>, number| NewLead { created_time: Some(at), ..somebody(number) };
    app.sandbox.add_lead(&sent(now - TimeDelta::days(40), 1));
    app.sandbox.add_lead(&sent(now - TimeDelta::hours(2), 2));
    connect(&app).await;
    app.asha().post("/api/forms/refresh", Value::Null).await.ok();
    a_minute_later(&app).await;
    // One of yesterday that was missed while the page was connected is as late as it is.
    app.advance(TimeDelta::days(3));
    app.sandbox.add_lead(&sent(now + TimeDelta::hours(1), 3));
    a_minute_later(&app).await;
    let todo = app.asha().get("/api/leads?view=todo").await.ok();
    let phones: Vec<&str> =
        todo["items"].as_array().expect("items").iter().filter_map(|lead| lead["phone"].as_str()).collect();
    assert_eq!(phones, ["+4740000002", "+4740000003", "+4740000001"]);
    let filed = &todo["items"][2];
    assert_eq!((&filed["due_at"], &filed["opens_at"]), (&Value::Null, &Value::Null));
    // Asking again, the person waits from then on.
    arrive(&app, &NewLead { created_time: Some(app.clock.now()), ..somebody(1) }).await;
    let asked = all_leads(&app).await.into_iter().find(|lead| lead["phone"] == "+4740000001").expect("a lead");
    let due = (app.clock.now() + TimeDelta::minutes(15)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert_eq!((asked["enquiry_count"].as_i64(), asked["due_at"].as_str()), (Some(2), Some(due.as_str())));
    // Of a call to one that was filed no time to answer is counted.
    let version = app
        .ravi()
        .post(
            &format!("/api/leads/{}/attempts", filed["id"].as_str().expect("an id")),
            serde_json::json!({ "channel": "call" }),
        )
        .await;
    assert_eq!(version.status, 201);
}
