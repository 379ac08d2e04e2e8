//! The world that is made to be measured is as the real one: what the imports leave is what capturing and the verbs leave.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    attempts::{self, Channel, Outcome},
    db::Actor,
    identity::{Role, Viewer},
    leads::{
        self, Answer, Captured, Change, Deed, LostReason, Move, NewConsent, NewLead, Pace, Past, Person, Received,
        Status,
    },
    outbox, seed,
    sla::Sla,
    types::{ids::LeadId, phone::Phone},
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::world::{TestApp, monday};

fn submission(number: usize, came: DateTime<Utc>) -> NewLead {
    NewLead {
        id: None,
        clock: nextmove::leads::Clock::Running,
        source: "meta",
        platform: Some("ig".to_owned()),
        meta_lead_id: Some(format!("55{number}")),
        campaign: None,
        form: None,
        adset: (Some("1".to_owned()), Some("set".to_owned())),
        ad: (Some("2".to_owned()), Some("ad".to_owned())),
        is_test: false,
        is_organic: true,
        person: Person {
            full_name: Some(format!("Åse Bjørnsdotter {number}")),
            phone: Some(Phone::from_e164(&format!("+474000{number:04}")).expect("a number")),
            phone_given: None,
            email: Some(format!("ase{number}@example.com")),
            postal_code: Some("5003".to_owned()),
            city: Some("Bergen".to_owned()),
            service: Some("Tak".to_owned()),
            message: Some("Ring meg".to_owned()),
            answers: vec![Answer { key: "k".to_owned(), label: "Når?".to_owned(), values: vec!["Nå".to_owned()] }],
        },
        consents: vec![NewConsent {
            key: "contact".to_owned(),
            text: "Ja".to_owned(),
            version: "v1".to_owned(),
            given: true,
            inferred: false,
            privacy_policy_url: None,
        }],
        created_at: came,
        received: Received {
            received_at: came + TimeDelta::milliseconds(400),
            fetched_at: Some(came + TimeDelta::milliseconds(700)),
        },
    }
}

/// What can happen to a lead, as deeds, each a minute after the one before.
fn stories(until: DateTime<Utc>) -> Vec<Vec<Deed>> {
    let outcome = |reached, unanswered| Deed::OutcomeKnown { begun: monday(), reached, unanswered };
    let note = || Deed::Note("Hyggelig".to_owned());
    vec![
        vec![],
        vec![Deed::Attempted],
        vec![Deed::Attempted, outcome(false, true)],
        vec![Deed::Attempted, outcome(false, true), Deed::Attempted, outcome(true, false), note()],
        vec![Deed::Attempted, outcome(true, false), note(), Deed::Status(Status::Scheduled, None)],
        vec![Deed::Attempted, outcome(true, false), Deed::Status(Status::Won, None)],
        vec![Deed::Attempted, outcome(false, false), Deed::Status(Status::Lost, Some(LostReason::WrongNumber))],
        vec![Deed::Attempted, outcome(false, true), Deed::Snooze(until)],
        vec![Deed::Snooze(until), Deed::Attempted],
        vec![Deed::Status(Status::Lost, Some(LostReason::Duplicate)), Deed::Status(Status::Contacted, None)],
    ]
}

/// All that the app shows of the leads, by their names, without ids.
async fn shown(app: &TestApp) -> BTreeMap<String, Value> {
    let list = app.asha().get("/api/leads?limit=200").await.ok();
    let mut all = BTreeMap::new();
    for lead in list["items"].as_array().expect("items") {
        let id = lead["id"].as_str().expect("an id");
        let mut detail = app.asha().get(&format!("/api/leads/{id}")).await.ok();
        let mut timeline = app.asha().get(&format!("/api/leads/{id}/timeline")).await.ok();
        without_ids(&mut detail);
        without_ids(&mut timeline);
        // What happens at one time stands in the order of random ids.
        timeline["items"].as_array_mut().expect("items").sort_by_key(ToString::to_string);
        all.insert(
            lead["full_name"].as_str().expect("a name").to_owned(),
            json!({ "lead": detail, "timeline": timeline }),
        );
    }
    all
}

