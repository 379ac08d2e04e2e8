//! What an organization asks of those who act for it (LP-065), and what its owner does for colleagues.

use chrono::TimeDelta;
use nextmove::{
    error::Error,
    identity::{self, NewUser, Role},
    types::ids::UserId,
};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::{
    audit::superuser,
    factors::handshake,
    team::Socket,
    world::{Answer, Caller, TestApp},
};

/// Behind a proxy, so that everybody has an address.
async fn proxied() -> TestApp {
    TestApp::with(|config| config.http.trusted_hops = 1).await
}

fn from<'a>(caller: &Caller<'a>, address: &str) -> Caller<'a> {
    caller.clone().with_header("x-forwarded-for", address)
}

async fn fresh(app: &TestApp, user: UserId) -> Caller<'_> {
    app.holding(&app.fresh_session(user).await)
}

async fn set(caller: &Caller<'_>, version: i32, second_factor: &str, networks: &[&str]) -> Answer {
    let body = json!({ "second_factor": second_factor, "allowed_networks": networks });
    caller.clone().with_header("if-match", &format!("\"{version}\"")).put("/api/access", body).await
}

async fn enrol(app: &TestApp, caller: &Caller<'_>) {
    let enrolment = caller.post("/api/me/factors/totp", Value::Null).await.ok();
    let secret = enrolment["secret"].as_str().expect("a secret").replace(' ', "");
    let secret = Secret::try_from_base32(secret).expect("base32");
    let seconds = u64::try_from(app.clock.now().timestamp()).expect("after 1970");
    let code = Builder::new().with_secret(secret).build().expect("an authenticator").generate(seconds).to_string();
    caller.put("/api/me/factors/totp", json!({ "code": code })).await.ok();
}

const OFFICE: &str = "203.0.113.9";
const HOME: &str = "198.51.100.4";

#[tokio::test]
async fn admins_come_from_the_networks_on_the_list_only() {
    let app = proxied().await;
    let (asha, mats, ravi, gita) = (app.world.asha, app.world.mats, app.world.ravi, app.world.gita);
    let owner = fresh(&app, asha).await;
    let rules = from(&owner, OFFICE).get("/api/access").await.ok();
    assert_eq!(
        rules,
        json!({ "second_factor": "nobody", "allowed_networks": [], "version": 0, "your_address": OFFICE })
    );
    let shut_out = set(&from(&owner, OFFICE), 0, "nobody", &["198.51.100.0/24"]).await;
    shut_out.refused(422, "locks_you_out");
    assert!(shut_out.json["detail"].as_str().is_some_and(|detail| detail.contains(OFFICE)));
    set(&from(&owner, OFFICE), 0, "nobody", &["office"]).await.refused(422, "networks_invalid");
    let set_to = set(&from(&owner, OFFICE), 0, "nobody", &["203.0.113.77/24", "2001:db8::/32"]).await.ok();
    assert_eq!(set_to["allowed_networks"], json!(["203.0.113.0/24", "2001:db8::/32"]));
    assert_eq!(set(&from(&owner, OFFICE), 0, "nobody", &[]).await.json["current_version"], 1);

    for admin in [asha, mats] {
        let admin = fresh(&app, admin).await;
        let refused = from(&admin, HOME).get("/api/leads").await;
        refused.refused(403, "network");
        assert_eq!(refused.json["type"], "urn:nextmove:problem:network");
        for path in ["/api/session", "/api/me/factors", "/api/team"] {
            from(&admin, HOME).get(path).await.refused(403, "network");
        }
        for inside in [OFFICE, "::ffff:203.0.113.9", "2001:db8:7::1"] {
            from(&admin, inside).get("/api/leads").await.ok();
        }
        // What the caller says of itself does not count, and leaving is always possible.
        from(&admin, &format!("{OFFICE}, {HOME}")).get("/api/leads").await.refused(403, "network");
        assert_eq!(from(&admin, HOME).delete("/api/session").await.status, 204);
    }
    from(&fresh(&app, ravi).await, HOME).get("/api/leads").await.ok(); // agents stand on roofs
    from(&fresh(&app, gita).await, HOME).get("/api/leads").await.ok(); // another organization's rules

    let cookie = app.fresh_session(asha).await;
    let parts = |address: &str| {
        let mut parts = handshake(&cookie);
        parts.headers.insert("x-forwarded-for", address.parse().expect("a header"));
        parts
    };
    let inside = identity::authenticate(&app.app, &parts(OFFICE)).await.expect("a socket from the office");
    assert!(matches!(identity::authenticate(&app.app, &parts(HOME)).await, Err(Error::Forbidden("network"))));

    // An open socket looks again when the list changes.
    let standing = identity::live_sessions(&app.app, &[inside.session]).await.expect("looked");
    assert!(inside.is_still(&standing[&inside.session]));
    set(&from(&owner, "2001:db8::1"), 1, "nobody", &["2001:db8::/32"]).await.ok();
    let standing = identity::live_sessions(&app.app, &[inside.session]).await.expect("looked");
    assert!(!inside.is_still(&standing[&inside.session]));

    // The way out, from the command line.
    let acme = app.world.acme;
    let opened = app.app.db.directory(async |directory| identity::open_to_all_networks(directory, acme).await);
    opened.await.expect("opened");
    from(&owner, HOME).get("/api/leads").await.ok();
}

