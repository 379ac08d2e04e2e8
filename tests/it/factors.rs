//! Second factors, half sessions, locks and proofs; and what is refused.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use chrono::TimeDelta;
use nextmove::{
    error::Error,
    identity::{self, NewUser, Role},
    types::ids::UserId,
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection;
use totp_rs::{Builder, Secret};

use crate::{
    access::behind_a_session,
    authenticator::Passkey,
    world::{Answer, Caller, TestApp, cookie_pair},
};

const PASSWORD: &str = "correct horse battery";
const EMAIL: &str = "petra@example.com";

/// An agent of acme's with a password.
async fn add_petra(app: &TestApp) -> UserId {
    let password_hash = identity::hash_password(&app.app, PASSWORD.to_owned()).await.expect("hashes");
    let new = NewUser { email: EMAIL.to_owned(), name: "Petra".to_owned(), password_hash, locale: None };
    let acme = app.world.acme;
    let added = app.app.db.directory(async |directory| {
        let petra = identity::create_user(directory, new).await?;
        identity::add_member(directory, acme, petra, Role::Agent).await?;
        Ok(petra)
    });
    added.await.expect("Petra is added")
}

/// On a host name, so that there are passkeys.
async fn named() -> TestApp {
    TestApp::with(|config| config.http.public_url.set_host(Some("localhost")).expect("a host")).await
}

fn origin(app: &TestApp) -> String {
    app.app.config.http.public_url.origin().ascii_serialization()
}

async fn log_in(app: &TestApp, password: &str) -> Answer {
    app.anonymous().post("/api/session", json!({ "email": EMAIL, "password": password })).await
}

/// An authenticator app: what a phone makes of the secret.
struct Authenticator(totp_rs::Totp);

impl Authenticator {
    fn new(enrolment: &Value) -> Self {
        let secret = enrolment["secret"].as_str().expect("a secret").replace(' ', "");
        let secret = Secret::try_from_base32(secret).expect("base32");
        Self(Builder::new().with_secret(secret).build().expect("an authenticator"))
    }

    fn code(&self, app: &TestApp) -> Value {
        let seconds = u64::try_from(app.clock.now().timestamp()).expect("after 1970");
        json!({ "code": self.0.generate(seconds).to_string() })
    }
}

/// Sets up an app; answers it with the recovery codes.
async fn enrol(app: &TestApp, caller: &Caller<'_>) -> (Authenticator, Vec<String>) {
    let enrolment = caller.post("/api/me/factors/totp", Value::Null).await.ok();
    let authenticator = Authenticator::new(&enrolment);
    let added = caller.put("/api/me/factors/totp", authenticator.code(app)).await.ok();
    let codes = added["recovery_codes"].as_array().into_iter().flatten();
    (authenticator, codes.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The half of a session, after the password.
async fn half<'a>(app: &'a TestApp) -> Caller<'a> {
    let answer = log_in(app, PASSWORD).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    app.holding(&answer.cookie())
}

async fn add_passkey(caller: &Caller<'_>, passkey: &mut Passkey, name: &str) -> Value {
    let challenge = caller.post("/api/me/factors/passkeys/challenge", Value::Null).await.ok();
    let credential = passkey.create(&challenge["options"]);
    let body = json!({ "ceremony": challenge["ceremony"], "credential": credential, "name": name });
    caller.post("/api/me/factors/passkeys", body).await.ok()
}

/// Asks for a passkey at `path`, and presents it.
async fn present(caller: &Caller<'_>, path: &str, passkey: &mut Passkey) -> Answer {
    let challenge = caller.post(&format!("{path}/challenge"), Value::Null).await.ok();
    let credential = passkey.get(&challenge["options"]);
    caller.post(path, json!({ "ceremony": challenge["ceremony"], "credential": credential })).await
}

#[tokio::test]
async fn an_authenticator_app_is_asked_for_after_the_password() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    let enrolment = petra.post("/api/me/factors/totp", Value::Null).await.ok();
    let uri = enrolment["uri"].as_str().expect("a URI");
    assert!(uri.starts_with("otpauth://totp/NextMove:petra%40example.com?"), "{uri}");
    assert!(enrolment["qr"].as_str().is_some_and(|svg| svg.starts_with("<svg")), "drawn by the server");
    let authenticator = Authenticator::new(&enrolment);
    petra.put("/api/me/factors/totp", json!({ "code": "000000" })).await.refused(422, "factor_code_wrong");
    assert_eq!(log_in(&app, PASSWORD).await.status, 200, "it counts once a code was seen");

    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    petra.put("/api/me/factors/totp", authenticator.code(&app)).await.refused(422, "ceremony_over");
    let (authenticator, codes) = enrol(&app, &petra).await;
    assert_eq!(codes.len(), 10);
    let factors = petra.get("/api/me/factors").await.ok();
    assert_eq!((&factors["recovery_codes_left"], &factors["passkeys"]), (&json!(10), &json!([])));
    assert_eq!(petra.get("/api/session").await.ok()["has_second_factor"], true);

    let answer = log_in(&app, PASSWORD).await;
    assert_eq!(answer.status, 202);
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    for flag in ["nextmove-step=", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(flag), "{flag} is missing in {cookie}");
    }
    assert_eq!(answer.json["methods"], json!({ "totp": true, "passkey": false, "recovery_code": true }));
    let half = app.holding(&answer.cookie());
    half.post("/api/session/step/code", authenticator.code(&app)).await.refused(422, "factor_code_wrong"); // it confirmed the app
    app.advance(TimeDelta::seconds(30));
    let entered = half.post("/api/session/step/code", authenticator.code(&app)).await;
    let whole = app.holding(&entered.cookie());
    assert_eq!(entered.ok()["user"]["email"], EMAIL);
    whole.get("/api/leads").await.ok();
    half.get("/api/session/step").await.refused(401, "step");
    assert_eq!(whole.get("/api/me/factors").await.ok()["totp"]["last_used_at"], "2026-03-02T09:00:30Z");
}