fn without_ids(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["id", "lead_id", "stored_at"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(without_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        _ => {}
    }
}

#[tokio::test]
async fn a_seeded_lead_is_as_the_verbs_would_have_left_it() {
    let (lived, seeded) = (TestApp::new().await, TestApp::new().await);
    let until = monday() + TimeDelta::days(3);
    let ravi = lived.world.ravi;
    let viewer = Viewer { user: ravi, role: Role::Agent, sees_all: true };
    let came = |number: usize| monday() - TimeDelta::hours(5) + TimeDelta::seconds(i64::try_from(number).expect("few"));
    let at = |number: usize, step: usize| came(number) + TimeDelta::minutes(i64::try_from(step).expect("few") + 1);

    for (number, story) in stories(until).iter().enumerate() {
        let (db, acme) = (&lived.app.db, lived.world.acme);
        let stored_at = came(number) + TimeDelta::milliseconds(850);
        let lead = db.write(acme, Actor::System, async |tx| {
            tx.set_now(stored_at);
            leads::capture(tx, submission(number, came(number)), &Sla::always(TimeDelta::minutes(15))).await
        });
        let Captured::New(lead) = lead.await.expect("captured") else { panic!("everybody is new") };
        let mut call = None;
        for (step, deed) in story.iter().enumerate() {
            let done = db.write(acme, Actor::User(ravi), async |tx| {
                tx.set_now(at(number, step));
                live(tx, &viewer, lead, deed, &mut call).await
            });
            done.await.expect("done");
        }
    }

    let (db, acme) = (&seeded.app.db, seeded.world.acme);
    let mut tried = Vec::new();
    let past: Vec<Past> = stories(until)
        .into_iter()
        .enumerate()
        .map(|(number, story)| {
            let stored_at = came(number) + TimeDelta::milliseconds(850);
            let id = LeadId::new(stored_at);
            let mut moves = Vec::new();
            for (step, mut what) in story.into_iter().enumerate() {
                let at = at(number, step);
                match &mut what {
                    Deed::Attempted => {
                        tried.push(attempts::Past { lead: id, user: ravi, channel: Channel::Call, at, outcome: None });
                    }
                    Deed::OutcomeKnown { begun, reached, unanswered } => {
                        let last = tried.last_mut().expect("an attempt came before");
                        *begun = last.at;
                        last.outcome = Some((came_of(*reached, *unanswered), at));
                    }
                    _ => {}
                }
                moves.push(Move { at, by: ravi, what });
            }
            Past { id, new: submission(number, came(number)), stored_at, moves }
        })
        .collect();
    let imported = db.write(acme, Actor::System, async |tx| {
        let pace = Pace { sla: Sla::always(TimeDelta::minutes(15)), retry: TimeDelta::minutes(240) };
        let events = leads::import(tx, &past, &pace).await?;
        attempts::import(tx, &tried).await?;
        outbox::import(tx, 0, &events).await
    });
    imported.await.expect("imported");

    let (lived_shown, seeded_shown) = (shown(&lived).await, shown(&seeded).await);
    assert_eq!(lived_shown.len(), stories(until).len());
    for (name, lived) in &lived_shown {
        assert_eq!(lived, &seeded_shown[name], "{name}");
    }
    // Found by the same beginnings, numbers and addresses; and beside the leads as many rows of everything.
    for found_by in ["q=bjorns%20%C3%A5s", "q=%2B4740000003", "q=ase4@example.com", "view=todo", "view=mine"] {
        let count = async |app: &TestApp| {
            let page = app.ravi().get(&format!("/api/leads?{found_by}")).await.ok();
            page["items"].as_array().expect("items").len()
        };
        assert_eq!(count(&lived).await, count(&seeded).await, "{found_by}");
    }
    assert_eq!(rows(&lived).await, rows(&seeded).await);
    // The snooze that is still on ends by itself in both.
    for app in [&lived, &seeded] {
        app.advance(TimeDelta::days(4));
        app.run_jobs().await;
    }
    let awake = "/api/leads?view=todo&q=ase";
    assert_eq!(
        lived.asha().get(awake).await.ok()["items"].as_array().map(Vec::len),
        seeded.asha().get(awake).await.ok()["items"].as_array().map(Vec::len)
    );
}

fn came_of(reached: bool, unanswered: bool) -> Outcome {
    match (reached, unanswered) {
        (true, _) => Outcome::Reached,
        (_, true) => Outcome::NoAnswer,
        _ => Outcome::WrongNumber,
    }
}

async fn live(
    tx: &mut nextmove::db::Tx,
    viewer: &Viewer,
    lead: LeadId,
    deed: &Deed,
    call: &mut Option<nextmove::types::ids::AttemptId>,
) -> nextmove::error::Result<()> {
    match deed {
        Deed::Attempted => *call = Some(attempts::log(tx, viewer, lead, Channel::Call).await?.id),
        Deed::OutcomeKnown { reached, unanswered, .. } => {
            let call = call.expect("an attempt came before");
            attempts::report(tx, viewer, lead, call, came_of(*reached, *unanswered), None).await?;
        }
        Deed::Note(text) => {
            leads::add_note(tx, viewer, lead, text).await?;
        }
        Deed::Status(status, lost_reason) => {
            let version = leads::find(tx, viewer, lead).await?.version;
            let change = Change { status: Some(*status), lost_reason: *lost_reason, ..Change::default() };
            leads::change(tx, viewer, lead, version, change).await?;
        }
        Deed::Snooze(until) => {
            leads::snooze(tx, viewer, lead, *until).await?;
        }
    }
    Ok(())
}

/// How many rows of acme's each table has, and of what kinds the events are.
async fn rows(app: &TestApp) -> Vec<(String, i64)> {
    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let mut all =
        sqlx::query_as("select kind, count(*) from events where organization_id = $1 group by kind order by kind")
            .bind(app.world.acme.0)
            .fetch_all(&mut superuser)
            .await
            .expect("counts");
    for table in [
        "leads",
        "lead_tokens",
        "lead_enquiries",
        "lead_traces",
        "lead_history",
        "lead_notes",
        "consents",
        "consent_texts",
        "contact_attempts",
        "attempt_outcomes",
        // The desk is asked for with each lead that is captured, and finds what was seeded by itself.
        "(select * from jobs where kind not in ('attend', 'alarm')) as jobs",
    ] {
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table} where organization_id = $1"));
        let count = sqlx::query_scalar(count).bind(app.world.acme.0).fetch_one(&mut superuser).await.expect("counts");
        all.push((table.to_owned(), count));
    }
    all
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world_and_a_filled_database_is_left_alone() {
    let worlds = [TestApp::new().await, TestApp::new().await];
    let plan = seed::Plan { leads: 400, organizations: 4, seed: 3, password: None, anyway: false };
    let mut seen = Vec::new();
    for app in &worlds {
        let made = seed::fill(&app.app, plan.clone(), |_| {}).await.expect("seeded");
        assert_eq!((made.leads, made.organizations.len()), (400, 4));
        let (organization, _, size) = made.organizations[0];
        let viewer = Viewer { user: app.world.asha, role: Role::Owner, sees_all: true };
        let filter = leads::Filter { limit: Some(200), ..leads::Filter::default() };
        let page = app.app.db.read(organization, Actor::System, async |tx| {
            let head = outbox::head(tx).await?;
            let events = outbox::since(tx, 0, 100_000).await?;
            let gapless = events.iter().rev().zip(0..).all(|(event, back)| event.sequence == head - back);
            assert!(gapless && !events.is_empty(), "the stream has no gap up to its head");
            leads::list(tx, &viewer, filter).await
        });
        let people: Vec<_> = page
            .await
            .expect("a list")
            .items
            .into_iter()
            .map(|lead| (lead.full_name, lead.phone, lead.status, lead.created_at, lead.attempt_count, lead.version))
            .collect();
        assert_eq!(people.len(), size.min(200));
        seen.push(people);
        let again = seed::fill(&app.app, plan.clone(), |_| {}).await;
        assert!(matches!(again, Err(nextmove::error::Error::Conflict { .. })), "{again:?}");
    }
    assert_eq!(seen[0], seen[1]);
    for app in worlds {
        // Snoozes of the past two weeks are still on, and end when their time comes.
        app.run_jobs().await;
    }
}