/// Over a real socket: what stands between it and the rule must leave its address alone.
#[tokio::test]
async fn a_socket_behind_a_proxy_comes_from_where_its_person_is() {
    let app = proxied().await;
    let cookie = app.fresh_session(app.world.asha).await;
    let owner = app.holding(&cookie);
    set(&from(&owner, OFFICE), 0, "nobody", &["203.0.113.0/24"]).await.ok();
    let mut inside = Socket::from(&app, &cookie, &[OFFICE]).await.expect("from the office");
    for forged in [vec![HOME], vec![OFFICE, HOME], vec!["203.0.113.1, 198.51.100.4"]] {
        assert!(Socket::from(&app, &cookie, &forged).await.is_none(), "{forged:?}");
    }
    // The proxy itself stands in no list; where it does, that lets nobody else in.
    set(&from(&owner, OFFICE), 1, "nobody", &["203.0.113.0/24", "127.0.0.0/8"]).await.ok();
    assert!(Socket::from(&app, &cookie, &[HOME]).await.is_none());
    set(&from(&owner, "127.0.0.1"), 2, "nobody", &["127.0.0.0/8"]).await.ok();
    assert!(inside.until("session.ended").await.is_some(), "the list changed under it");
}

#[tokio::test]
async fn signing_in_leads_to_the_organization_that_lets_one_in() {
    let app = proxied().await;
    let password_hash = identity::hash_password(&app.app, "correct horse battery".to_owned()).await.expect("hashes");
    let new = NewUser { email: "petra@example.com".to_owned(), name: "Petra".to_owned(), password_hash, locale: None };
    let world = app.world;
    let added = app.app.db.directory(async |directory| {
        let petra = identity::create_user(directory, new).await?;
        identity::add_member(directory, world.acme, petra, Role::Manager).await
    });
    added.await.expect("added");
    let owner = fresh(&app, world.asha).await;
    set(&from(&owner, OFFICE), 0, "nobody", &[OFFICE]).await.ok();
    let log_in = async |address: &str| {
        let body = json!({ "email": "petra@example.com", "password": "correct horse battery" });
        from(&app.anonymous(), address).post("/api/session", body).await
    };
    log_in(HOME).await.refused(403, "network");
    assert_eq!(log_in(OFFICE).await.ok()["organization"]["slug"], "acme");
    let added = app.app.db.directory(async |directory| {
        let petra = identity::find_user(directory, "petra@example.com").await?.expect("Petra");
        identity::add_member(directory, world.globex, petra, Role::Agent).await
    });
    added.await.expect("added");
    let entered = log_in(HOME).await;
    let petra = app.holding(&entered.cookie());
    assert_eq!(entered.ok()["organization"]["slug"], "globex");
    let to_acme = json!({ "organization_id": world.acme });
    from(&petra, HOME).post("/api/session/organization", to_acme.clone()).await.refused(403, "network");
    let at_acme = from(&petra, OFFICE).post("/api/session/organization", to_acme).await.cookie();
    let petra = app.holding(&at_acme);
    from(&petra, HOME).get("/api/session").await.refused(403, "network");
    // Back to where one may be.
    from(&petra, HOME).post("/api/session/organization", json!({ "organization_id": world.globex })).await.ok();
}

#[tokio::test]
async fn operators_come_from_the_configured_networks() {
    let app = TestApp::with(|config| {
        config.http.trusted_hops = 1;
        config.http.operator_networks = "203.0.113.0/24".parse().expect("networks");
    })
    .await;
    from(&app.olav(), OFFICE).get("/api/operator/jobs").await.ok();
    from(&app.olav(), HOME).get("/api/operator/jobs").await.refused(403, "network");
    from(&app.olav(), HOME).get("/api/session").await.refused(403, "network");
    from(&app.asha(), HOME).get("/api/session").await.ok();
}

#[tokio::test]
async fn whoever_lacks_the_factor_that_is_asked_for_reaches_their_own_account_only() {
    let app = TestApp::new().await;
    let world = app.world;
    let owner = fresh(&app, world.asha).await;
    set(&owner, 0, "managers", &[]).await.ok();
    let cookie = app.fresh_session(world.mats).await;
    let mats = app.holding(&cookie);
    let refused = mats.get("/api/leads").await;
    refused.refused(403, "second_factor");
    assert_eq!(refused.json["type"], "urn:nextmove:problem:second-factor");
    owner.get("/api/access").await.refused(403, "second_factor"); // for whoever asks for it, too
    app.ravi().get("/api/leads").await.ok();
    let session = mats.get("/api/session").await.ok();
    assert_eq!((&session["needs_second_factor"], &session["has_second_factor"]), (&json!(true), &json!(false)));
    let socket = identity::authenticate(&app.app, &handshake(&cookie)).await;
    assert!(matches!(socket, Err(Error::Forbidden("second_factor"))));

    assert_eq!(mats.get("/api/me/factors").await.ok()["is_required"], true);
    enrol(&app, &mats).await;
    mats.get("/api/leads").await.ok();
    identity::authenticate(&app.app, &handshake(&cookie)).await.expect("a socket");
    mats.delete("/api/me/factors/totp").await.refused(409, "factor_required");
    mats.get("/api/leads").await.ok();
}

