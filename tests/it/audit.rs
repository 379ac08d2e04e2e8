//! The audit trail: what stands in it, and that nobody can change it unseen (LP-008, LP-051, LP-064, OI-047, OI-107, OI-116, DK-062).

use chrono::TimeDelta;
use nextmove::{
    audit::{self, Action, Break, Found, Position},
    db::Actor,
    error::Error,
    outbox::trail::{Content, link},
    types::ids::{HOUSE, LeadId, OrganizationId},
};
use serde_json::json;
use sqlx::{Connection, PgConnection, Row};

use crate::{
    leads::lead,
    world::{TestApp, monday},
};

pub async fn superuser(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.superuser_url()).await.expect("a connection")
}

/// `action by actor on subject`, oldest first.
async fn trail(app: &TestApp, organization: OrganizationId) -> Vec<String> {
    sqlx::query_scalar(
        "select action || ' by ' || coalesce(actor_id::text, actor_kind) || coalesce(' on ' || subject_id, '') || case details::text when '{}' then '' else ' ' || details::text end
         from audit_entries where organization_id = $1 order by number",
    )
    .bind(organization.0)
    .fetch_all(&mut superuser(app).await)
    .await
    .expect("entries")
}

async fn verify(app: &TestApp, noted: Option<Position>) -> Found {
    audit::verify(&app.app.db, app.world.acme, noted).await.expect("walks")
}

/// A lead with some history: five entries.
async fn history(app: &TestApp) -> LeadId {
    let id = lead(app, app.world.acme, "Kari Nordmann", monday()).await;
    app.ravi().post(&format!("/api/leads/{id}/claim"), json!({})).await.ok();
    app.ravi().post(&format!("/api/leads/{id}/notes"), json!({ "text": "Calls back" })).await.ok();
    app.mats().put(&format!("/api/leads/{id}/assignment"), json!({ "user_id": app.world.rosa })).await.ok();
    app.mats().put(&format!("/api/leads/{id}/snooze"), json!({ "until": monday() + TimeDelta::days(1) })).await.ok();
    id
}

