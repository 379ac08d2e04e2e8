//! Working leads: lists, claims, status, attempts, notes (LP-010 … LP-017, LP-063, LP-072, LP-073, LP-077, LP-078).

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    db::Actor,
    leads::{self, NewLead, Person},
    sla::Sla,
    types::{ids::LeadId, ids::OrganizationId, phone::Phone},
};
use serde_json::{Value, json};

use crate::world::{TestApp, monday};

/// A lead captured directly.
pub async fn lead(app: &TestApp, organization: OrganizationId, name: &str, at: DateTime<Utc>) -> LeadId {
    let captured = app.app.db.write(organization, Actor::System, async |tx| {
        let person = Person { full_name: Some(name.to_owned()), ..Person::default() };
        leads::capture(tx, NewLead::of("phone", person, at), &Sla::always(TimeDelta::minutes(15))).await
    });
    match captured.await.expect("captured") {
        leads::Captured::New(id) => id,
        other => panic!("{other:?}"),
    }
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().filter_map(|lead| lead["full_name"].as_str()).collect()
}

#[tokio::test]
async fn pages_stay_put_while_leads_come_in() {
    let app = TestApp::new().await;
    for number in 0..25 {
        lead(&app, app.world.acme, &format!("Lead {number:02}"), monday() + TimeDelta::seconds(number)).await;
    }
    let first = app.ravi().get("/api/leads?limit=10").await.ok();
    assert_eq!(names(&first).first(), Some(&"Lead 24"));
    let mut seen: Vec<String> = names(&first).into_iter().map(str::to_owned).collect();
    let mut cursor = first["next_cursor"].as_str().map(str::to_owned);
    let mut round = 0;
    while let Some(next) = cursor {
        lead(&app, app.world.acme, "Newcomer", monday() + TimeDelta::minutes(5 + round)).await;
        round += 1;
        let page = app.ravi().get(&format!("/api/leads?limit=10&cursor={next}")).await.ok();
        seen.extend(names(&page).into_iter().map(str::to_owned));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
    }
    let expected: Vec<String> = (0..25).rev().map(|number| format!("Lead {number:02}")).collect();
    assert_eq!(seen, expected);
    app.ravi().get("/api/leads?cursor=nonsense").await.refused(422, "cursor_invalid");
    app.ravi().get("/api/leads?limit=1000").await.refused(422, "out_of_range");
    app.ravi().get("/api/leads?status=old").await.refused(422, "status_unknown");
    assert_eq!(
        app.ravi().get("/api/leads?colour=red").await.status,
        422,
        "a filter that does not exist is refused, not ignored"
    );
}

