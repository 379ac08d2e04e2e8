//! Who may call what: every operation of the API's document, as everybody. An operation that is not in the table is red.

use std::collections::BTreeSet;

use nextmove::web::router;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::TestApp;

/// The statuses that an operation answers: to nobody in particular, acme's owner, manager and agent, another organization's owner, the
/// agency's admin.
struct Line {
    operation: &'static str,
    /// What is sent; `{id}` and the like in the path become an id that exists nowhere unless a line says more.
    body: fn(&TestApp) -> Value,
    expected: [u16; 6],
}

fn line(operation: &'static str, body: fn(&TestApp) -> Value, expected: [u16; 6]) -> Line {
    Line { operation, body, expected }
}

fn nothing(_: &TestApp) -> Value {
    Value::Null
}

/// Somebody, whoever it is.
const SIGNED_IN: [u16; 6] = [401, 200, 200, 200, 200, 200];

fn ceremony(_: &TestApp) -> Value {
    json!({ "ceremony": "00000000-0000-7000-8000-000000000000", "credential": {} })
}

fn named_ceremony(app: &TestApp) -> Value {
    let mut body = ceremony(app);
    body["name"] = json!("Key");
    body
}

fn rules(_: &TestApp) -> Value {
    json!({ "second_factor": "nobody", "allowed_networks": [] })
}

fn shift(_: &TestApp) -> Value {
    json!({ "schedule": null, "away": [], "takes_leads": true, "weight": 1, "capacity": null })
}

fn sequence(_: &TestApp) -> Value {
    let step = json!({ "kind": "task", "after_minutes": 0, "subject": null, "text": "x" });
    json!({ "name": "x", "is_active": false, "trigger": "by_hand", "filter": { "forms": [], "campaigns": [] }, "steps": [step] })
}

/// Of a lead that is not there, or not theirs: the two are not told apart.
const HIDDEN: [u16; 6] = [401, 404, 404, 404, 404, 403];

/// Of something that is not there, and that owners alone may ask for.
const OWNERS: [u16; 6] = [401, 404, 403, 403, 404, 403];