#[tokio::test]
async fn a_code_is_taken_once_and_clocks_may_differ_by_a_step() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let (authenticator, _) = enrol(&app, &app.holding(&log_in(&app, PASSWORD).await.cookie())).await;
    app.advance(TimeDelta::minutes(5));
    let (one, other) = (half(&app).await, half(&app).await);
    let code = authenticator.code(&app);
    app.advance(TimeDelta::seconds(30));
    one.post("/api/session/step/code", code.clone()).await.ok();
    other.post("/api/session/step/code", code).await.refused(422, "factor_code_wrong");
    app.advance(TimeDelta::seconds(30));
    let old = authenticator.code(&app);
    app.advance(TimeDelta::seconds(60));
    other.post("/api/session/step/code", old).await.refused(422, "factor_code_wrong");
    other.post("/api/session/step/code", authenticator.code(&app)).await.ok();
}

#[tokio::test]
async fn of_two_who_present_the_same_code_at_once_one_comes_in() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let (authenticator, _) = enrol(&app, &app.holding(&log_in(&app, PASSWORD).await.cookie())).await;
    app.advance(TimeDelta::minutes(1));
    let (one, other) = (half(&app).await, half(&app).await);
    let code = authenticator.code(&app);
    let (first, second) = futures::join!(
        one.post("/api/session/step/code", code.clone()),
        other.post("/api/session/step/code", code.clone())
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
}

