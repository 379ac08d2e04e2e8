//! Follow-up sequences: each step once, at its time, until somebody is there (LP-030).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    app::App,
    db::Actor,
    jobs,
    leads::{self, NewConsent, Person},
    sandbox::senders::{ApiMail, Fault, Text},
    sequences::Follow,
    sla::Sla,
    types::{
        ids::{LeadId, OrganizationId},
        phone::Phone,
    },
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{TestApp, monday};

const KARI: &str = "+4791234567";

async fn app() -> TestApp {
    TestApp::with_senders("twilio", "sendgrid", Duration::from_millis(400)).await
}

fn step(kind: &str, after_minutes: i64, text: &str) -> Value {
    let subject = (kind == "email").then_some("Hei {{ first_name }}");
    json!({ "kind": kind, "after_minutes": after_minutes, "subject": subject, "text": text })
}

fn sequence(trigger: &str, steps: &[Value]) -> Value {
    json!({ "name": "Oppfølging", "is_active": true, "trigger": trigger, "filter": { "forms": [], "campaigns": [] }, "steps": steps })
}

/// SMS at once, a task after an hour, an e-mail after two more.
fn three() -> Vec<Value> {
    vec![
        step("sms", 0, "Hei {{ first_name or 'der' }}, vi i {{ organization }} prøvde å ringe deg."),
        step("task", 60, "Ring {{ name }} en gang til"),
        step("email", 120, "Hei {{ first_name }}.\n\nPasser det bedre i morgen?"),
    ]
}

fn kari() -> Person {
    Person {
        full_name: Some("Kari Nordmann".to_owned()),
        phone: Some(Phone::from_e164(KARI).expect("a number")),
        email: Some("Kari@example.com".to_owned()),
        ..Person::default()
    }
}

fn consent(key: &str, given: bool) -> NewConsent {
    let text = format!("May we write to you? ({key})");
    NewConsent { key: key.to_owned(), text, version: key.to_owned(), given, inferred: false, privacy_policy_url: None }
}