#[tokio::test]
async fn lists_are_filtered_and_searched() {
    let app = TestApp::new().await;
    let ase = lead(&app, app.world.acme, "Åse Bjørnsdotter", monday()).await;
    lead(&app, app.world.acme, "Bjørn Åsheim", monday() + TimeDelta::minutes(1)).await;
    let phoned = Person {
        full_name: Some("Ola".to_owned()),
        phone: Some(Phone::from_e164("+4740012345").expect("a number")),
        email: Some("Ola@Nordmann.no".to_owned()),
        ..Person::default()
    };
    let captured = app.app.db.write(app.world.acme, Actor::System, async |tx| {
        leads::capture(tx, NewLead::of("phone", phoned, monday()), &Sla::always(TimeDelta::minutes(15))).await
    });
    captured.await.expect("captured");
    let find = async |query: &str| {
        let page = app.ravi().get(&format!("/api/leads?{query}")).await.ok();
        names(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(find("q=bjorn%20as").await, ["Bjørn Åsheim", "Åse Bjørnsdotter"]);
    assert_eq!(find("q=%C3%A5se%20bjornsd").await, ["Åse Bjørnsdotter"]);
    assert_eq!(find("q=400%2012%20345").await, ["Ola"]);
    assert_eq!(find("q=%2B4740012345").await, ["Ola"]);
    assert_eq!(find("q=ola@nordmann.no").await, ["Ola"]);
    assert_eq!(find("q=nobody").await, Vec::<String>::new());
    app.ravi().post(&format!("/api/leads/{ase}/claim"), json!({})).await.ok();
    assert_eq!(find("assignee=me").await, ["Åse Bjørnsdotter"]);
    assert_eq!(find(&format!("assignee={}", app.world.ravi)).await, ["Åse Bjørnsdotter"]);
    assert_eq!(find("assignee=none").await.len(), 2);
    assert_eq!(find("assignee=me,none").await.len(), 3);
    assert_eq!(find("view=mine").await, ["Åse Bjørnsdotter"]);
    assert_eq!(find("from=2026-03-02T09:00:30Z").await, ["Bjørn Åsheim"]);
    assert_eq!(find("status=won,lost").await.len(), 0);
}

#[tokio::test]
async fn of_a_flock_each_person_becomes_one_lead() {
    use leads::Captured::{Joined, Known, New};
    let app = TestApp::new().await;
    let enquiry = |id: &str, phone: Option<&str>, email: Option<&str>| {
        let phone = phone.map(|phone| Phone::from_e164(phone).expect("a number"));
        let person =
            Person { full_name: Some(id.to_owned()), phone, email: email.map(str::to_owned), ..Person::default() };
        NewLead { source: "meta", meta_lead_id: Some(id.to_owned()), ..NewLead::of("phone", person, monday()) }
    };
    let test = NewLead { is_test: true, ..enquiry("7", Some("+4740000001"), None) };
    let flock = vec![
        enquiry("1", Some("+4740000001"), None),
        enquiry("2", Some("+4740000001"), Some("one@example.com")),
        enquiry("3", None, Some("one@example.com")),
        enquiry("4", Some("+4740000004"), None),
        enquiry("1", Some("+4740000001"), None),
        enquiry("6", None, None),
        test,
    ];
    let captured = app.app.db.write(app.world.acme, Actor::System, async |tx| {
        leads::capture_all(tx, flock.clone(), &Sla::always(TimeDelta::minutes(15))).await
    });
    let captured = captured.await.expect("captured");
    let [New(one), Joined(two), Joined(three), New(four), Known(again), New(six), New(test)] = captured[..] else {
        panic!("{captured:?}")
    };
    assert_eq!([two, three, again], [one; 3], "one person, whichever of their two addresses is named");
    assert!(four != one && six != one && test != one);
    let shown = app.ravi().get(&format!("/api/leads/{one}")).await.ok();
    assert_eq!((&shown["enquiry_count"], &shown["email"]), (&json!(3), &json!("one@example.com")));
    assert_eq!(shown["version"], json!(3), "each enquiry is a change of its own");

    // Delivered again, in another order, it changes nothing.
    let again = app.app.db.write(app.world.acme, Actor::System, async |tx| {
        leads::capture_all(tx, flock.into_iter().rev().collect(), &Sla::always(TimeDelta::minutes(15))).await
    });
    assert!(again.await.expect("captured").iter().all(|one| matches!(one, Known(_))));
}

#[tokio::test]
async fn personal_data_is_nowhere_in_the_database_in_plain_text() {
    use sqlx::{Connection, Row};
    let app = TestApp::new().await;
    let person = Person {
        full_name: Some("Zebediah Unmistakable".to_owned()),
        phone: Some(Phone::from_e164("+4740098765").expect("a number")),
        email: Some("zebediah@unmistakable.no".to_owned()),
        message: Some("Unmistakable message".to_owned()),
        answers: vec![leads::Answer {
            key: "k".to_owned(),
            label: "l".to_owned(),
            values: vec!["Unmistakable answer".to_owned()],
        }],
        ..Person::default()
    };
    let captured = app.app.db.write(app.world.acme, Actor::System, async |tx| {
        leads::capture(tx, NewLead::of("phone", person, monday()), &Sla::always(TimeDelta::minutes(15))).await
    });
    let leads::Captured::New(id) = captured.await.expect("captured") else { panic!("new") };
    app.ravi()
        .with_header("idempotency-key", "k1")
        .post(&format!("/api/leads/{id}/notes"), json!({ "text": "Unmistakable note" }))
        .await
        .ok();
    let mut connection = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let tables: Vec<String> = sqlx::query_scalar("select tablename from pg_tables where schemaname = 'public'")
        .fetch_all(&mut connection)
        .await
        .expect("tables");
    assert!(tables.len() > 20);
    for table in tables {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("select row_to_json(t)::text as line from {table} t")))
            .fetch_all(&mut connection)
            .await
            .expect("rows");
        for row in rows {
            let line: String = row.get("line");
            let bytes = line.to_lowercase();
            for secret in ["unmistakable", "40098765", &hex::encode("nmistakable"), &hex::encode("40098765")] {
                assert!(!bytes.contains(secret), "{table} shows {secret}: {line}");
            }
        }
    }
}