#[tokio::test]
async fn every_write_leaves_a_line_and_a_rolled_back_one_none() {
    let app = TestApp::new().await;
    let (acme, ravi, mats, rosa) = (app.world.acme, app.world.ravi, app.world.mats, app.world.rosa);
    let id = history(&app).await;
    let attempt = app.rosa().post(&format!("/api/leads/{id}/attempts"), json!({ "channel": "call" })).await.ok();
    let attempt = attempt["id"].as_str().expect("an id").to_owned();
    app.rosa()
        .post(&format!("/api/leads/{id}/attempts/{attempt}/outcome"), json!({ "outcome": "no_answer" }))
        .await
        .ok();
    app.mats().patch(&format!("/api/leads/{id}"), 6, json!({ "full_name": "Kari N" })).await.ok();

    app.ravi().delete(&format!("/api/leads/{id}/claim")).await.refused(403, "not_yours");
    let rolled_back = app.app.db.write(acme, Actor::User(ravi), async |tx| {
        audit::record(tx, Action::LeadClaimed.on(id));
        Err::<(), _>(Error::Forbidden("never"))
    });
    assert!(rolled_back.await.is_err());

    let lines = trail(&app, acme).await;
    let note = lines[2].clone();
    let until = (monday() + TimeDelta::days(1)).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    assert_eq!(
        lines,
        [
            format!(r#"lead_captured by system on {id} {{"source":"manual"}}"#),
            format!("lead_claimed by {ravi} on {id}"),
            note.clone(),
            format!(r#"lead_assigned by {mats} on {id} {{"from":"{ravi}","to":"{rosa}"}}"#),
            format!(r#"lead_snoozed by {mats} on {id} {{"until":"{until}"}}"#),
            format!(r#"attempt_logged by {rosa} on {id} {{"attempt":"{attempt}","channel":"call"}}"#),
            format!(r#"attempt_reported by {rosa} on {id} {{"attempt":"{attempt}","outcome":"no_answer"}}"#),
            format!(r#"lead_status_changed by {rosa} on {id} {{"from":"new","to":"no_answer"}}"#),
            format!(r#"lead_edited by {mats} on {id} {{"fields":["full_name"]}}"#),
        ]
    );
    assert!(note.starts_with(&format!("note_added by {ravi} on {id}")), "{note}");
    assert_eq!(trail(&app, app.world.globex).await, Vec::<String>::new(), "another organization's trail is its own");
    let found = verify(&app, None).await;
    assert_eq!((found.upto.number, found.broken), (9, None));
}

#[tokio::test]
async fn where_from_is_sealed_and_the_request_is_named() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "Kari", monday()).await;
    let ravi = app.ravi().with_header("user-agent", "Unmistakable/1.0").with_header("x-request-id", "request-7");
    ravi.post(&format!("/api/leads/{id}/claim"), json!({})).await.ok();
    let mut superuser = superuser(&app).await;
    let row = sqlx::query(
        "select request_id, origin, row_to_json(e)::text || encode(origin, 'escape') as line
         from audit_entries e join audit_origins o on o.id = e.origin_id where action = 'lead_claimed'",
    )
    .fetch_one(&mut superuser)
    .await
    .expect("an entry with an origin");
    assert_eq!(row.get::<String, _>("request_id"), "request-7");
    let line: String = row.get("line");
    assert!(!line.contains("Unmistakable") && !line.contains("127.0.0.1"), "{line}");

    // Erased, the chain still holds; exchanged, it does not.
    sqlx::query("update audit_origins set origin = (select origin from audit_origins order by id desc limit 1)")
        .execute(&mut superuser)
        .await
        .expect("updates");
    assert_eq!(verify(&app, None).await.broken, None, "there is one only");
    sqlx::query("update audit_origins set origin = set_byte(origin, 40, 255 - get_byte(origin, 40))")
        .execute(&mut superuser)
        .await
        .expect("updates");
    assert_eq!(verify(&app, None).await.broken, Some(Break::OriginChanged(2)));
    sqlx::query("delete from audit_origins").execute(&mut superuser).await.expect("deletes");
    assert_eq!(verify(&app, None).await.broken, None);
}

#[tokio::test]
async fn many_at_once_make_one_chain_without_gaps() {
    let app = TestApp::new().await;
    let acme = app.world.acme;
    let writes = (0..60_u32).map(|number| {
        let app = &app;
        async move {
            let write = app.app.db.write(acme, Actor::System, async |tx| {
                for _ in 0..=number % 3 {
                    audit::record(tx, Action::LeadsSearched);
                }
                // With and without events beside them.
                if number % 2 == 0 {
                    let lead = LeadId::new(tx.now());
                    nextmove::outbox::record(tx, nextmove::outbox::Event::LeadChanged { lead });
                }
                if number % 5 == 0 { Err(Error::NotFound) } else { Ok(()) }
            });
            write.await.is_ok()
        }
    });
    let done = futures::future::join_all(writes).await;
    assert_eq!(done.iter().filter(|done| **done).count(), 48);
    let found = verify(&app, None).await;
    let expected: u32 = (0..60).filter(|number| number % 5 != 0).map(|number| number % 3 + 1).sum();
    assert_eq!((found.upto.number, found.broken), (i64::from(expected), None));
    let head = app.app.db.read(acme, Actor::System, async |tx| audit::head(tx).await).await.expect("a head");
    assert_eq!(head, found.upto);
}

/// The hash that whoever holds the database would give an entry of theirs.
async fn forged(superuser: &mut PgConnection, acme: OrganizationId, number: i64) -> Vec<u8> {
    let row = sqlx::query("select *, details::text as words from audit_entries where number = $1")
        .bind(number)
        .fetch_one(superuser)
        .await
        .expect("an entry");
    let content = Content {
        organization: acme,
        at: row.get("at"),
        actor_kind: row.get("actor_kind"),
        actor_id: row.get("actor_id"),
        action: row.get("action"),
        subject_kind: row.get("subject_kind"),
        subject_id: row.get("subject_id"),
        details: row.get("words"),
        request_id: row.get("request_id"),
        origin_hash: row.get("origin_hash"),
    };
    link(row.get("previous"), number, &content.digest()).to_vec()
}

#[tokio::test]
async fn whoever_writes_past_the_server_is_found() {
    let app = TestApp::new().await;
    let acme = app.world.acme;
    history(&app).await;
    let whole = verify(&app, None).await;
    assert_eq!((whole.upto.number, whole.broken), (5, None));
    let noted = Some(whole.upto);
    let mut superuser = superuser(&app).await;
    let run = async |superuser: &mut PgConnection, statements: &[&'static str]| {
        for statement in statements {
            sqlx::query(*statement).execute(&mut *superuser).await.expect(statement);
        }
    };
    run(&mut superuser, &["create table kept as table audit_entries", "create table kept_heads as table event_heads"])
        .await;

    let shift_up = [
        "update audit_entries set number = -number where number >= 3",
        "update audit_entries set number = 1 - number where number < 0",
    ];
    let shift_down = [
        "update audit_entries set number = -number where number > 3",
        "update audit_entries set number = -1 - number where number < 0",
    ];
    let copy = "insert into audit_entries select organization_id, 3, at, actor_kind, actor_id, action, subject_kind, subject_id, details, request_id,
                origin_id, origin_hash, (select hash from kept where number = 2), hash from kept where number = 2";
    // What is done, which entries are then hashed anew, what is found, and what is found by a place that was noted elsewhere.
    let ways: Vec<(&str, Vec<&'static str>, Vec<i64>, Break)> = vec![
        ("changed", vec!["update audit_entries set actor_id = null where number = 3"], vec![], Break::Changed(3)),
        (
            "details reformatted",
            vec![r#"update audit_entries set details = '{ "source": "manual" }' where number = 1"#],
            vec![],
            Break::Changed(1),
        ),
        (
            "changed and hashed anew",
            vec!["update audit_entries set action = 'lead_woken' where number = 3"],
            vec![3],
            Break::Replaced(3),
        ),
        (
            "the last changed and hashed anew",
            vec!["update audit_entries set action = 'lead_woken' where number = 5"],
            vec![5],
            Break::Replaced(5),
        ),
        ("removed", vec!["delete from audit_entries where number = 3"], vec![], Break::Removed(3, 3)),
        ("the first ones removed", vec!["delete from audit_entries where number < 3"], vec![], Break::Removed(1, 2)),
        (
            "removed, the rest moved up",
            vec![
                "delete from audit_entries where number = 3",
                shift_down[0],
                shift_down[1],
                "update event_heads set audit_number = 4",
            ],
            vec![],
            Break::Removed(3, 3),
        ),
        (
            "inserted",
            vec![shift_up[0], shift_up[1], copy, "update event_heads set audit_number = 6"],
            vec![],
            Break::Inserted(3, 3),
        ),
        (
            "inserted with a hash that fits",
            vec![shift_up[0], shift_up[1], copy, "update event_heads set audit_number = 6"],
            vec![3],
            Break::Inserted(3, 3),
        ),
        (
            "reordered",
            vec![
                "update audit_entries set number = -number where number in (3, 4)",
                "update audit_entries set number = 7 + number where number < 0",
            ],
            vec![],
            Break::Reordered(3),
        ),
        ("cut off", vec!["delete from audit_entries where number > 3"], vec![], Break::CutOff(3, 5)),
        ("all gone", vec!["delete from audit_entries"], vec![], Break::CutOff(0, 5)),
        ("the head is gone", vec!["delete from event_heads"], vec![], Break::Beyond(1)),
        (
            "added behind",
            vec![
                "insert into audit_entries select organization_id, 6, at, actor_kind, actor_id, action, subject_kind, subject_id, details, request_id, origin_id, origin_hash, hash, hash from kept where number = 5",
            ],
            vec![6],
            Break::Beyond(6),
        ),
    ];
    for (way, statements, anew, expected) in ways {
        run(&mut superuser, &statements).await;
        for number in anew {
            let hash = forged(&mut superuser, acme, number).await;
            sqlx::query("update audit_entries set hash = $1 where number = $2")
                .bind(hash)
                .bind(number)
                .execute(&mut superuser)
                .await
                .expect(way);
        }
        assert_eq!(verify(&app, None).await.broken, Some(expected), "{way}");
        run(
            &mut superuser,
            &[
                "delete from audit_entries",
                "insert into audit_entries select * from kept",
                "delete from event_heads",
                "insert into event_heads select * from kept_heads",
            ],
        )
        .await;
        assert_eq!(verify(&app, noted).await, whole, "{way} was mended");
    }

    // Whoever cuts the end off and sets the head back, too, leaves a chain that is whole: only a head that was kept elsewhere knows.
    run(
        &mut superuser,
        &[
            "delete from audit_entries where number > 3",
            "update event_heads set audit_number = 3, audit_hash = (select hash from kept where number = 3)",
        ],
    )
    .await;
    assert_eq!(verify(&app, None).await.broken, None);
    assert_eq!(verify(&app, noted).await.broken, Some(Break::CutOff(3, 5)));
    let third = verify(&app, None).await.upto;
    let other = Position { hash: [7; 32], ..third };
    assert_eq!(verify(&app, Some(other)).await.broken, Some(Break::NotAsNoted(3)));
    let read: Position = third.to_string().parse().expect("reads what it writes");
    assert_eq!(read, third);
}

#[tokio::test]
async fn the_server_may_add_and_read_and_no_more() {
    let app = TestApp::new().await;
    history(&app).await;
    for statement in [
        "update audit_entries set action = 'x'",
        "delete from audit_entries",
        "truncate audit_entries",
        "delete from audit_origins",
        "update audit_origins set id = id",
        "update audit_checks set number = 0",
        "delete from audit_checks",
        "alter table audit_entries disable row level security",
        "drop function audit_links(bytea, bigint, bytea[])",
        "create or replace function audit_links(bytea, bigint, bytea[]) returns bytea[] language sql as 'select null::bytea[]'",
    ] {
        let mut served = PgConnection::connect(&app.app_url()).await.expect("a connection");
        let told = sqlx::query(statement).execute(&mut served).await.expect_err(statement).to_string();
        assert!(told.contains("permission denied") || told.contains("must be owner"), "{statement}: {told}");
    }
}

#[tokio::test]
async fn opening_and_searching_leave_a_line_every_ten_minutes() {
    let app = TestApp::new().await;
    let acme = app.world.acme;
    let id = lead(&app, acme, "Kari Nordmann", monday()).await;
    let (ravi, rosa) = (app.world.ravi, app.world.rosa);
    for _ in 0..3 {
        app.ravi().get(&format!("/api/leads/{id}")).await.ok();
        app.ravi().get(&format!("/api/leads/{id}/timeline")).await.ok();
        app.ravi().put(&format!("/api/leads/{id}/opened"), json!({})).await.ok();
        app.ravi().get("/api/leads?q=kari").await.ok();
        app.ravi().get("/api/leads?q=somebody%20else").await.ok();
        app.ravi().get("/api/leads").await.ok();
    }
    app.rosa().put(&format!("/api/leads/{id}/opened"), json!({})).await.ok();
    let hidden = app.gita().get(&format!("/api/leads/{id}")).await;
    assert_eq!(hidden.status, 404);
    let seen = [
        format!(r#"lead_captured by system on {id} {{"source":"manual"}}"#),
        format!("lead_viewed by {ravi} on {id}"),
        format!("leads_searched by {ravi}"),
        format!("lead_viewed by {rosa} on {id}"),
    ];
    assert_eq!(trail(&app, acme).await, seen, "nobody's words, and no view twice");
    assert_eq!(trail(&app, app.world.globex).await, Vec::<String>::new(), "what was hidden was not seen");
    app.advance(audit::SEEN_FOR);
    app.ravi().get(&format!("/api/leads/{id}")).await.ok();
    assert_eq!(trail(&app, acme).await.last(), Some(&seen[1]));
    assert_eq!(verify(&app, None).await.broken, None);
    assert_eq!(trail(&app, HOUSE).await, Vec::<String>::new());
}