#[tokio::test]
async fn recovery_codes_are_good_once_each() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    let (_, codes) = enrol(&app, &petra).await;
    let typed = json!({ "code": codes[3].to_uppercase().replace('-', " ") });
    let entered = half(&app).await.post("/api/session/step/code", typed.clone()).await;
    let petra = app.holding(&entered.cookie());
    entered.ok();
    half(&app).await.post("/api/session/step/code", typed).await.refused(422, "factor_code_wrong");
    assert_eq!(petra.get("/api/me/factors").await.ok()["recovery_codes_left"], 9);

    let renewed = petra.post("/api/me/factors/recovery-codes", Value::Null).await.ok();
    assert_eq!(renewed["codes"].as_array().map(Vec::len), Some(10));
    let step = half(&app).await;
    step.post("/api/session/step/code", json!({ "code": codes[4] })).await.refused(422, "factor_code_wrong");
    step.post("/api/session/step/code", json!({ "code": renewed["codes"][0] })).await.ok();

    let left = petra.delete("/api/me/factors/totp").await.ok();
    assert_eq!(left["recovery_codes_left"], 0, "the last factor takes the codes with it");
    assert_eq!(log_in(&app, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn guesses_at_the_code_and_at_the_password_count_together() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let (authenticator, _) = enrol(&app, &app.holding(&log_in(&app, PASSWORD).await.cookie())).await;
    let wrong = json!({ "code": "000000" });
    for _ in 0..2 {
        // A password that is known buys no new guesses.
        let step = half(&app).await;
        step.post("/api/session/step/code", wrong.clone()).await.refused(422, "factor_code_wrong");
        step.post("/api/session/step/code", wrong.clone()).await.refused(422, "factor_code_wrong");
    }
    let step = half(&app).await;
    step.post("/api/session/step/code", wrong.clone()).await.refused(422, "factor_code_wrong");
    let blocked = step.post("/api/session/step/code", authenticator.code(&app)).await;
    blocked.refused(429, "login");
    assert_eq!(blocked.header("retry-after"), Some("61"));
    log_in(&app, PASSWORD).await.refused(429, "login");
    app.advance(TimeDelta::seconds(61));
    half(&app).await.post("/api/session/step/code", authenticator.code(&app)).await.ok();
    for _ in 0..4 {
        log_in(&app, "wrong").await.refused(401, "credentials"); // who came in starts afresh
    }
    assert_eq!(log_in(&app, PASSWORD).await.status, 202);
}

#[tokio::test]
async fn half_a_session_opens_nothing_but_its_own_step() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    enrol(&app, &app.holding(&log_in(&app, PASSWORD).await.cookie())).await;
    let own = ["get /api/session/step", "post /api/session/step/code"];
    let mut wrong = Vec::new();
    let mut tried = 0;
    let token = log_in(&app, PASSWORD).await.cookie().split_once('=').expect("a value").1.to_owned();
    for operation in behind_a_session() {
        let (method, path) = operation.split_once(' ').expect("method and path");
        if path.starts_with("/api/session/step") {
            continue;
        }
        let id = app.world.acme.to_string();
        let path = path.split('/').map(|part| if part.starts_with('{') { id.as_str() } else { part });
        let path = path.collect::<Vec<&str>>().join("/");
        let method: Method = method.to_uppercase().parse().expect("a method");
        // In its own cookie, and where a session's stands.
        for name in ["nextmove-step", "nextmove"] {
            let caller = app.holding(&format!("{name}={token}")).with_header("if-match", "\"1\"");
            let status = caller.send(method.clone(), &path, None).await.status;
            if status != 401 {
                wrong.push(format!("{operation} with the cookie {name}: {status}"));
            }
            tried += 1;
        }
    }
    assert!(wrong.is_empty(), "half a session gets 401 everywhere: {wrong:#?}");
    assert!(tried > 60, "{tried}");
    let step = half(&app).await;
    assert_eq!(step.get("/api/session/step").await.status, 200, "{}", own[0]);
    assert_eq!(step.post("/api/session/step/code", json!({ "code": "1" })).await.status, 422, "{}", own[1]);

    // Nor a socket.
    for name in ["nextmove-step", "nextmove"] {
        let refused = identity::authenticate(&app.app, &handshake(&format!("{name}={token}"))).await;
        assert!(matches!(refused, Err(Error::Unauthenticated("session"))), "{name}");
    }
}

/// What a socket connects with.
pub fn handshake(cookie: &str) -> axum::http::request::Parts {
    let request = axum::http::Request::builder().header("cookie", cookie);
    let mut parts = request.body(()).expect("a request").into_parts().0;
    parts.extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    parts
}

#[tokio::test]
async fn half_a_session_ends_after_five_minutes_and_when_it_is_left() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let (authenticator, _) = enrol(&app, &app.holding(&log_in(&app, PASSWORD).await.cookie())).await;
    let step = half(&app).await;
    app.advance(TimeDelta::seconds(299));
    assert_eq!(step.get("/api/session/step").await.ok()["expires_at"], "2026-03-02T09:05:00Z");
    app.advance(TimeDelta::seconds(1));
    step.post("/api/session/step/code", authenticator.code(&app)).await.refused(401, "step");
    let step = half(&app).await;
    assert_eq!(step.delete("/api/session/step").await.status, 204);
    step.post("/api/session/step/code", authenticator.code(&app)).await.refused(401, "step");
}