#[tokio::test]
async fn of_fifty_who_tap_one_gets_the_lead() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Wanted", monday()).await;
    let path = format!("/api/leads/{id}/claim");
    let taps = (0..50).map(|number| {
        let (app, path) = (&app, &path);
        async move {
            let who = if number % 2 == 0 { app.ravi() } else { app.rosa() };
            (number % 2, who.post(path, json!({})).await)
        }
    });
    let answers = futures::future::join_all(taps).await;
    let winner = answers.iter().find(|(_, answer)| answer.status == 200).expect("somebody wins").0;
    let holder = if winner == 0 { app.world.ravi } else { app.world.rosa };
    for (who, answer) in &answers {
        if *who == winner {
            assert_eq!(answer.status, 200, "the winner may tap again");
        } else {
            answer.refused(409, "claimed");
            assert_eq!(answer.json["holder_id"], json!(holder), "the loser is told who has it");
        }
    }
    let timeline = app.ravi().get(&format!("/api/leads/{id}/timeline")).await.ok();
    let claims = timeline["items"].as_array().expect("items").iter().filter(|item| item["kind"] == "claimed").count();
    assert_eq!(claims, 1);
}

#[tokio::test]
async fn giving_back_and_assigning_are_for_those_who_may() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    let claim = format!("/api/leads/{id}/claim");
    app.ravi().post(&claim, json!({})).await.ok();
    app.rosa().post(&claim, json!({})).await.refused(409, "claimed");
    app.rosa().delete(&claim).await.refused(403, "not_yours");
    let lead = app.mats().put(&format!("/api/leads/{id}/assignment"), json!({ "user_id": app.world.rosa })).await.ok();
    assert_eq!(lead["assignee_id"], json!(app.world.rosa));
    assert_eq!(
        app.ravi().put(&format!("/api/leads/{id}/assignment"), json!({ "user_id": app.world.ravi })).await.status,
        403
    );
    app.mats()
        .put(&format!("/api/leads/{id}/assignment"), json!({ "user_id": app.world.gita }))
        .await
        .refused(422, "not_a_member");
    let lead = app.rosa().delete(&claim).await.ok();
    assert_eq!(lead["assignee_id"], Value::Null);
}

