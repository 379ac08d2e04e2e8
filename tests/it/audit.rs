//! The audit trail: what stands in it, and that nobody can change it unseen (LP-008, LP-051, LP-064, OI-047, OI-107, OI-116, DK-062).

use chrono::TimeDelta;
use futures::{StreamExt, stream::FuturesUnordered};
use nextmove::{
    audit::{self, Action, Break, Found, Position},
    db::Actor,
    error::Error,
    outbox::trail::{Content, link},
    types::ids::{HOUSE, LeadId, OrganizationId},
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};

use crate::{
    identity::{PASSWORD, add_petra, login},
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
            format!(r#"lead_captured by system on {id} {{"source":"phone"}}"#),
            format!("lead_claimed by {ravi} on {id}"),
            note.clone(),
            format!(r#"lead_assigned by {mats} on {id} {{"from":"{ravi}","to":"{rosa}"}}"#),
            format!(r#"lead_snoozed by {mats} on {id} {{"until":"{until}"}}"#),
            format!(r#"attempt_logged by {rosa} on {id} {{"attempt":"{attempt}","channel":"call"}}"#),
            format!(
                r#"attempt_reported by {rosa} on {id} {{"attempt":"{attempt}","channel":"call","outcome":"no_answer"}}"#
            ),
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
            vec![r#"update audit_entries set details = '{ "source": "phone" }' where number = 1"#],
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
        format!(r#"lead_captured by system on {id} {{"source":"phone"}}"#),
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

async fn id_of(app: &TestApp, email: &'static str) -> String {
    let found = app.app.db.directory(async |directory| nextmove::identity::find_user(directory, email).await);
    found.await.expect("looks").expect("is there").to_string()
}

#[tokio::test]
async fn coming_and_going_is_told_to_whom_it_concerns() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let petra = id_of(&app, "petra@example.com").await;
    app.anonymous().post("/api/session", login("petra@example.com", "wrong")).await.refused(401, "credentials");
    app.anonymous().post("/api/session", login("stranger@example.com", "wrong")).await.refused(401, "credentials");
    let first = app.anonymous().post("/api/session", login("petra@example.com", PASSWORD)).await.cookie();
    let to_globex = json!({ "organization_id": app.world.globex });
    let second = app.holding(&first).post("/api/session/organization", to_globex.clone()).await.cookie();
    app.holding(&second).delete("/api/session").await;
    assert_eq!(app.ravi().post("/api/session/organization", to_globex).await.status, 404, "and tells nobody");

    let failed = format!("sign_in_failed by anonymous on {petra}");
    let by = |action: &str| format!("{action} by {petra} on {petra}");
    assert_eq!(trail(&app, app.world.acme).await, [failed.clone(), by("signed_in"), by("organization_left")]);
    assert_eq!(trail(&app, app.world.globex).await, [failed, by("organization_entered"), by("signed_out")]);
    assert_eq!(trail(&app, HOUSE).await, ["sign_in_unknown by anonymous"], "not which address");
    for chain in [app.world.acme, app.world.globex, HOUSE] {
        let found = audit::verify(&app.app.db, chain, None).await.expect("walks");
        assert!(found.broken.is_none() && found.upto.number > 0, "{chain}: {found:?}");
    }
    let origins: i64 = sqlx::query_scalar("select count(*) from audit_entries e join audit_origins o on (o.organization_id, o.id) = (e.organization_id, e.origin_id)")
        .fetch_one(&mut superuser(&app).await)
        .await
        .expect("counts");
    assert_eq!(origins, 7, "each from somewhere");
}

#[tokio::test]
async fn the_demos_logins_are_told_too() {
    let app = TestApp::demo().await;
    let ravi = app.world.ravi;
    let cookie = app.anonymous().post("/api/demo/session", json!({ "email": "ravi@example.com" })).await.cookie();
    app.holding(&cookie).delete("/api/session").await;
    app.anonymous().post("/api/demo/session", json!({ "email": "olav@example.com" })).await.ok();
    assert_eq!(
        trail(&app, app.world.acme).await,
        [format!("signed_in by {ravi} on {ravi}"), format!("signed_out by {ravi} on {ravi}")]
    );
    let olav = app.world.olav;
    assert_eq!(trail(&app, HOUSE).await, [format!("signed_in by {olav} on {olav}")]);
}

#[tokio::test]
async fn what_the_agency_does_stands_in_the_trail_of_the_house() {
    let app = TestApp::new().await;
    app.sandbox.post_raw(b"not json at all").await.expect("an answer");
    let waiting = app.olav().get("/api/operator/webhooks").await.ok();
    app.olav().get("/api/operator/webhooks").await.ok();
    app.olav().get("/api/operator/jobs").await.ok();
    let id = waiting["items"][0]["id"].as_str().expect("an id").to_owned();
    app.olav().post(&format!("/api/operator/webhooks/{id}/replay"), json!({})).await.refused(409, "still_nobodys");
    assert_eq!(app.olav().post("/api/operator/jobs/7/replay", json!({})).await.status, 404);
    let olav = app.world.olav;
    assert_eq!(
        trail(&app, HOUSE).await,
        [
            format!("quarantine_viewed by {olav}"),
            format!("graveyard_viewed by {olav}"),
            format!("delivery_replayed by {olav} on {id}"),
        ]
    );
}

#[tokio::test]
async fn a_look_that_could_not_be_told_is_refused_and_told_the_next_time() {
    let app = TestApp::new().await;
    let mut connection = superuser(&app).await;
    for statement in [
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$",
        "create trigger refuse before insert on audit_entries for each row execute function refuse()",
    ] {
        sqlx::query(statement).execute(&mut connection).await.expect("nothing can be written");
    }
    let looks = ["/api/operator/jobs", "/api/operator/webhooks"];
    for path in looks {
        assert_eq!(app.olav().get(path).await.status, 500, "{path} is shown, and nobody can tell who saw it");
    }
    assert_eq!(app.asha().get("/api/audit").await.status, 500);
    sqlx::query("drop trigger refuse on audit_entries").execute(&mut connection).await.expect("dropped");
    for path in looks {
        app.olav().get(path).await.ok();
    }
    app.asha().get("/api/audit").await.ok();
    let (olav, asha) = (app.world.olav, app.world.asha);
    let seen = [format!("graveyard_viewed by {olav}"), format!("quarantine_viewed by {olav}")];
    assert_eq!(trail(&app, HOUSE).await, seen);
    assert_eq!(trail(&app, app.world.acme).await, [format!("audit_viewed by {asha}")]);
}

#[tokio::test]
async fn each_file_that_is_taken_away_is_told() {
    let app = TestApp::new().await;
    // As if it were the same write, repeated.
    for _ in 0..2 {
        let taken = app.asha().with_header("idempotency-key", "one").get_bytes("/api/audit/export").await.0;
        assert_eq!(taken.status, 200);
    }
    let exported = format!("audit_exported by {}", app.world.asha);
    let told = trail(&app, app.world.acme).await;
    assert_eq!(told.iter().filter(|line| line.starts_with(&exported)).count(), 2, "{told:?}");
}

#[tokio::test]
async fn an_organizations_files_leave_one_at_a_time() {
    let app = TestApp::new().await;
    history(&app).await;
    let mut connection = superuser(&app).await;
    let held = sqlx::raw_sql("begin; lock table audit_entries in access exclusive mode");
    held.execute(&mut connection).await.expect("whoever reads the trail waits");
    let mut both: FuturesUnordered<_> = (0..2).map(|_| async { app.asha().get("/api/audit/export").await }).collect();
    both.next().await.expect("one of them does not wait").refused(429, "one_at_a_time");
    sqlx::raw_sql("commit").execute(&mut connection).await.expect("free");
    assert_eq!(both.next().await.expect("the other one").status, 200);
    assert_eq!(app.asha().get("/api/audit/export?limit=10").await.status, 422, "a file has all that fits");
    assert_eq!(app.asha().get("/api/audit/export").await.status, 200, "one after the other as many as they like");
}

fn numbers(page: &Value) -> Vec<i64> {
    page["items"].as_array().expect("items").iter().filter_map(|item| item["number"].as_i64()).collect()
}

#[tokio::test]
async fn an_owner_reads_filters_and_pages() {
    let app = TestApp::new().await;
    let (ravi, rosa, mats) = (app.world.ravi, app.world.rosa, app.world.mats);
    let id = history(&app).await;
    app.advance(TimeDelta::hours(20));
    app.rosa().with_header("user-agent", "Phone/1").put(&format!("/api/leads/{id}/opened"), json!({})).await.ok();
    let other = lead(&app, app.world.acme, "Ola", monday()).await;

    let all = app.asha().get("/api/audit").await.ok();
    assert_eq!(numbers(&all), [7, 6, 5, 4, 3, 2, 1], "newest first, and this look is not yet there");
    assert_eq!(all["next_cursor"], Value::Null);
    let opened = &all["items"][1];
    assert_eq!(
        (&opened["action"], &opened["group"], &opened["actor"], &opened["actor_id"], &opened["subject"]),
        (&json!("lead_viewed"), &json!("views"), &json!("user"), &json!(rosa), &json!("lead"))
    );
    assert_eq!((&opened["subject_id"], &opened["subject_name"]), (&json!(id), &json!("Kari Nordmann")));
    assert_eq!((&opened["agent"], &opened["address"]), (&json!("Phone/1"), &json!("127.0.0.1")));
    assert_eq!(opened["request_id"].as_str().map(str::len), Some(16));
    assert_eq!((&all["items"][6]["actor"], &all["items"][6]["address"]), (&json!("system"), &Value::Null));

    let find = async |query: &str| numbers(&app.asha().get(&format!("/api/audit?{query}")).await.ok());
    assert_eq!(find(&format!("person={ravi}")).await, [3, 2]);
    assert_eq!(find(&format!("person={mats}&group=leads")).await, [5, 4]);
    assert_eq!(find("group=views").await, [8, 6], "the owner's own look is told once");
    assert_eq!(find(&format!("lead={other}")).await, [7]);
    assert_eq!(find("from=2026-03-03T00:00:00Z").await, [8, 7, 6]);
    assert_eq!(find("to=2026-03-03T00:00:00Z&limit=2").await, [5, 4]);
    let mut seen = Vec::new();
    let mut path = "/api/audit?limit=3".to_owned();
    loop {
        let page = app.asha().get(&path).await.ok();
        seen.extend(numbers(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        lead(&app, app.world.acme, "Newcomer", monday()).await;
        path = format!("/api/audit?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, [8, 7, 6, 5, 4, 3, 2, 1], "pages stay put while entries come in");
    for (query, reason) in
        [("limit=0", "out_of_range"), ("cursor=x", "cursor_invalid"), ("group=odd", "shape"), ("colour=red", "shape")]
    {
        app.asha().get(&format!("/api/audit?{query}")).await.refused(422, reason);
    }
    assert_eq!(numbers(&app.gita().get("/api/audit").await.ok()), Vec::<i64>::new(), "hers is another one");
    for caller in [app.mats(), app.ravi(), app.olav()] {
        assert_eq!(caller.get("/api/audit").await.status, 403);
    }
}

#[tokio::test]
async fn the_chain_is_walked_daily_and_says_how_it_is() {
    let app = TestApp::new().await;
    history(&app).await;
    let chain = async || app.asha().get("/api/audit/chain").await.ok();
    assert_eq!(chain().await["checked_at"], Value::Null);
    let check = async || {
        let sent = app.app.db.directory(async |directory| {
            nextmove::jobs::enqueue_for::<nextmove::app::App, _>(directory, None, &audit::CheckTrails {}).await
        });
        sent.await.expect("enqueued");
        app.run_jobs().await
    };
    app.run_jobs().await;
    assert_eq!(check().await, 4, "for both organizations and the house");
    let whole = chain().await;
    assert_eq!((&whole["number"], &whole["checked_number"], &whole["broken"]), (&json!(5), &json!(5), &json!(false)));
    assert_eq!(whole["checked_at"], "2026-03-02T09:00:00Z");
    let head = app.app.db.read(app.world.acme, Actor::System, async |tx| audit::head(tx).await).await.expect("a head");
    assert_eq!(whole["hash"], hex::encode(head.hash));
    sqlx::query("update audit_entries set action = 'lead_woken' where number = 4")
        .execute(&mut superuser(&app).await)
        .await
        .expect("updates");
    app.advance(TimeDelta::hours(20));
    check().await;
    let broken = chain().await;
    assert_eq!((&broken["number"], &broken["checked_number"], &broken["broken"]), (&json!(5), &json!(3), &json!(true)));
}

#[tokio::test]
async fn rotated_keys_seal_origins_anew_and_the_chain_holds() {
    let app = TestApp::new().await;
    let acme = app.world.acme;
    history(&app).await;
    let rotated = app.app.db.directory(async |directory| {
        nextmove::db::rotate_keys(directory, Some(acme)).await?;
        audit::record_in(directory, acme, Actor::CommandLine, Action::KeysRotated);
        let reseal = audit::ResealOrigins { after: None };
        nextmove::jobs::enqueue_for::<nextmove::app::App, _>(directory, Some(acme), &reseal).await
    });
    rotated.await.expect("rotated");
    // As the rotation does: not before every process knows the new key.
    app.advance(TimeDelta::minutes(5));
    app.app.db.forget_keys();
    let mut superuser = superuser(&app).await;
    let keys = "select distinct encode(substring(origin from 2 for 4), 'hex') from audit_origins";
    let before: Vec<String> = sqlx::query_scalar(keys).fetch_all(&mut superuser).await.expect("keys");
    app.run_jobs().await;
    let after: Vec<String> = sqlx::query_scalar(keys).fetch_all(&mut superuser).await.expect("keys");
    assert!(before.len() == 1 && after.len() == 1 && before != after, "{before:?} {after:?}");
    let found = verify(&app, None).await;
    assert_eq!((found.upto.number, found.broken), (6, None));
    assert_eq!(app.asha().get("/api/audit").await.ok()["items"][1]["address"], "127.0.0.1");
}

#[tokio::test]
async fn what_is_taken_away_is_told_and_harms_nobody() {
    let app = TestApp::new().await;
    let id = lead(&app, app.world.acme, "=HYPERLINK(\"http://evil.example\")", monday()).await;
    app.ravi().post(&format!("/api/leads/{id}/claim"), json!({})).await.ok();
    let file = app.asha().get(&format!("/api/audit/export?lead={id}")).await;
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let mut reader = csv::Reader::from_reader(file.text.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("reads");
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0]["action"].as_str(), rows[0]["actor_name"].as_str()), ("lead_claimed", "Ravi"));
    assert_eq!(rows[0]["subject_name"], "'=HYPERLINK(\"http://evil.example\")", "no formula");
    let last = trail(&app, app.world.acme).await.pop();
    assert_eq!(last, Some(format!(r#"audit_exported by {} {{"entries":2}}"#, app.world.asha)));
}