fn table() -> Vec<Line> {
    vec![
        // operation                                    anonymous, owner, manager, agent, other owner, operator admin
        line("post /api/session", |_| json!({ "email": "nobody@example.com", "password": "x" }), [401; 6]),
        line("get /api/session", nothing, [401, 200, 200, 200, 200, 200]),
        line("patch /api/me", |_| json!({ "locale": "en" }), [401, 200, 200, 200, 200, 200]),
        line("get /api/messages/settings", nothing, [401, 200, 403, 403, 200, 403]),
        line(
            "put /api/messages/settings",
            |_| json!({ "sms_sender": null, "reply_to": null }),
            [401, 428, 403, 403, 428, 403],
        ),
        line("post /api/messages/test", |_| json!({ "channel": "sms" }), [401, 409, 409, 409, 409, 403]),
        line("get /api/messages/{id}", nothing, HIDDEN),
        line("get /api/suppressions", nothing, [401, 200, 403, 403, 200, 403]),
        line(
            "post /api/suppressions",
            |_| json!({ "channel": "email", "address": "x@example.com" }),
            [401, 201, 403, 403, 201, 403],
        ),
        line("delete /api/suppressions/{id}", nothing, OWNERS),
        line("get /api/sequences", nothing, [401, 200, 200, 200, 200, 403]),
        line("post /api/sequences", sequence, [401, 201, 403, 403, 201, 403]),
        line("put /api/sequences/{id}", sequence, [401, 428, 403, 403, 428, 403]),
        line("delete /api/sequences/{id}", nothing, OWNERS),
        line(
            "post /api/sequences/preview",
            |app| json!({ "sequence": sequence(app), "lead_id": "00000000-0000-7000-8000-000000000000" }),
            [401, 404, 403, 403, 404, 403],
        ),
        line("get /api/leads/{id}/sequence", nothing, HIDDEN),
        line(
            "post /api/leads/{id}/sequence",
            |_| json!({ "sequence_id": "00000000-0000-7000-8000-000000000000" }),
            HIDDEN,
        ),
        line("delete /api/leads/{id}/sequence", nothing, HIDDEN),
        line("get /api/team", nothing, [401, 200, 200, 200, 200, 403]),
        line("patch /api/team/{id}", |_| json!({ "role": "agent" }), [401, 404, 403, 403, 404, 403]),
        line("delete /api/team/{id}", nothing, [401, 404, 404, 403, 404, 403]),
        line("get /api/invitations", nothing, [401, 200, 200, 403, 200, 403]),
        line(
            "post /api/invitations",
            |_| json!({ "name": "New", "email": "new@example.com", "role": "manager" }),
            [401, 201, 403, 403, 201, 403],
        ),
        line("delete /api/invitations/{id}", nothing, [401, 404, 404, 403, 404, 403]),
        line("post /api/invitations/{id}/letter", nothing, [401, 404, 404, 403, 404, 403]),
        line("post /api/invitations/{id}/code", nothing, [401, 404, 404, 403, 404, 403]),
        line("post /api/join/offer", |_| json!({ "email": "new@example.com", "code": "ABCD-2345" }), [422; 6]),
        line(
            "post /api/join",
            |_| json!({ "email": "new@example.com", "code": "ABCD-2345", "name": "New", "password": "x", "locale": "en" }),
            [422; 6],
        ),
        line(
            "post /api/join/confirmation",
            |_| json!({ "email": "new@example.com", "code": "ABCD-2345" }),
            [401, 422, 422, 422, 422, 422],
        ),
        line("post /api/password-resets", |_| json!({ "email": "nobody@example.com" }), [409; 6]),
        line(
            "post /api/password-resets/finish",
            |_| json!({ "email": "nobody@example.com", "code": "ABCD-2345", "password": "x" }),
            [422; 6],
        ),
        line("post /api/password-strength", |_| json!({ "password": "x" }), [200; 6]),
        line(
            "put /api/me/password",
            |_| json!({ "current": "x", "password": "furu støvel lampe torsk" }),
            [401, 422, 422, 422, 422, 422],
        ),
        line("put /api/me/picture", |_| json!("no picture"), [401, 422, 422, 422, 422, 422]),
        line("delete /api/me/picture", nothing, [401, 200, 200, 200, 200, 200]),
        line("get /api/people/{id}/picture/{version}", nothing, [401, 404, 404, 404, 404, 404]),
        line(
            "post /api/session/organization",
            |app| json!({ "organization_id": app.world.acme }),
            [401, 200, 200, 200, 404, 404],
        ),
        line("delete /api/session", nothing, [401, 204, 204, 204, 204, 204]),
        // Of half a session, which nobody here has.
        line("get /api/session/step", nothing, [401; 6]),
        line("delete /api/session/step", nothing, [401; 6]),
        line("post /api/session/step/code", |_| json!({ "code": "123456" }), [401; 6]),
        line("post /api/session/step/passkey/challenge", nothing, [401; 6]),
        line("post /api/session/step/passkey", ceremony, [401; 6]),
        // On an IP address there are no passkeys: 409.
        line("post /api/session/passkey/challenge", nothing, [409; 6]),
        line("post /api/session/passkey", ceremony, [409; 6]),
        line("get /api/session/proof", nothing, SIGNED_IN),
        line("post /api/session/proof", |_| json!({ "code": "123456" }), [401, 422, 422, 422, 422, 422]),
        line("post /api/session/proof/passkey/challenge", nothing, [401, 409, 409, 409, 409, 409]),
        line("post /api/session/proof/passkey", ceremony, [401, 409, 409, 409, 409, 409]),
        line("get /api/me/sessions", nothing, SIGNED_IN),
        line("delete /api/me/sessions", nothing, SIGNED_IN),
        line("delete /api/me/sessions/{id}", nothing, [401, 404, 404, 404, 404, 404]),
        line("get /api/me/factors", nothing, SIGNED_IN),
        line("delete /api/me/factors/reset", nothing, [401, 204, 204, 204, 204, 204]),
        line("post /api/me/factors/totp", nothing, SIGNED_IN),
        line("put /api/me/factors/totp", |_| json!({ "code": "123456" }), [401, 422, 422, 422, 422, 422]),
        line("delete /api/me/factors/totp", nothing, [401, 404, 404, 404, 404, 404]),
        line("post /api/me/factors/passkeys/challenge", nothing, [401, 409, 409, 409, 409, 409]),
        line("post /api/me/factors/passkeys", named_ceremony, [401, 409, 409, 409, 409, 409]),
        line("put /api/me/factors/passkeys/{id}", |_| json!({ "name": "x" }), [401, 404, 404, 404, 404, 404]),
        line("delete /api/me/factors/passkeys/{id}", nothing, [401, 404, 404, 404, 404, 404]),
        line("post /api/me/factors/recovery-codes", nothing, [401, 409, 409, 409, 409, 409]),
        line("get /api/access", nothing, [401, 200, 403, 403, 200, 403]),
        line("put /api/access", rules, [401, 428, 403, 403, 428, 403]),
        line("get /api/access/people", nothing, [401, 200, 403, 403, 200, 403]),
        line("delete /api/team/{id}/factors", nothing, [401, 404, 403, 403, 404, 403]),
        line("delete /api/team/{id}/sessions", nothing, [401, 404, 403, 403, 404, 403]),
        line("get /api/demo", nothing, [404; 6]),
        line("post /api/demo/session", |_| json!({ "email": "ravi@example.com" }), [404; 6]),
        line("get /api/leads", nothing, [401, 200, 200, 200, 200, 403]),
        line("post /api/leads", |_| json!({ "source": "phone" }), [401, 422, 422, 422, 422, 403]),
        line("post /api/leads/matches", |_| json!({}), [401, 200, 200, 200, 200, 403]),
        line("get /api/leads/counts", nothing, [401, 200, 200, 200, 200, 403]),
        line("get /api/leads/{id}", nothing, HIDDEN),
        line("patch /api/leads/{id}", |_| json!({ "service": "roof" }), HIDDEN),
        line("put /api/leads/{id}/opened", nothing, HIDDEN),
        line("post /api/leads/{id}/claim", nothing, HIDDEN),
        line("delete /api/leads/{id}/claim", nothing, HIDDEN),
        line("put /api/leads/{id}/assignment", |_| json!({ "user_id": null }), [401, 404, 404, 403, 404, 403]),
        line("put /api/leads/{id}/snooze", |_| json!({ "until": "2026-12-01T09:00:00Z" }), HIDDEN),
        line("delete /api/leads/{id}/snooze", nothing, HIDDEN),
        line("post /api/leads/{id}/notes", |_| json!({ "text": "x" }), HIDDEN),
        line("post /api/leads/{id}/attempts", |_| json!({ "channel": "call" }), HIDDEN),
        line("post /api/leads/{id}/attempts/{attempt_id}/outcome", |_| json!({ "outcome": "reached" }), HIDDEN),
        line("get /api/leads/{id}/timeline", nothing, HIDDEN),
        line("get /api/campaigns", nothing, [401, 200, 200, 200, 200, 403]),
        line("get /api/connections/trouble", nothing, [401, 200, 200, 200, 200, 403]),
        line("get /api/connections/meta/counts", nothing, [401, 200, 200, 403, 200, 403]),
        line("get /api/forms", nothing, [401, 200, 200, 200, 200, 403]),
        line("get /api/audit", nothing, [401, 200, 403, 403, 200, 403]),
        line("get /api/audit/chain", nothing, [401, 200, 403, 403, 200, 403]),
        line("get /api/audit/export", nothing, [401, 200, 403, 403, 200, 403]),
        // what the owner alone sets up
        line("get /api/sla", nothing, [401, 200, 403, 403, 200, 403]),
        line("put /api/sla", |_| json!({ "minutes": 0, "schedule": null }), [401, 422, 403, 403, 422, 403]),
        line("get /api/rota", nothing, [401, 200, 200, 200, 200, 403]),
        line("get /api/rota/week", nothing, [401, 200, 200, 403, 200, 403]),
        line("get /api/me/shift", nothing, [401, 200, 200, 200, 200, 403]),
        line("put /api/me/shift", |_| json!({ "schedule": null, "away": [] }), [401, 428, 428, 428, 428, 403]),
        line("post /api/me/pause", |_| json!({ "minutes": 30 }), [401, 200, 200, 200, 200, 403]),
        line("delete /api/me/pause", nothing, [401, 200, 200, 200, 200, 403]),
        line("get /api/team/{id}/shift", nothing, [401, 404, 404, 403, 404, 403]),
        line("put /api/team/{id}/shift", shift, [401, 428, 428, 403, 428, 403]),
        line("post /api/team/{id}/pause", |_| json!({ "minutes": 30 }), [401, 404, 404, 403, 404, 403]),
        line("delete /api/team/{id}/pause", nothing, [401, 404, 404, 403, 404, 403]),
        line("get /api/escalation", nothing, [401, 200, 200, 403, 200, 403]),
        line(
            "put /api/escalation",
            |_| json!({ "steps": [{ "after_minutes": -1, "audience": "owners", "channels": ["push"] }], "names_on_lock_screen": false }),
            [401, 422, 403, 403, 422, 403],
        ),
        line("get /api/notifications", nothing, [401, 200, 200, 200, 200, 403]),
        line("get /api/notifications/unseen", nothing, [401, 200, 200, 200, 200, 403]),
        line(
            "put /api/notifications/seen",
            |_| json!({ "until": "00000000-0000-7000-8000-000000000000" }),
            [401, 204, 204, 204, 204, 403],
        ),
        line("put /api/notifications/{id}/read", nothing, HIDDEN),
        line("get /api/me/alerts", nothing, [401, 200, 200, 200, 200, 403]),
        line(
            "put /api/me/alerts",
            |_| json!({ "ways": { "lead_waiting": [] }, "quiet": null }),
            [401, 422, 422, 422, 422, 403],
        ),
        line("get /api/me/devices", nothing, [401, 200, 200, 200, 200, 403]),
        line(
            "post /api/me/devices",
            |_| json!({ "endpoint": "https://example.com", "keys": { "p256dh": "x", "auth": "x" } }),
            [401, 422, 422, 422, 422, 403],
        ),
        line("delete /api/me/devices/{id}", nothing, HIDDEN),
        line("post /api/me/devices/test", nothing, [401, 202, 202, 202, 202, 403]),
        // A device knows a token only, and is told nothing.
        line("post /api/push/arrived", |_| json!({ "token": "x" }), [204; 6]),
        line("get /api/distribution", nothing, [401, 200, 403, 403, 200, 403]),
        line(
            "put /api/distribution",
            |_| json!({ "way": { "kind": "everybody" }, "rules": [] }),
            [401, 428, 403, 403, 428, 403],
        ),
        line("post /api/distribution/preview", |_| json!({}), [401, 200, 403, 403, 200, 403]),
        line("get /api/leads/{id}/placement", nothing, HIDDEN),
        line("get /api/scoring", nothing, [401, 200, 403, 403, 200, 403]),
        line("put /api/scoring", |_| json!({ "rules": [] }), [401, 428, 403, 403, 428, 403]),
        line("post /api/scoring/preview", |_| json!({ "rules": [] }), [401, 200, 403, 403, 200, 403]),
        line("get /api/connections/meta", nothing, [401, 200, 403, 403, 200, 403]),
        line("put /api/connections/meta/app", |_| json!({ "app_id": "x" }), [401, 422, 403, 403, 422, 403]),
        line("delete /api/connections/meta/app", nothing, OWNERS),
        line("put /api/connections/meta/pages/{page_id}", |_| json!({ "token": "x" }), [401, 422, 403, 403, 422, 403]),
        line("delete /api/connections/meta/pages/{page_id}", nothing, OWNERS),
        line("post /api/connections/meta/pages/{page_id}/tests", nothing, OWNERS),
        line("get /api/forms/mappings", nothing, [401, 200, 403, 403, 200, 403]),
        line("post /api/forms/refresh", nothing, [401, 200, 403, 403, 200, 403]),
        line("get /api/forms/{id}/mapping", nothing, OWNERS),
        line("put /api/forms/{id}/mapping", |_| json!({ "targets": {} }), OWNERS),
        line("post /api/forms/{id}/preview", |_| json!({ "targets": {} }), OWNERS),
        line("post /api/forms/{id}/remap", nothing, OWNERS),
        line("get /api/imports", nothing, [401, 200, 200, 403, 200, 403]),
        line("post /api/imports", |_| json!("no table"), [401, 422, 422, 403, 422, 403]),
        line("get /api/imports/{id}", nothing, [401, 404, 404, 403, 404, 403]),
        line("post /api/imports/{id}/check", |_| json!({}), [401, 404, 404, 403, 404, 403]),
        line("post /api/imports/{id}/start", |_| json!({}), [401, 404, 404, 403, 404, 403]),
        line("post /api/imports/{id}/undo", nothing, [401, 404, 404, 403, 404, 403]),
        line("get /api/imports/{id}/errors", nothing, [401, 404, 404, 403, 404, 403]),
        line("get /api/sources", nothing, [401, 200, 403, 403, 200, 403]),
        line("post /api/sources", |_| json!({ "name": "Shop", "kind": "webhook" }), [401, 201, 403, 403, 201, 403]),
        line("put /api/sources/{id}", |_| json!({ "name": "Shop" }), OWNERS),
        line("delete /api/sources/{id}", nothing, OWNERS),
        line("post /api/sources/{id}/secret", nothing, OWNERS),
        line("get /api/sources/{id}/mapping", nothing, OWNERS),
        line("put /api/sources/{id}/mapping", |_| json!({ "targets": {} }), OWNERS),
        line("post /api/sources/{id}/preview", |_| json!({ "targets": {} }), OWNERS),
        line("get /api/sources/{id}/deliveries", nothing, OWNERS),
        line("post /api/sources/{id}/deliveries/{delivery_id}/replay", nothing, OWNERS),
        line("get /api/receipts", nothing, [401, 200, 403, 403, 200, 403]),
        line("post /api/receipts/{id}/replay", nothing, OWNERS),
        line("post /api/receipts/replay", nothing, [401, 200, 403, 403, 200, 403]),
        line("get /api/graveyard", nothing, [401, 200, 403, 403, 200, 403]),
        line("post /api/graveyard/{id}/replay", nothing, OWNERS),
        line("delete /api/graveyard/{id}", nothing, OWNERS),
        line("get /api/operator/connections", nothing, [401, 403, 403, 403, 403, 200]),
        line("get /api/operator/jobs", nothing, [401, 403, 403, 403, 403, 200]),
        line("post /api/operator/jobs/{id}/replay", nothing, [401, 403, 403, 403, 403, 404]),
        line("get /api/operator/webhooks", nothing, [401, 403, 403, 403, 403, 200]),
        line("post /api/operator/webhooks/{id}/replay", nothing, [401, 403, 403, 403, 403, 404]),
    ]
}