#[tokio::test]
async fn an_owner_helps_who_lost_their_phone() {
    let app = TestApp::new().await;
    let world = app.world;
    let (owner, ravi) = (fresh(&app, world.asha).await, fresh(&app, world.ravi).await);
    enrol(&app, &ravi).await;
    let of = |people: &Value, user: UserId| {
        let people = people["items"].as_array().expect("people");
        people.iter().find(|person| person["user_id"] == user.to_string()).expect("there").clone()
    };
    let people = owner.get("/api/access/people").await.ok();
    assert_eq!(people["items"].as_array().map(Vec::len), Some(4), "nobody of another organization");
    let ravis = of(&people, world.ravi);
    assert_eq!((&ravis["has_second_factor"], &ravis["sessions"]), (&json!(true), &json!(2)));

    let path = |what: &str, user: UserId| format!("/api/team/{user}/{what}");
    assert_eq!(owner.delete(&path("factors", world.gita)).await.status, 404, "a stranger");
    owner.delete(&path("factors", world.asha)).await.refused(409, "yourself");
    assert_eq!(owner.delete(&path("factors", world.ravi)).await.status, 204);
    let factors = ravi.get("/api/me/factors").await.ok();
    assert_eq!((&factors["totp"], &factors["recovery_codes_left"]), (&Value::Null, &json!(0)));
    assert_eq!(factors["reset"], json!({ "by": world.asha, "at": "2026-03-02T09:00:00Z" }), "they are told");
    assert_eq!(ravi.delete("/api/me/factors/reset").await.status, 204);
    assert_eq!(ravi.get("/api/me/factors").await.ok()["reset"], Value::Null);

    // Where another organization relies on the factor it is not acme's to take.
    let added = app
        .app
        .db
        .directory(async |directory| identity::add_member(directory, world.globex, world.rosa, Role::Agent).await);
    added.await.expect("added");
    owner.delete(&path("factors", world.rosa)).await.refused(409, "elsewhere");

    assert_eq!(owner.delete(&path("sessions", world.gita)).await.status, 404);
    assert_eq!(owner.delete(&path("sessions", world.ravi)).await.status, 204);
    ravi.get("/api/session").await.refused(401, "session");
    assert_eq!(of(&owner.get("/api/access/people").await.ok(), world.ravi)["sessions"], 0);

    let trail: Vec<(String, Option<uuid::Uuid>, Option<uuid::Uuid>)> = sqlx::query_as(
        "select action, actor_id, subject_id from audit_entries where organization_id = $1 order by number",
    )
    .bind(world.acme.0)
    .fetch_all(&mut superuser(&app).await)
    .await
    .expect("the trail");
    let expected = [
        ("factor_added", world.ravi, world.ravi),
        ("factors_reset", world.asha, world.ravi),
        ("member_signed_out", world.asha, world.ravi),
    ];
    assert_eq!(trail, expected.map(|(action, by, on)| (action.to_owned(), Some(by.0), Some(on.0))));

    app.advance(TimeDelta::minutes(11));
    owner.delete(&path("factors", world.ravi)).await.refused(403, "proof");
}

/// A person's factors count in each of their organizations, so each is told what becomes of them.
#[tokio::test]
async fn factors_that_come_and_go_are_told_to_every_organization() {
    let app = TestApp::new().await;
    let world = app.world;
    let joined = app
        .app
        .db
        .directory(async |directory| identity::add_member(directory, world.globex, world.rosa, Role::Agent).await);
    joined.await.expect("added");
    let rosa = fresh(&app, world.rosa).await;
    enrol(&app, &rosa).await;
    rosa.post("/api/me/factors/recovery-codes", Value::Null).await.ok();
    rosa.delete("/api/me/factors/totp").await.ok();
    enrol(&app, &rosa).await;
    let reset = app.app.db.directory(async |directory| identity::reset_factors_of(directory, world.rosa).await);
    reset.await.expect("taken away");
    for organization in [world.acme, world.globex] {
        let told: Vec<(String, String)> = sqlx::query_as(
            "select action, actor_kind from audit_entries where organization_id = $1 and subject_id = $2 order by number",
        )
        .bind(organization.0)
        .bind(world.rosa.0)
        .fetch_all(&mut superuser(&app).await)
        .await
        .expect("the trail");
        let told: Vec<(&str, &str)> = told.iter().map(|(action, by)| (action.as_str(), by.as_str())).collect();
        let expected = [
            ("factor_added", "user"),
            ("recovery_codes_renewed", "user"),
            ("factor_removed", "user"),
            ("factor_added", "user"),
            ("factors_reset", "command_line"),
        ];
        assert_eq!(told, expected, "{organization}");
    }
}
