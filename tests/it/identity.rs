//! Signing in, staying, leaving; and what is refused.

use chrono::TimeDelta;
use nextmove::identity::{self, NewUser, Role};
use serde_json::json;
use sqlx::Connection;

use crate::world::TestApp;

pub const PASSWORD: &str = "correct horse battery";

/// Somebody with a password, in both organizations.
pub async fn add_petra(app: &TestApp) {
    let password_hash = identity::hash_password(&app.app, PASSWORD.to_owned()).await.expect("hashes");
    let new = NewUser { email: "Petra@Example.com ".to_owned(), name: "Petra".to_owned(), password_hash, locale: None };
    let world = app.world;
    let added = app.app.db.directory(async |directory| {
        let petra = identity::create_user(directory, new).await?;
        identity::add_member(directory, world.acme, petra, Role::Agent).await?;
        identity::add_member(directory, world.globex, petra, Role::Manager).await
    });
    added.await.expect("Petra is added");
}

pub fn login(email: &str, password: &str) -> serde_json::Value {
    json!({ "email": email, "password": password })
}

#[tokio::test]
async fn a_login_opens_a_session_and_a_logout_ends_it() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let answer = app.anonymous().post("/api/session", login(" petra@EXAMPLE.com", PASSWORD)).await;
    let set_cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    assert!(set_cookie.starts_with("nextmove="), "{set_cookie}");
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set_cookie.contains(flag), "{flag} is missing in {set_cookie}");
    }
    let petra = app.holding(&answer.cookie());
    let session = answer.ok();
    assert_eq!(session["user"]["email"], "petra@example.com");
    assert_eq!(session["role"], "agent");
    assert_eq!(session["organization"]["slug"], "acme");
    assert_eq!(session["organization"]["brand_color"], json!(null), "absent and null are not the same to the app");
    assert!(session["organization"].get("retry_minutes").is_none());
    assert_eq!(session["memberships"].as_array().map(Vec::len), Some(2));
    assert_eq!((&session["idle_timeout_seconds"], &session["demo"]), (&json!(1800), &json!(false)));
    assert_eq!(petra.get("/api/session").await.ok(), session);

    let gone = petra.delete("/api/session").await;
    assert_eq!(gone.status, 204);
    assert!(gone.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    petra.get("/api/session").await.refused(401, "session");
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let app = TestApp::with(|config| config.http.public_url = "https://app.example.com".parse().expect("a URL")).await;
    add_petra(&app).await;
    let answer = app.anonymous().post("/api/session", login("petra@example.com", PASSWORD)).await;
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-nextmove=") && cookie.contains("Secure"), "{cookie}");
    assert!(answer.header("strict-transport-security").is_some());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let wrong = app.anonymous().post("/api/session", login("petra@example.com", "wrong horse battery")).await;
    let unknown = app.anonymous().post("/api/session", login("nobody@example.com", PASSWORD)).await;
    let without = app.anonymous().post("/api/session", login("ravi@example.com", "!")).await;
    wrong.refused(401, "credentials");
    assert_eq!(wrong.json, unknown.json);
    assert_eq!(wrong.json, without.json);
    assert!(wrong.header("set-cookie").is_none());
}

#[tokio::test]
async fn guessing_is_blocked_for_longer_and_longer() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let guess = async |password: &str| app.anonymous().post("/api/session", login("petra@example.com", password)).await;
    for _ in 0..5 {
        guess("wrong").await.refused(401, "credentials");
    }
    let blocked = guess(PASSWORD).await;
    blocked.refused(429, "login");
    assert_eq!(blocked.header("retry-after"), Some("61"));
    // An unknown address is blocked just so: nothing is learned.
    for _ in 0..5 {
        app.anonymous().post("/api/session", login("nobody@example.com", "wrong")).await.refused(401, "credentials");
    }
    app.anonymous().post("/api/session", login("nobody@example.com", "wrong")).await.refused(429, "login");

    app.advance(TimeDelta::seconds(61));
    guess("wrong").await.refused(401, "credentials");
    assert_eq!(guess("wrong").await.header("retry-after"), Some("121"), "doubled");
    app.advance(TimeDelta::seconds(121));
    guess(PASSWORD).await.ok();
    for _ in 0..5 {
        guess("wrong").await.refused(401, "credentials"); // a success clears the account
    }
}

#[tokio::test]
async fn an_address_has_a_limit_of_its_own() {
    let app = TestApp::new().await;
    for number in 0..30 {
        let email = format!("nobody{number}@example.com");
        app.anonymous().post("/api/session", login(&email, "wrong")).await.refused(401, "credentials");
    }
    app.anonymous().post("/api/session", login("another@example.com", "wrong")).await.refused(429, "login");
}

#[tokio::test]
async fn a_login_ends_the_session_that_the_browser_showed() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let first = app.anonymous().post("/api/session", login("petra@example.com", PASSWORD)).await.cookie();
    let second = app.holding(&first).post("/api/session", login("petra@example.com", PASSWORD)).await.cookie();
    assert_ne!(first, second);
    app.holding(&first).get("/api/session").await.refused(401, "session");
    app.holding(&second).get("/api/session").await.ok();
}