/// The operations that whoever has no session is told so by.
pub fn behind_a_session() -> Vec<&'static str> {
    let lines = table().into_iter().filter(|line| line.expected[0] == 401 && line.operation != "post /api/session");
    lines.map(|line| line.operation).collect()
}

fn documented() -> BTreeSet<String> {
    let (_, document) = router::api(true);
    let document = serde_json::to_value(document).expect("serializes");
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                operations.insert(format!("{method} {path}"));
            }
        }
    }
    operations
}

#[test]
fn every_operation_is_in_the_table() {
    let listed: BTreeSet<String> = table().iter().map(|line| line.operation.to_owned()).collect();
    let documented = documented();
    let unlisted: Vec<_> = documented.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&documented).collect();
    assert!(
        unlisted.is_empty() && gone.is_empty(),
        "who may call these? Add a line for each to table() in tests/it/access.rs: {unlisted:#?}\nno longer there: {gone:#?}"
    );
}

#[tokio::test]
async fn everybody_is_answered_as_the_table_says() {
    let mut wrong = Vec::new();
    let app = TestApp::new().await;
    let world = app.world;
    for line in table() {
        let (method, path) = line.operation.split_once(' ').expect("method and path");
        let method: Method = method.to_uppercase().parse().expect("a method");
        let mut path = path.to_owned();
        while let Some((before, rest)) = path.split_once('{') {
            let after = rest.split_once('}').expect("a closed brace").1;
            path = format!("{before}00000000-0000-7000-8000-000000000000{after}");
        }
        let people = [None, Some(world.asha), Some(world.mats), Some(world.ravi), Some(world.gita), Some(world.olav)];
        let mut got = [0; 6];
        for (status, person) in got.iter_mut().zip(people) {
            // A session of its own for each call, since some end theirs.
            let caller = match person {
                Some(user) => app.holding(&app.fresh_session(user).await),
                None => app.anonymous(),
            };
            let is_versioned = method == Method::PATCH
                || [
                    "put /api/forms/{id}/mapping",
                    "put /api/sources/{id}/mapping",
                    "put /api/sla",
                    "put /api/escalation",
                    "put /api/me/alerts",
                ]
                .contains(&line.operation);
            let caller = if is_versioned { caller.with_header("if-match", "\"1\"") } else { caller };
            let body = (line.body)(&app);
            let body = (!body.is_null()).then_some(body);
            *status = caller.send(method.clone(), &path, body).await.status;
            // The table calls more often than a person would.
            app.advance(chrono::TimeDelta::hours(1));
        }
        if got != line.expected {
            wrong.push(format!("{}: {got:?} instead of {:?}", line.operation, line.expected));
        }
    }
    app.run_jobs().await;
    app.run_jobs().await; // what follows from a pause
    assert!(wrong.is_empty(), "anonymous, owner, manager, agent, other owner, operator admin: {wrong:#?}");
}