#[tokio::test]
async fn a_call_is_stored_first_then_its_outcome_moves_the_lead() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    app.advance(TimeDelta::minutes(4));
    let attempt = app.ravi().post(&format!("/api/leads/{id}/attempts"), json!({ "channel": "call" })).await;
    assert_eq!(attempt.status, 201);
    let attempt = attempt.ok();
    assert_eq!((attempt["evidence"].as_str(), attempt["outcome"].is_null()), (Some("intent"), true));
    let lead = app.rosa().get(&format!("/api/leads/{id}")).await.ok();
    assert_eq!((lead["attempt_count"].as_i64(), lead["status"].as_str()), (Some(1), Some("new")));
    assert_eq!(lead["assignee_id"], json!(app.world.ravi), "who calls first has it");
    assert!(lead["due_at"].is_null(), "the SLA clock stands");
    assert_eq!(lead["trace"]["first_attempt_at"], "2026-03-02T09:04:00Z");
    assert!(lead["first_contact_at"].is_null(), "an attempt is no contact");
    let outcome = format!("/api/leads/{id}/attempts/{}/outcome", attempt["id"].as_str().expect("an id"));
    app.ravi().post(&outcome, json!({ "outcome": "sent" })).await.refused(422, "outcome_unfit");
    let told = app.ravi().post(&outcome, json!({ "outcome": "no_answer" })).await.ok();
    assert_eq!((told["outcome"].as_str(), told["evidence"].as_str()), (Some("no_answer"), Some("self_reported")));
    assert_eq!(app.ravi().get(&format!("/api/leads/{id}")).await.ok()["status"], "no_answer");
    // They call back a minute later: the later word counts, both are kept.
    app.advance(TimeDelta::minutes(1));
    app.ravi().post(&outcome, json!({ "outcome": "reached", "note": "Called back" })).await.ok();
    let lead = app.ravi().get(&format!("/api/leads/{id}")).await.ok();
    assert_eq!((lead["status"].as_str(), lead["first_contact_at"].is_string()), (Some("contacted"), true));
    let timeline = app.ravi().get(&format!("/api/leads/{id}/timeline")).await.ok();
    let items = timeline["items"].as_array().expect("items");
    let call = items.iter().find(|item| item["kind"] == "attempt").expect("the call");
    assert_eq!(
        (call["attempt"]["note"].as_str(), call["user_id"].clone()),
        (Some("Called back"), json!(app.world.ravi))
    );
    assert_eq!(items.iter().filter(|item| item["kind"] == "status").count(), 2, "new → no_answer → contacted");
}

#[tokio::test]
async fn status_follows_its_graph_and_versions_are_kept_apart() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    let path = format!("/api/leads/{id}");
    app.ravi().patch(&path, 1, json!({ "status": "won" })).await.refused(409, "transition");
    app.ravi().patch(&path, 1, json!({ "status": "lost" })).await.refused(422, "required");
    app.ravi().patch(&path, 1, json!({})).await.refused(422, "empty");
    let answer = app.ravi().patch(&path, 1, json!({ "status": "contacted", "phone": "22 11 22 33" })).await;
    assert_eq!(answer.header("etag"), Some("\"2\""));
    assert_eq!(answer.ok()["phone"], "+4722112233");
    let stale = app.rosa().patch(&path, 1, json!({ "status": "no_answer" })).await;
    stale.refused(412, "version");
    assert_eq!(stale.json["current_version"], 2);
    assert_eq!(app.ravi().send(reqwest::Method::PATCH, &path, Some(json!({ "service": "x" }))).await.status, 428);
    app.ravi().patch(&path, 2, json!({ "phone": "12" })).await.refused(422, "phone_invalid");
    app.ravi().patch(&path, 2, json!({ "email": "x@" })).await.refused(422, "email_invalid");
    let lead = app.ravi().patch(&path, 2, json!({ "email": "x@y.no", "phone": null })).await.ok();
    assert_eq!(
        (lead["email"].as_str(), lead["phone"].is_null(), lead["version"].as_i64()),
        (Some("x@y.no"), true, Some(3))
    );
    let won = app.ravi().patch(&path, 3, json!({ "status": "won" })).await.ok();
    assert!(won["next_at"].is_null());
    app.ravi().patch(&path, 4, json!({ "status": "contacted" })).await.refused(409, "transition");
    assert_eq!(app.ravi().get("/api/leads?view=todo").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn the_same_key_acts_once_and_answers_the_same() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    let path = format!("/api/leads/{id}/attempts");
    let keyed = || app.ravi().with_header("idempotency-key", "0195-the-key");
    let first = keyed().post(&path, json!({ "channel": "call" })).await.ok();
    let calls = (0..10).map(|_| async { keyed().post(&path, json!({ "channel": "call" })).await.ok() });
    for again in futures::future::join_all(calls).await {
        assert_eq!(again, first);
    }
    assert_eq!(app.ravi().get(&format!("/api/leads/{id}")).await.ok()["attempt_count"], 1);
    keyed().post(&format!("/api/leads/{id}/notes"), json!({ "text": "x" })).await.refused(422, "key_reused");
    let other =
        app.rosa().with_header("idempotency-key", "0195-the-key").post(&path, json!({ "channel": "sms" })).await.ok();
    assert_ne!(other["id"], first["id"], "another person's key is another key");
}