#[tokio::test]
async fn a_passkey_follows_a_password_or_opens_alone() {
    let app = named().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    let (mut phone, mut key) = (Passkey::new(&origin(&app), 1), Passkey::new(&origin(&app), 2));
    let added = add_passkey(&petra, &mut phone, " Phone ").await;
    assert_eq!(added["recovery_codes"].as_array().map(Vec::len), Some(10), "the first factor brings codes");
    app.advance(TimeDelta::seconds(1));
    let added = add_passkey(&petra, &mut key, "Key").await;
    assert_eq!(added["recovery_codes"], Value::Null);
    let names: Vec<&Value> =
        added["factors"]["passkeys"].as_array().into_iter().flatten().map(|passkey| &passkey["name"]).collect();
    assert_eq!(names, ["Phone", "Key"]);

    let step = half(&app).await;
    let challenge = step.post("/api/session/step/passkey/challenge", Value::Null).await.ok();
    assert_eq!(challenge["options"]["allowCredentials"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&challenge["options"]["rpId"], &challenge["options"]["userVerification"]),
        (&json!("localhost"), &json!("required"))
    );
    present(&step, "/api/session/step/passkey", &mut phone).await.ok();

    app.advance(TimeDelta::minutes(1));
    let alone = present(&app.anonymous(), "/api/session/passkey", &mut key).await;
    let petra = app.holding(&alone.cookie());
    assert_eq!(alone.ok()["user"]["email"], EMAIL);
    let passkeys = petra.get("/api/me/factors").await.ok()["passkeys"].clone();
    assert_eq!(passkeys[1]["last_used_at"], "2026-03-02T09:01:01Z");

    let (one, other) = (passkeys[0]["id"].as_str().expect("an id"), passkeys[1]["id"].as_str().expect("an id"));
    petra.put(&format!("/api/me/factors/passkeys/{one}"), json!({ "name": "" })).await.refused(422, "name_length");
    let renamed = petra.put(&format!("/api/me/factors/passkeys/{one}"), json!({ "name": "Work phone" })).await.ok();
    assert_eq!(renamed["passkeys"][0]["name"], "Work phone");
    assert_eq!(app.ravi().put(&format!("/api/me/factors/passkeys/{one}"), json!({ "name": "x" })).await.status, 404);
    let ravi = app.holding(&app.fresh_session(app.world.ravi).await);
    assert_eq!(ravi.delete(&format!("/api/me/factors/passkeys/{one}")).await.status, 404, "somebody else's");
    petra.delete(&format!("/api/me/factors/passkeys/{one}")).await.ok();
    present(&app.anonymous(), "/api/session/passkey", &mut phone).await.refused(422, "passkey_refused");
    petra.delete(&format!("/api/me/factors/passkeys/{other}")).await.ok();
    assert_eq!(log_in(&app, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_ceremony_is_finished_once_in_time_and_by_whoever_began() {
    let app = named().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    let mut phone = Passkey::new(&origin(&app), 1);
    add_passkey(&petra, &mut phone, "Phone").await;

    let path = "/api/session/passkey";
    let challenge = app.anonymous().post(&format!("{path}/challenge"), Value::Null).await.ok();
    let answer = json!({ "ceremony": challenge["ceremony"], "credential": phone.get(&challenge["options"]) });
    app.anonymous().post(path, answer.clone()).await.ok();
    app.anonymous().post(path, answer).await.refused(422, "ceremony_over"); // replayed

    let late = app.anonymous().post(&format!("{path}/challenge"), Value::Null).await.ok();
    let answer = json!({ "ceremony": late["ceremony"], "credential": phone.get(&late["options"]) });
    app.advance(TimeDelta::minutes(5));
    app.anonymous().post(path, answer).await.refused(422, "ceremony_over");

    // The answer to another challenge; and the ceremony is gone with it.
    let challenge = app.anonymous().post(&format!("{path}/challenge"), Value::Null).await.ok();
    let credential = phone.get(&late["options"]);
    let answer = json!({ "ceremony": challenge["ceremony"], "credential": credential });
    app.anonymous().post(path, answer).await.refused(422, "passkey_refused");
    let answer = json!({ "ceremony": challenge["ceremony"], "credential": phone.get(&challenge["options"]) });
    app.anonymous().post(path, answer).await.refused(422, "ceremony_over");

    // Begun by one half session, finished by another.
    let (one, other) = (half(&app).await, half(&app).await);
    let challenge = one.post("/api/session/step/passkey/challenge", Value::Null).await.ok();
    let answer = json!({ "ceremony": challenge["ceremony"], "credential": phone.get(&challenge["options"]) });
    other.post("/api/session/step/passkey", answer.clone()).await.refused(422, "ceremony_over");
    app.anonymous().post(path, answer).await.refused(422, "ceremony_over");
}

#[tokio::test]
async fn a_passkey_that_is_not_quite_right_is_refused() {
    let app = named().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    let mut phone = Passkey::new(&origin(&app), 1);
    add_passkey(&petra, &mut phone, "Phone").await;
    let path = "/api/session/passkey";

    let mut lured = Passkey::new(&origin(&app), 7);
    lured.lured_to("https://nextmove.evil.example");
    let challenge = petra.post("/api/me/factors/passkeys/challenge", Value::Null).await.ok();
    let body =
        json!({ "ceremony": challenge["ceremony"], "credential": lured.create(&challenge["options"]), "name": "x" });
    petra.post("/api/me/factors/passkeys", body).await.refused(422, "passkey_refused");

    phone.lured_to("https://nextmove.evil.example");
    present(&app.anonymous(), path, &mut phone).await.refused(422, "passkey_refused");
    phone.lured_to(&origin(&app));
    phone.verifies = false;
    present(&app.anonymous(), path, &mut phone).await.refused(422, "passkey_refused");
    phone.verifies = true;
    let handle = std::mem::replace(&mut phone.user_handle, app.world.ravi.0.as_bytes().to_vec());
    present(&app.anonymous(), path, &mut phone).await.refused(422, "passkey_refused"); // says that it is Ravi's
    phone.user_handle = handle;
    present(&app.anonymous(), path, &mut Passkey::new(&origin(&app), 1)).await.refused(422, "passkey_refused"); // another key
    phone.counter = 100;
    present(&app.anonymous(), path, &mut phone).await.ok();
    phone.counter = 50; // a copy that was made before
    present(&app.anonymous(), path, &mut phone).await.refused(422, "passkey_copied");

    let again = async |caller: &Caller<'_>, phone: &mut Passkey| {
        let challenge = caller.post("/api/me/factors/passkeys/challenge", Value::Null).await.ok();
        let credential = phone.create(&challenge["options"]);
        let body = json!({ "ceremony": challenge["ceremony"], "credential": credential, "name": "x" });
        caller.post("/api/me/factors/passkeys", body).await
    };
    again(&petra, &mut phone).await.refused(422, "passkey_refused");
    let ravi = app.holding(&app.fresh_session(app.world.ravi).await);
    again(&ravi, &mut phone).await.refused(409, "passkey_known"); // another person's

    // Somebody else's key as one's own second step.
    let mut ravis = Passkey::new(&origin(&app), 9);
    add_passkey(&ravi, &mut ravis, "Ravi's").await;
    present(&half(&app).await, "/api/session/step/passkey", &mut ravis).await.refused(422, "passkey_refused");
}

#[tokio::test]
async fn a_locked_session_lives_again_by_one_step() {
    let app = named().await;
    add_petra(&app).await;
    let before = log_in(&app, PASSWORD).await.cookie();
    let petra = app.holding(&before);
    app.advance(TimeDelta::minutes(30));
    petra.get("/api/leads").await.refused(401, "locked");
    let proof = petra.get("/api/session/proof").await.ok();
    assert_eq!(
        (&proof["is_locked"], &proof["password"], &proof["user"]["name"]),
        (&json!(true), &json!(true), &json!("Petra"))
    );
    petra.post("/api/session/proof", json!({ "password": "wrong" })).await.refused(422, "password_wrong");
    petra.get("/api/leads").await.refused(401, "locked");
    let unlocked = petra.post("/api/session/proof", json!({ "password": PASSWORD })).await;
    let after = unlocked.cookie();
    assert_eq!(unlocked.ok()["user"]["email"], EMAIL);
    petra.get("/api/leads").await.refused(401, "session"); // the token is a new one
    let petra = app.holding(&after);
    petra.get("/api/leads").await.ok();
    assert_eq!(petra.get("/api/me/sessions").await.ok()["items"].as_array().map(Vec::len), Some(1), "the same session");

    let (authenticator, _) = enrol(&app, &petra).await;
    let mut phone = Passkey::new(&origin(&app), 1);
    add_passkey(&petra, &mut phone, "Phone").await;
    app.advance(TimeDelta::minutes(31));
    let unlocked = petra.post("/api/session/proof", authenticator.code(&app)).await.cookie();
    app.advance(TimeDelta::minutes(31));
    let petra = app.holding(&unlocked);
    let unlocked = present(&petra, "/api/session/proof/passkey", &mut phone).await.cookie();
    app.holding(&unlocked).get("/api/leads").await.ok();
    app.advance(TimeDelta::hours(11));
    app.holding(&unlocked).get("/api/session/proof").await.refused(401, "session"); // twelve hours after the login
}

#[tokio::test]
async fn guesses_at_a_locked_session_are_counted() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    app.advance(TimeDelta::minutes(31));
    for _ in 0..5 {
        petra.post("/api/session/proof", json!({ "password": "wrong" })).await.refused(422, "password_wrong");
    }
    petra.post("/api/session/proof", json!({ "password": PASSWORD })).await.refused(429, "login");
}

/// Who holds an open session and the password, but not the phone: the password gives no tries at the code back, and the trail tells of each.
#[tokio::test]
async fn a_password_buys_no_guesses_at_the_code_of_a_proof() {
    let app = TestApp::new().await;
    let petra_id = add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    let (authenticator, _) = enrol(&app, &petra).await;
    app.advance(TimeDelta::minutes(10));
    let wrong = json!({ "code": "000000" });
    for _ in 0..2 {
        petra.post("/api/session/proof", wrong.clone()).await.refused(422, "factor_code_wrong");
        petra.post("/api/session/proof", wrong.clone()).await.refused(422, "factor_code_wrong");
        petra.post("/api/session/proof", json!({ "password": PASSWORD })).await.ok();
    }
    petra.post("/api/me/factors/totp", Value::Null).await.refused(403, "proof");
    petra.post("/api/session/proof", wrong.clone()).await.refused(422, "factor_code_wrong");
    petra.post("/api/session/proof", wrong).await.refused(429, "login");
    app.advance(TimeDelta::seconds(61));
    petra.post("/api/session/proof", json!({ "password": "wrong" })).await.refused(422, "password_wrong");
    app.advance(TimeDelta::minutes(3));
    petra.post("/api/session/proof", authenticator.code(&app)).await.ok();
    petra.post("/api/me/factors/totp", Value::Null).await.ok();

    let mut superuser = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let told: i64 = sqlx::query_scalar(
        "select count(*) from audit_entries where organization_id = $1 and subject_id = $2 and action = 'sign_in_failed'",
    )
    .bind(app.world.acme.0)
    .bind(petra_id.0)
    .fetch_one(&mut superuser)
    .await
    .expect("counts");
    assert_eq!(told, 6, "five codes and a password");
}

#[tokio::test]
async fn half_a_session_ends_with_the_password_that_opened_it() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    enrol(&app, &petra).await;
    let step = half(&app).await;
    let newer = "furu støvel lampe torsk";
    let changed = petra.put("/api/me/password", json!({ "current": PASSWORD, "password": newer })).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    step.get("/api/session/step").await.refused(401, "step");
    let step = app.holding(&log_in(&app, newer).await.cookie());
    step.get("/api/session/step").await.ok();
    let code = app.app.db.directory(async |directory| identity::make_reset_code(directory, EMAIL).await).await;
    let body = json!({ "email": EMAIL, "code": code.expect("a code"), "password": "et annet langt passord 7" });
    assert_eq!(app.anonymous().post("/api/password-resets/finish", body).await.status, 204);
    step.get("/api/session/step").await.refused(401, "step");
}