async fn capture(
    app: &TestApp,
    organization: OrganizationId,
    person: Person,
    consents: Vec<NewConsent>,
    at: DateTime<Utc>,
) -> LeadId {
    let new = leads::NewLead { consents, ..leads::NewLead::of("phone", person, at) };
    let captured = app.app.db.write(organization, Actor::System, async |tx| {
        leads::capture(tx, new.clone(), &Sla::always(TimeDelta::minutes(15))).await
    });
    match captured.await.expect("captured") {
        leads::Captured::New(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn lead(app: &TestApp, person: Person) -> LeadId {
    capture(app, app.world.acme, person, Vec::new(), app.clock.now()).await
}

/// What the schedule does every half minute.
async fn follow(app: &TestApp) {
    for organization in [app.world.acme, app.world.globex] {
        let enqueued = app.app.db.directory(async |directory| {
            jobs::enqueue_for::<App, _>(
                directory,
                Some(organization),
                &Follow { organization: organization.to_string() },
            )
            .await
        });
        enqueued.await.expect("enqueued");
    }
    app.run_jobs().await;
}

async fn later(app: &TestApp, by: TimeDelta) {
    app.advance(by);
    app.run_jobs().await;
}

async fn run(app: &TestApp, lead: LeadId) -> Value {
    app.ravi().get(&format!("/api/leads/{lead}/sequence")).await.ok()["run"].clone()
}

async fn standing(app: &TestApp, lead: LeadId) -> (String, Option<String>) {
    let run = run(app, lead).await;
    (run["state"].as_str().expect("a state").to_owned(), run["why"].as_str().map(str::to_owned))
}

fn out(app: &TestApp) -> Vec<Text> {
    app.senders.texts().into_iter().filter(|text| text.status != "received").collect()
}

/// What was mailed to Kari; people of ours are mailed too, while nobody calls.
fn letters(app: &TestApp) -> Vec<ApiMail> {
    app.senders.mails().into_iter().filter(|mail| mail.to.eq_ignore_ascii_case("kari@example.com")).collect()
}

/// Somebody calls, and nobody answers; or somebody does.
async fn call(app: &TestApp, lead: LeadId, outcome: &str) {
    let attempt = app.ravi().post(&format!("/api/leads/{lead}/attempts"), json!({ "channel": "call" })).await.ok();
    let path = format!("/api/leads/{lead}/attempts/{}/outcome", attempt["id"].as_str().expect("an id"));
    app.ravi().post(&path, json!({ "outcome": outcome })).await.ok();
}

#[tokio::test]
async fn a_lead_that_does_not_answer_gets_each_step_once_at_its_time() {
    let app = app().await;
    app.asha().post("/api/sequences", sequence("no_answer", &three())).await.ok();
    let id = lead(&app, kari()).await;
    follow(&app).await;
    assert!(run(&app, id).await.is_null(), "nobody has called yet");
    app.advance(TimeDelta::minutes(3));
    call(&app, id, "no_answer").await;
    follow(&app).await;
    assert_eq!(out(&app).len(), 1);
    assert!(out(&app)[0].text.starts_with("Hei Kari, vi i Acme Varme prøvde å ringe deg.\n"), "{}", out(&app)[0].text);
    let now = run(&app, id).await;
    assert_eq!((&now["position"], &now["steps"], &now["next_kind"]), (&json!(1), &json!(3), &json!("task")));
    assert_eq!(now["next_at"], json!(monday() + TimeDelta::minutes(63)));

    for _ in 0..3 {
        later(&app, TimeDelta::minutes(10)).await;
        follow(&app).await;
    }
    assert_eq!(out(&app).len(), 1, "not before its time, and not twice");
    later(&app, TimeDelta::minutes(30)).await;
    let timeline = app.ravi().get(&format!("/api/leads/{id}/timeline")).await.ok();
    let items = timeline["items"].as_array().expect("items");
    let task = items.iter().find(|item| item["kind"] == "task").expect("a task");
    assert_eq!((&task["text"], &task["user_id"]), (&json!("Ring Kari Nordmann en gang til"), &Value::Null));
    let message = items.iter().find(|item| item["kind"] == "message").expect("a message");
    assert_eq!((&message["message"]["channel"], &message["message"]["state"]), (&json!("sms"), &json!("sent")));
    let todo = app.ravi().get("/api/leads?view=todo").await.ok();
    assert_eq!(todo["items"][0]["id"], json!(id), "it is to do again");

    later(&app, TimeDelta::hours(2)).await;
    assert_eq!(letters(&app).len(), 1);
    assert_eq!(letters(&app)[0].subject, "Hei Kari");
    assert_eq!(standing(&app, id).await, ("done".to_owned(), None));
    call(&app, id, "no_answer").await;
    follow(&app).await;
    later(&app, TimeDelta::hours(5)).await;
    assert_eq!((out(&app).len(), letters(&app).len()), (1, 1), "each sequence once for a lead");
    assert_eq!(app.asha().get("/api/sequences").await.ok()["items"][0]["total"], 1);
}

#[tokio::test]
async fn a_new_lead_is_greeted_by_a_machine_and_its_clock_goes_on() {
    let app = app().await;
    app.asha().post("/api/sequences", sequence("new_lead", &three()[..1])).await.ok();
    // Meta had kept this one for a week, and this one came before there was a sequence.
    let old =
        capture(&app, app.world.acme, Person { phone: None, ..kari() }, Vec::new(), monday() - TimeDelta::days(7))
            .await;
    app.advance(TimeDelta::minutes(1));
    let id = lead(&app, Person { email: None, ..kari() }).await;
    follow(&app).await;
    assert!(run(&app, old).await.is_null());
    assert_eq!(out(&app).len(), 1);
    assert_eq!(standing(&app, id).await.0, "done");
    let shown = app.ravi().get(&format!("/api/leads/{id}")).await.ok();
    assert_eq!(
        (&shown["first_attempt_at"], &shown["attempt_count"], &shown["status"]),
        (&Value::Null, &json!(0), &json!("new"))
    );
    assert!(!shown["due_at"].is_null(), "the SLA's clock goes on");
}

#[tokio::test]
async fn whatever_says_that_somebody_is_there_stops_it() {
    for (what, why) in [
        ("reply", "answered"),
        ("reached", "reached"),
        ("lost", "moved"),
        ("stop", "opted_out"),
        ("hand", "by_hand"),
        ("archived", "archived"),
    ] {
        let app = app().await;
        let made = app.asha().post("/api/sequences", sequence("no_answer", &three())).await.ok();
        let id = lead(&app, kari()).await;
        call(&app, id, "no_answer").await;
        follow(&app).await;
        assert_eq!(out(&app).len(), 1, "{what}");
        app.advance(TimeDelta::minutes(5));
        match what {
            "reply" => drop(app.senders.answer("twilio", KARI, "Acme", "Ring meg etter fire").await),
            "reached" => call(&app, id, "reached").await,
            "lost" => {
                let version =
                    app.ravi().get(&format!("/api/leads/{id}")).await.ok()["version"].as_i64().expect("a version");
                let lost = json!({ "status": "lost", "lost_reason": "not_interested" });
                app.ravi().patch(&format!("/api/leads/{id}"), i32::try_from(version).expect("small"), lost).await.ok();
            }
            "stop" => drop(app.senders.answer("twilio", KARI, "Acme", "STOP").await),
            "hand" => drop(app.ravi().delete(&format!("/api/leads/{id}/sequence")).await.ok()),
            _ => {
                let path = format!("/api/sequences/{}", made["id"].as_str().expect("an id"));
                assert_eq!(app.asha().delete(&path).await.status, 204);
            }
        }
        app.run_jobs().await;
        follow(&app).await;
        let told = app.ravi().get("/api/notifications").await.ok();
        let told = told["items"].as_array().expect("items").iter().any(|item| item["kind"] == "lead_replied");
        assert_eq!(told, matches!(what, "reply" | "stop"), "{what}: whoever has the lead is told of an answer");
        let (state, told) = standing(&app, id).await;
        // An answer of STOP is an answer as well; whichever came first.
        let fits = told.as_deref() == Some(why) || (what == "stop" && told.as_deref() == Some("answered"));
        assert!(state == "stopped" && fits, "{what}: {state} {told:?}");
        later(&app, TimeDelta::hours(9)).await;
        follow(&app).await;
        assert_eq!((out(&app).len(), letters(&app).len()), (1, 0), "{what}");
    }
}

#[tokio::test]
async fn a_step_that_says_nothing_to_somebody_is_passed_over() {
    let app = app().await;
    let steps = [
        step("sms", 0, "{% if service %}Det gjelder {{ service }}.{% endif %}"),
        step("task", 60, "{{ service }}"),
        step("sms", 60, "Hei {{ first_name }}"),
    ];
    app.asha().post("/api/sequences", sequence("new_lead", &steps)).await.ok();
    let id = lead(&app, kari()).await;
    follow(&app).await;
    assert_eq!(run(&app, id).await["position"], 1, "nothing is known of what she wants");
    later(&app, TimeDelta::minutes(61)).await;
    assert_eq!(run(&app, id).await["position"], 2);
    later(&app, TimeDelta::minutes(61)).await;
    let texts = out(&app);
    assert!(texts.len() == 1 && texts[0].text.starts_with("Hei Kari\n"), "{texts:?}");
    assert_eq!(standing(&app, id).await, ("done".to_owned(), None));
}

#[tokio::test]
async fn what_stops_it_while_a_message_waits_takes_the_message_back() {
    let app = app().await;
    app.asha().post("/api/sequences", sequence("no_answer", &three()[..1])).await.ok();
    let two = sequence("by_hand", &[step("sms", 0, "Hei"), step("sms", 600, "Hei igjen")]);
    let two = app.asha().post("/api/sequences", two).await.ok();
    let id = lead(&app, kari()).await;
    app.senders.fail_next(Fault::Status(503));
    let path = format!("/api/leads/{id}/sequence");
    app.ravi().post(&path, json!({ "sequence_id": two["id"] })).await.ok();
    app.ravi().post(&path, json!({ "sequence_id": two["id"] })).await.refused(409, "in_sequence");
    app.run_jobs().await;
    assert_eq!(out(&app).len(), 0, "the vendor is away");
    app.ravi().delete(&path).await.ok();
    assert_eq!(app.ravi().delete(&path).await.status, 404, "there is none any more");
    later(&app, TimeDelta::hours(1)).await;
    assert_eq!(out(&app).len(), 0);
    let timeline = app.ravi().get(&format!("/api/leads/{id}/timeline")).await.ok();
    let message =
        timeline["items"].as_array().expect("items").iter().find(|item| item["kind"] == "message").expect("it is told");
    assert_eq!(message["message"]["state"], "cancelled");
}

#[tokio::test]
async fn whoever_did_not_agree_is_not_written_to() {
    let app = app().await;
    app.asha().post("/api/sequences", sequence("new_lead", &three()[..1])).await.ok();
    let refused =
        capture(&app, app.world.acme, kari(), vec![consent("terms", true), consent("sms", false)], monday()).await;
    let nobody = lead(&app, Person { full_name: Some("Uten Nummer".to_owned()), ..Person::default() }).await;
    follow(&app).await;
    assert_eq!(standing(&app, refused).await, ("stopped".to_owned(), Some("no_consent".to_owned())));
    assert_eq!(standing(&app, nobody).await.0, "done", "nobody to write to: the step is passed by");
    assert_eq!(out(&app).len(), 0);
    let agreed = Person { phone: Phone::from_e164("+4798765432").ok(), email: None, ..kari() };
    let agreed = capture(&app, app.world.acme, agreed, vec![consent("terms", true)], monday()).await;
    follow(&app).await;
    assert_eq!(standing(&app, agreed).await.0, "done");
    assert_eq!(out(&app).len(), 1);
}

#[tokio::test]
async fn delays_are_business_time_and_nothing_goes_out_at_night() {
    let app = app().await;
    let day = json!(["08:00-16:00"]);
    let week: Vec<Value> = (0..7).map(|index| if index < 5 { day.clone() } else { json!([]) }).collect();
    let policy = json!({ "minutes": 15, "schedule": { "week": week, "holidays": true, "region": null, "days": [] } });
    app.asha().with_header("if-match", "\"0\"").put("/api/sla", policy).await.ok();
    let steps = [step("sms", 0, "Hei"), step("sms", 60, "Hei igjen")];
    app.asha().post("/api/sequences", sequence("new_lead", &steps)).await.ok();
    // Half past three in the afternoon, in Oslo: the second one has half an hour today and half an hour tomorrow.
    app.advance(TimeDelta::minutes(330));
    let id = lead(&app, kari()).await;
    follow(&app).await;
    assert_eq!(out(&app).len(), 1);
    assert_eq!(run(&app, id).await["next_at"], json!("2026-03-03T07:30:00Z"));
    // In the evening: it waits until the morning.
    app.advance(TimeDelta::hours(4));
    let late = lead(&app, Person { phone: Phone::from_e164("+4798765432").ok(), email: None, ..kari() }).await;
    follow(&app).await;
    assert_eq!(run(&app, late).await["next_at"], json!("2026-03-03T07:00:00Z"));
    assert_eq!(out(&app).len(), 1);
    later(&app, TimeDelta::minutes(12 * 60 + 30)).await;
    assert_eq!(out(&app).len(), 2, "07:00");
    later(&app, TimeDelta::minutes(30)).await;
    assert_eq!(out(&app).len(), 3, "07:30");
}

#[tokio::test]
async fn a_killed_worker_and_a_lost_job_lose_nothing_and_double_nothing() {
    let app = app().await;
    app.asha().post("/api/sequences", sequence("new_lead", &three())).await.ok();
    let id = lead(&app, kari()).await;
    follow(&app).await;
    assert_eq!(out(&app).len(), 1);
    let mut superuser = crate::audit::superuser(&app).await;
    // A job that ran and whose end was lost runs once more; a job that is gone is found missing.
    let again = sqlx::query("update jobs set run_at = $1 where kind = 'run_sequence_step'");
    again.bind(app.clock.now()).execute(&mut superuser).await.expect("hurried");
    app.run_jobs().await;
    assert_eq!(run(&app, id).await["position"], 1, "it was too early, and is put back");
    sqlx::query("delete from jobs where kind = 'run_sequence_step'").execute(&mut superuser).await.expect("lost");
    later(&app, TimeDelta::minutes(63)).await;
    assert_eq!(run(&app, id).await["position"], 1, "its job is gone");
    follow(&app).await;
    assert_eq!(run(&app, id).await["position"], 2, "and is found missing");
    later(&app, TimeDelta::hours(3)).await;
    follow(&app).await;
    assert_eq!((out(&app).len(), letters(&app).len()), (1, 1));
    assert_eq!(standing(&app, id).await.0, "done");
}

#[tokio::test]
async fn the_owner_sees_what_it_would_say_and_why_it_would_not() {
    let app = app().await;
    let id = capture(&app, app.world.acme, kari(), vec![consent("terms", true)], monday()).await;
    let asha = app.asha();
    let ask = json!({ "sequence": sequence("no_answer", &three()), "lead_id": id });
    let shown = asha.post("/api/sequences/preview", ask.clone()).await.ok();
    assert_eq!((&shown["consent"], &shown["asked"]), (&json!(true), &json!(true)));
    assert_eq!(shown["steps"][0]["text"], "Hei Kari, vi i Acme Varme prøvde å ringe deg.");
    assert_eq!((&shown["steps"][0]["segments"], &shown["steps"][0]["is_unicode"]), (&json!(1), &json!(false)));
    assert_eq!(shown["steps"][2]["at"], json!(monday() + TimeDelta::hours(3)));
    assert!(shown["steps"].as_array().expect("steps").iter().all(|step| step["obstacle"].is_null()), "{shown}");
    asha.post("/api/suppressions", json!({ "channel": "sms", "address": KARI })).await.ok();
    let shown = asha.post("/api/sequences/preview", ask).await.ok();
    assert_eq!((&shown["steps"][0]["obstacle"], &shown["steps"][2]["obstacle"]), (&json!("opted_out"), &Value::Null));
    app.run_jobs().await;
    assert_eq!(out(&app).len(), 0, "nothing was sent");
    let misspelt = json!({ "sequence": sequence("no_answer", &[step("sms", 0, "Hei {{ fornavn }}")]), "lead_id": id });
    asha.post("/api/sequences/preview", misspelt).await.refused(422, "place_unknown");
}

#[tokio::test]
async fn an_edit_holds_for_those_who_come_and_sequences_are_each_organizations_own() {
    let app = app().await;
    let asha = app.asha();
    let made = asha.post("/api/sequences", sequence("new_lead", &three())).await.ok();
    let path = format!("/api/sequences/{}", made["id"].as_str().expect("an id"));
    let first = lead(&app, kari()).await;
    follow(&app).await;
    let edited = sequence("new_lead", &[step("sms", 0, "Noe annet")]);
    assert_eq!(asha.put(&path, edited.clone()).await.status, 428);
    let saved = asha.clone().with_header("if-match", "\"1\"").put(&path, edited.clone()).await.ok();
    assert_eq!(saved["version"], 2);
    assert_eq!(asha.clone().with_header("if-match", "\"1\"").put(&path, edited.clone()).await.status, 412);
    later(&app, TimeDelta::hours(1)).await;
    later(&app, TimeDelta::hours(2)).await;
    assert_eq!(run(&app, first).await["steps"], 3, "whoever is in it goes on as it was");
    assert_eq!(letters(&app).len(), 1);

    assert_eq!(app.gita().get("/api/sequences").await.ok()["items"], json!([]));
    assert_eq!(app.gita().with_header("if-match", "\"2\"").put(&path, edited).await.status, 404);
    assert_eq!(app.gita().get(&format!("/api/leads/{first}/sequence")).await.status, 404);
    let theirs = capture(
        &app,
        app.world.globex,
        Person { phone: Phone::from_e164("+4915112345678").ok(), ..kari() },
        Vec::new(),
        app.clock.now(),
    )
    .await;
    follow(&app).await;
    assert!(app.gita().get(&format!("/api/leads/{theirs}/sequence")).await.ok()["run"].is_null());
    let by_mats = app.mats().send(Method::POST, "/api/sequences", Some(sequence("by_hand", &three()))).await;
    assert_eq!(by_mats.status, 403, "owners write them");
}