#[tokio::test]
async fn an_idle_session_locks_and_the_background_does_not_keep_it() {
    let app = TestApp::new().await;
    let cookie = app.fresh_session(app.world.ravi).await;
    let ravi = app.holding(&cookie);
    app.advance(TimeDelta::minutes(29));
    ravi.get("/api/session").await.ok();
    app.advance(TimeDelta::minutes(29));
    ravi.clone().with_header("x-background", "1").get("/api/session").await.ok();
    app.advance(TimeDelta::minutes(2));
    ravi.get("/api/session").await.refused(401, "locked");
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_whatever_happens() {
    let app = TestApp::new().await;
    let cookie = app.fresh_session(app.world.ravi).await;
    let ravi = app.holding(&cookie);
    for _ in 0..35 {
        app.advance(TimeDelta::minutes(20));
        ravi.get("/api/session").await.ok();
    }
    app.advance(TimeDelta::minutes(20));
    ravi.get("/api/session").await.refused(401, "session");
}

#[tokio::test]
async fn one_switches_to_another_membership_only() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let first = app.anonymous().post("/api/session", login("petra@example.com", PASSWORD)).await.cookie();
    let to_globex = json!({ "organization_id": app.world.globex });
    let switched = app.holding(&first).post("/api/session/organization", to_globex.clone()).await;
    let second = switched.cookie();
    let session = switched.ok();
    assert_eq!((&session["role"], &session["organization"]["slug"]), (&json!("manager"), &json!("globex")));
    app.holding(&first).get("/api/session").await.refused(401, "session");
    let team = app.holding(&second).get("/api/team").await.ok();
    let names: Vec<_> = team["items"].as_array().into_iter().flatten().map(|member| &member["name"]).collect();
    assert_eq!(names, ["Gita", "Petra"]);
    assert_eq!(app.ravi().post("/api/session/organization", to_globex).await.status, 404);
}

#[tokio::test]
async fn writes_from_other_sites_are_refused() {
    let app = TestApp::new().await;
    let write = async |caller: crate::world::Caller<'_>| {
        caller.send(reqwest::Method::PATCH, "/api/me", Some(json!({ "locale": "nl" }))).await
    };
    let bare = || app.ravi().without("sec-fetch-site");
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        write(bare().with_header(name, value)).await.refused(403, "cross_site");
    }
    write(bare()).await.refused(403, "cross_site");
    assert_eq!(write(bare().with_header("origin", &app.address)).await.ok()["user"]["locale"], "nl");
    assert_eq!(app.anonymous().without("sec-fetch-site").get("/api/session").await.status, 401, "reading is no write");
}

#[tokio::test]
async fn demo_logins_exist_in_the_demo_only() {
    let app = TestApp::new().await;
    assert_eq!(app.anonymous().get("/api/demo").await.status, 404);
    assert_eq!(app.anonymous().post("/api/demo/session", json!({ "email": "ravi@example.com" })).await.status, 404);

    let demo = TestApp::demo().await;
    let logins = demo.anonymous().get("/api/demo").await.ok();
    assert_eq!(logins["logins"].as_array().map(Vec::len), Some(6));
    assert_eq!(logins["logins"][5]["role"], "operator_admin");
    let session = demo.anonymous().post("/api/demo/session", json!({ "email": "ravi@example.com" })).await.ok();
    assert_eq!((&session["user"]["name"], &session["demo"]), (&json!("Ravi"), &json!(true)));
}

#[tokio::test]
async fn every_answer_is_guarded_and_every_refusal_is_a_problem() {
    let app = TestApp::new().await;
    let answer = app.anonymous().get("/api/nothing").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")));
    assert!(answer.header("x-request-id").is_some());
    let other = app.anonymous().put("/api/session", json!({})).await;
    assert_eq!((other.status, other.json["status"].as_u64()), (405, Some(405)), "{}", other.text);
    assert_eq!(app.anonymous().post("/api/session", json!({ "email": 1 })).await.status, 422);
    let large = json!({ "email": "x".repeat(300_000), "password": "" });
    assert_eq!(app.anonymous().post("/api/session", large).await.status, 413);
    for path in ["/sw.js", "/assets/x", "/socket.io/x", "/webhooks/x"] {
        let status = app.anonymous().get(path).await.status;
        assert!(matches!(status, 400 | 404), "{path}: {status}"); // 400 is socket.io's own
    }
    assert!(app.anonymous().get("/leads").await.text.contains("not built"));
    assert_eq!(app.anonymous().get("/healthz").await.status, 200);
    assert_eq!(app.anonymous().get("/readyz").await.status, 200);
    let metrics = app.anonymous().get("/metrics").await;
    assert!(metrics.text.contains("nextmove_jobs"), "{}", metrics.text);
    assert_eq!(app.anonymous().with_header("x-forwarded-for", "1.2.3.4").get("/metrics").await.status, 404);
    assert_eq!(app.anonymous().get("/api/docs/").await.status, 200);
    assert_eq!(app.anonymous().get("/api/openapi.json").await.ok()["openapi"], "3.1.0");
}

#[tokio::test]
async fn a_session_sees_less_as_soon_as_its_person_may() {
    let app = TestApp::new().await;
    let cookie = app.fresh_session(app.world.ravi).await;
    let headers = axum::http::HeaderMap::from_iter([(
        axum::http::header::COOKIE,
        axum::http::HeaderValue::from_str(&cookie).expect("a cookie"),
    )]);
    let mut parts = axum::http::Request::new(()).into_parts().0;
    parts.headers = headers;
    let live = identity::authenticate(&app.app, &parts).await.expect("signed in");
    let mut owner = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("connected");
    let sees_all = async |visibility: &str, owner: &mut sqlx::PgConnection| {
        sqlx::query("update organizations set lead_visibility = $2 where id = $1")
            .bind(app.world.acme.0)
            .bind(visibility)
            .execute(owner)
            .await
            .expect("changed");
        let alive = identity::live_sessions(&app.app, &[live.session]).await.expect("looked");
        alive[&live.session].viewer.expect("a member").sees_all
    };
    assert!(sees_all("team", &mut owner).await);
    assert!(!sees_all("own", &mut owner).await);
    app.holding(&cookie).delete("/api/session").await;
    let gone = identity::live_sessions(&app.app, &[live.session]).await.expect("looked");
    assert!(gone.is_empty());
}