#[tokio::test]
async fn dangerous_acts_take_a_proof_of_the_last_ten_minutes() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    app.advance(TimeDelta::minutes(10));
    let refused = petra.post("/api/me/factors/totp", Value::Null).await;
    refused.refused(403, "proof");
    assert_eq!(refused.json["type"], "urn:nextmove:problem:proof");
    let proven = petra.post("/api/session/proof", json!({ "password": PASSWORD })).await;
    assert!(proven.header("set-cookie").is_none(), "requests under the old token may be on their way");
    proven.ok();
    let (authenticator, _) = enrol(&app, &petra).await;

    app.advance(TimeDelta::minutes(11));
    petra.post("/api/session/proof", json!({ "password": PASSWORD })).await.ok();
    petra.delete("/api/me/factors/totp").await.refused(403, "proof"); // a password alone is what the factor guards against
    petra.post("/api/session/proof", authenticator.code(&app)).await.ok();
    petra.delete("/api/me/factors/totp").await.ok();
}

#[tokio::test]
async fn on_a_bare_address_there_are_no_passkeys() {
    let app = TestApp::new().await;
    let ravi = app.holding(&app.fresh_session(app.world.ravi).await);
    assert_eq!(ravi.get("/api/me/factors").await.ok()["passkeys_available"], false);
    ravi.post("/api/me/factors/passkeys/challenge", Value::Null).await.refused(409, "passkeys_unavailable");
}