#[tokio::test]
async fn a_snoozed_lead_leaves_the_list_and_comes_back_by_itself() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Somebody", monday()).await;
    let path = format!("/api/leads/{id}/snooze");
    app.ravi().put(&path, json!({ "until": "2026-03-02T08:00:00Z" })).await.refused(422, "in_the_past");
    app.ravi().put(&path, json!({ "until": "2026-12-24T08:00:00Z" })).await.refused(422, "too_far");
    let lead = app.ravi().put(&path, json!({ "until": "2026-03-02T11:00:00Z" })).await.ok();
    assert_eq!(lead["next_at"], "2026-03-02T11:00:00Z");
    assert_eq!(app.ravi().get("/api/leads?view=todo").await.ok()["items"], json!([]));
    assert_eq!(app.ravi().get("/api/leads/counts").await.ok()["todo"], 0);
    app.advance(TimeDelta::hours(2));
    app.run_jobs().await;
    let todo = app.ravi().get("/api/leads?view=todo").await.ok();
    assert_eq!((names(&todo), todo["items"][0]["snoozed_until"].is_null()), (vec!["Somebody"], true));
    assert_eq!(todo["items"][0]["version"], 3, "so that open apps hear of it");
}

#[tokio::test]
async fn the_next_due_comes_first() {
    let app = TestApp::new().await;
    let late = lead(&app, app.world.acme, "Late", monday() - TimeDelta::minutes(30)).await;
    lead(&app, app.world.acme, "Fresh", monday()).await;
    lead(&app, app.world.acme, "Waning", monday() - TimeDelta::minutes(10)).await;
    assert_eq!(names(&app.ravi().get("/api/leads?view=todo").await.ok()), ["Late", "Waning", "Fresh"]);
    app.ravi().post(&format!("/api/leads/{late}/attempts"), json!({ "channel": "call" })).await.ok();
    assert_eq!(names(&app.ravi().get("/api/leads?view=todo").await.ok()), ["Waning", "Fresh", "Late"]);
    // Yesterday's follow-up is long due, and still waits for whom nobody has tried.
    app.advance(TimeDelta::days(1));
    assert_eq!(names(&app.ravi().get("/api/leads?view=todo").await.ok()), ["Waning", "Fresh", "Late"]);
    let first = app.ravi().get("/api/leads?view=todo&limit=2").await.ok();
    let next = first["next_cursor"].as_str().expect("more");
    assert_eq!(names(&app.ravi().get(&format!("/api/leads?view=todo&limit=2&cursor={next}")).await.ok()), ["Late"]);
    assert_eq!(
        names(&app.rosa().get("/api/leads?view=todo").await.ok()),
        ["Waning", "Fresh"],
        "a colleague's is not hers to do"
    );
    assert_eq!(names(&app.mats().get("/api/leads?view=todo").await.ok()).len(), 3, "a manager's is everybody's");
}