#[tokio::test]
async fn no_secret_stands_readable_in_the_database() {
    let app = named().await;
    add_petra(&app).await;
    let petra = app.holding(&log_in(&app, PASSWORD).await.cookie());
    let enrolment = petra.post("/api/me/factors/totp", Value::Null).await.ok();
    let (_, codes) = enrol(&app, &petra).await;
    add_passkey(&petra, &mut Passkey::new(&origin(&app), 1), "Petras Telefon").await;
    let secret = enrolment["secret"].as_str().expect("a secret").replace(' ', "");
    let mut superuser = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("connected");
    for table in ["totp_factors", "passkeys", "recovery_codes", "ceremonies", "sessions", "half_sessions"] {
        let rows = sqlx::AssertSqlSafe(format!(
            "select coalesce(string_agg(encode(convert_to(t::text, 'UTF8'), 'escape'), ' '), '') from {table} t"
        ));
        let text: String = sqlx::query_scalar(rows).fetch_one(&mut superuser).await.expect("reads");
        for plain in [&secret, "Petras Telefon", &codes[0], &codes[0].replace('-', ""), "127.0.0.1"] {
            assert!(!text.contains(plain) && !text.contains(&hex::encode(plain)), "{plain} stands in {table}");
        }
    }
}

#[tokio::test]
async fn sessions_are_told_apart_and_ended() {
    let app = TestApp::new().await;
    add_petra(&app).await;
    let on = async |device: &str| {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        app.anonymous().with_header("user-agent", device).post("/api/session", body).await.cookie()
    };
    let phone =
        on("Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 Version/26.1 Safari/604.1")
            .await;
    app.advance(TimeDelta::minutes(2));
    let desk = on("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0").await;
    let (phone, desk) = (app.holding(&phone), app.holding(&desk));
    let items = desk.get("/api/me/sessions").await.ok()["items"].clone();
    assert_eq!(items[0]["device"], json!({ "kind": "computer", "browser": "Firefox", "system": "Linux" }));
    assert_eq!((&items[0]["is_current"], &items[0]["address"]), (&json!(true), &json!("127.0.0.1")));
    assert_eq!((&items[1]["device"]["system"], &items[1]["is_current"]), (&json!("iPhone"), &json!(false)));
    assert_eq!(
        (&items[1]["created_at"], &items[1]["organization_name"]),
        (&json!("2026-03-02T09:00:00Z"), &json!("Acme Varme"))
    );

    let id = items[1]["id"].as_str().expect("an id");
    app.holding(&format!("nextmove={id}")).get("/api/session").await.refused(401, "session"); // an id opens nothing
    assert_eq!(app.ravi().delete(&format!("/api/me/sessions/{id}")).await.status, 404, "somebody else's");
    assert_eq!(desk.delete(&format!("/api/me/sessions/{id}")).await.status, 204);
    phone.get("/api/session").await.refused(401, "session");
    assert_eq!(desk.delete(&format!("/api/me/sessions/{id}")).await.status, 404);

    let (second, third) = (app.holding(&on("a").await), app.holding(&on("b").await));
    assert_eq!(third.delete("/api/me/sessions").await.ok(), json!({ "ended": 2 }));
    for ended in [desk, second] {
        ended.get("/api/session").await.refused(401, "session");
    }
    let own = third.get("/api/me/sessions").await.ok()["items"][0]["id"].clone();
    let gone = third.delete(&format!("/api/me/sessions/{}", own.as_str().expect("an id"))).await;
    assert!(gone.header("set-cookie").map(cookie_pair).is_some_and(|cookie| cookie == "nextmove="));
}