#[tokio::test]
async fn another_organizations_leads_do_not_exist() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Secret", monday()).await;
    app.ravi().post(&format!("/api/leads/{id}/notes"), json!({ "text": "x" })).await.ok();
    assert_eq!(app.gita().get("/api/leads").await.ok()["items"], json!([]));
    assert_eq!(app.gita().get("/api/leads?q=secret").await.ok()["items"], json!([]));
    assert_eq!(app.gita().get("/api/leads/counts").await.ok(), json!({ "todo": 0, "mine": 0, "unclaimed": 0 }));
    for path in ["", "/timeline"] {
        assert_eq!(app.gita().get(&format!("/api/leads/{id}{path}")).await.status, 404);
    }
    assert_eq!(app.gita().post(&format!("/api/leads/{id}/claim"), json!({})).await.status, 404);
    assert_eq!(app.gita().post(&format!("/api/leads/{id}/attempts"), json!({ "channel": "call" })).await.status, 404);
    assert_eq!(app.gita().patch(&format!("/api/leads/{id}"), 1, json!({ "service": "x" })).await.status, 404);
}

#[tokio::test]
async fn where_agents_see_their_own_a_colleagues_lead_does_not_exist() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Rosa's", monday()).await;
    lead(&app, app.world.acme, "Nobody's", monday()).await;
    app.rosa().post(&format!("/api/leads/{id}/claim"), json!({})).await.ok();
    let acme = app.world.acme;
    let narrowed = app.app.db.directory(async |directory| {
        sqlx::query("update organizations set lead_visibility = 'own' where id = $1")
            .bind(acme)
            .execute(directory.conn())
            .await?;
        Ok(())
    });
    narrowed.await.expect("narrowed");
    assert_eq!(names(&app.ravi().get("/api/leads").await.ok()), ["Nobody's"]);
    assert_eq!(app.ravi().get(&format!("/api/leads/{id}")).await.status, 404);
    assert_eq!(app.ravi().post(&format!("/api/leads/{id}/notes"), json!({ "text": "x" })).await.status, 404);
    assert_eq!(app.ravi().post(&format!("/api/leads/{id}/attempts"), json!({ "channel": "call" })).await.status, 404);
    assert_eq!(app.ravi().get(&format!("/api/leads/{id}/timeline")).await.status, 404);
    assert_eq!(app.mats().get("/api/leads").await.ok()["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(app.rosa().get("/api/leads").await.ok()["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn rotated_keys_open_everything_and_seal_it_anew() {
    use sqlx::Connection;
    let app = TestApp::new().await;
    let acme = app.world.acme;
    let id = lead(&app, acme, "Sealed Somebody", monday()).await;
    app.ravi().post(&format!("/api/leads/{id}/notes"), json!({ "text": "A note" })).await.ok();
    let mut connection = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let sealed =
        "select substring(full_name from 2 for 4) from leads union select substring(text from 2 for 4) from lead_notes";
    let before: Vec<Vec<u8>> = sqlx::query_scalar(sealed).fetch_all(&mut connection).await.expect("rows");
    let rotated = app.app.db.directory(async |directory| {
        nextmove::db::rotate_keys(directory, Some(acme)).await?;
        nextmove::jobs::enqueue_for::<nextmove::app::App, _>(directory, Some(acme), &leads::Reseal { after: None })
            .await
    });
    rotated.await.expect("rotated");
    app.app.db.forget_keys();
    assert_eq!(
        names(&app.ravi().get("/api/leads?q=sealed").await.ok()),
        ["Sealed Somebody"],
        "found while the old index is still there"
    );
    app.advance(TimeDelta::minutes(5));
    app.app.db.forget_keys();
    app.run_jobs().await;
    let after: Vec<Vec<u8>> = sqlx::query_scalar(sealed).fetch_all(&mut connection).await.expect("rows");
    assert!(before.iter().all(|kid| !after.contains(kid)), "everything carries the new key: {before:?} {after:?}");
    assert_eq!(names(&app.ravi().get("/api/leads?q=sealed").await.ok()), ["Sealed Somebody"]);
    let timeline = app.ravi().get(&format!("/api/leads/{id}/timeline")).await.ok();
    assert!(timeline["items"].as_array().expect("items").iter().any(|item| item["text"] == "A note"));
}
