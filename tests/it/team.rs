//! The team: invitations and new passwords by one-time code (LP-065), roles, leaving, pictures. Letters go over real SMTP to a mail server
//! that keeps them, and are read by a parser that knows nothing of how they were written.

use chrono::TimeDelta;
use futures::{SinkExt, StreamExt};
use nextmove::{
    identity::{self, Role},
    sandbox::mail::{Fault, Received},
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::{
    leads::lead,
    world::{Answer, Caller, TestApp, monday},
};

const GOOD: &str = "furu støvel lampe torsk";
const INGRID: &str = "ingrid@unmistakable.example";

async fn invite(caller: Caller<'_>, email: &str, role: &str) -> Answer {
    caller.post("/api/invitations", json!({ "name": "Ingrid Unmistakable", "email": email, "role": role })).await
}

/// Invited by Asha, as an agent; the letter that came.
async fn invited(app: &TestApp, email: &str) -> Received {
    invite(app.asha(), email, "agent").await.ok();
    app.run_jobs().await;
    app.mail.last_to(email).expect("a letter")
}

fn code_in(letter: &Received) -> String {
    letter.code().expect("a code in the letter")
}

async fn join(app: &TestApp, email: &str, code: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "code": code, "name": "Ingrid", "password": password, "locale": "nb" });
    app.anonymous().post("/api/join", body).await
}

async fn sql(app: &TestApp, statement: &'static str) -> u64 {
    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    sqlx::query(statement).execute(&mut superuser).await.expect(statement).rows_affected()
}

async fn ids(app: &TestApp) -> Vec<String> {
    let team = app.asha().get("/api/team").await.ok();
    let members = team["items"].as_array().expect("items");
    members.iter().filter_map(|member| member["id"].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn who_is_invited_gets_a_letter_and_joins_with_its_code() {
    let app = TestApp::with_mail().await;
    let answer = invite(app.asha(), " Ingrid@Unmistakable.example", "manager").await.ok();
    assert_eq!(answer["code"], Value::Null, "the code goes by letter, and nowhere else");
    assert_eq!(answer["invitation"]["state"], "sending");
    let jobs = app.run_jobs().await;
    assert_eq!(jobs, 1);

    let letter = app.mail.last_to(INGRID).expect("a letter");
    let (code, id) = (code_in(&letter), answer["invitation"]["id"].as_str().expect("an id").to_owned());
    let parsed = letter.parsed();
    assert_eq!(parsed.subject(), Some("Asha inviterer deg til Acme Varme"));
    let to = parsed.to().and_then(|to| to.first()).expect("a recipient");
    assert_eq!((to.name(), to.address()), (Some("Ingrid Unmistakable"), Some(INGRID)));
    assert_eq!(letter.from, "nextmove@example.com");
    let link = format!("{}/join?i={id}", app.address);
    let expected = format!(
        "Hei Ingrid Unmistakable,\n\nAsha vil ha deg med i Acme Varme på NextMove som leder. Der når nye leads deg på sekunder, rett på \
         telefonen.\n\nÅpne siden og skriv inn denne koden:\n\n    {code}\n\n{link}\n\nKoden virker én gang, i sju dager. Lenken alene gjør \
         ingenting.\n\nKjenner du ikke Asha, trenger du ikke gjøre noe.\n\n-- \nDu får dette brevet fordi noen har brukt e-postadressen din i \
         NextMove. Spørsmål? Spør kollegaen som inviterte deg.\n"
    );
    assert_eq!(letter.text.replace("\r\n", "\n").trim_end(), expected.trim_end());
    assert!(letter.html.contains(&code) && letter.html.contains(&format!("href=\"{link}\"")), "{}", letter.html);
    assert!(letter.html.contains("lang=\"nb\""));

    let listed = app.asha().get("/api/invitations").await.ok();
    assert_eq!((&listed["items"][0]["state"], &listed["mail"]), (&json!("sent"), &json!(true)));

    // What the letter's link knows, and the code in whichever form it is typed.
    let presented = json!({ "invitation": id, "code": code.to_lowercase().replace('-', " ") });
    let offer = app.anonymous().post("/api/join/offer", presented).await.ok();
    let expected = json!({ "organization": "Acme Varme", "inviter": "Asha", "name": "Ingrid Unmistakable", "email": INGRID, "role": "manager", "has_account": false });
    assert_eq!(offer, expected);

    join(&app, INGRID, &code, "kort").await.refused(422, "password_short");
    join(&app, INGRID, &code, "unmistakable1").await.refused(422, "password_weak");
    join(&app, INGRID, &code, &"x".repeat(129)).await.refused(422, "password_long");
    let joined = join(&app, INGRID, &code, GOOD).await;
    let cookie = joined.cookie();
    let session = joined.ok();
    assert_eq!((&session["role"], &session["user"]["name"]), (&json!("manager"), &json!("Ingrid")));
    assert_eq!(session["user"]["email"], INGRID);
    assert_eq!(app.holding(&cookie).get("/api/team").await.ok()["items"].as_array().map(Vec::len), Some(5));
    assert_eq!(app.asha().get("/api/invitations").await.ok()["items"], json!([]));

    join(&app, INGRID, &code, GOOD).await.refused(422, "code_wrong");
    app.anonymous().post("/api/session", json!({ "email": INGRID, "password": GOOD })).await.ok();
    invite(app.asha(), INGRID, "agent").await.refused(409, "already_member");
}

#[tokio::test]
async fn neither_codes_nor_addresses_are_readable_in_the_database_or_in_jobs() {
    let app = TestApp::with_mail().await;
    let answer = app
        .asha()
        .with_header("idempotency-key", "k1")
        .post("/api/invitations", json!({ "name": "Zebediah Unmistakable", "email": INGRID, "role": "agent" }))
        .await;
    answer.ok();
    app.anonymous().post("/api/password-resets", json!({ "email": "ravi@example.com" })).await.ok();
    let dump = async || {
        let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
        let mut all = String::new();
        for table in ["jobs", "invitations", "password_resets", "idempotency_keys", "events", "login_failures"] {
            let statement =
                sqlx::AssertSqlSafe(format!("select coalesce(string_agg(t::text, ' '), '') from {table} t"));
            all += &sqlx::query_scalar::<_, String>(statement).fetch_one(&mut superuser).await.expect(table);
        }
        all
    };
    let (before, ran) = (dump().await, app.run_jobs().await);
    assert_eq!(ran, 2);
    let codes = [INGRID, "ravi@example.com"].map(|to| code_in(&app.mail.last_to(to).expect("a letter")));
    for text in [before, dump().await] {
        for secret in ["Unmistakable", "unmistakable", "ravi@example", &codes[0], &codes[1], &codes[0].replace('-', "")]
        {
            assert!(!text.contains(secret) && !text.contains(&hex::encode(secret)), "{secret} stands in {text}");
        }
    }
    let kept = sql(&app, "update invitations set name = name where code is not null").await;
    let kept = kept + sql(&app, "update password_resets set email = email where code is not null").await;
    assert_eq!(kept, 0, "once the letter is taken, the code is forgotten");
}

#[tokio::test]
async fn codes_are_few_tries_of_one_use_and_end() {
    let app = TestApp::with_mail().await;
    let letter = invited(&app, INGRID).await;
    let (code, id) = (code_in(&letter), app.asha().get("/api/invitations").await.ok()["items"][0]["id"].clone());
    let wrong = if code == "AAAA-AAAA" { "AAAA-AAAB" } else { "AAAA-AAAA" };
    let offer =
        async |code: &str| app.anonymous().post("/api/join/offer", json!({ "email": INGRID, "code": code })).await;
    let other = app.anonymous().post("/api/join/offer", json!({ "email": "other@x.example", "code": code })).await;
    other.refused(422, "code_wrong");
    app.anonymous().post("/api/join/offer", json!({ "code": code })).await.refused(422, "required");
    offer("not a code").await.refused(422, "code_wrong");
    for _ in 0..5 {
        offer(wrong).await.refused(422, "code_wrong");
    }
    let blocked = offer(&code).await;
    blocked.refused(429, "code");
    assert_eq!(blocked.header("retry-after"), Some("61"));
    app.advance(TimeDelta::seconds(61));
    offer(&code).await.ok();

    // A newer code ends the older; not more often than once a minute.
    let again = format!("/api/invitations/{}/letter", id.as_str().expect("an id"));
    app.asha().post(&again, Value::Null).await.ok();
    app.asha().post(&again, Value::Null).await.refused(429, "resend");
    app.run_jobs().await;
    let newer = code_in(&app.mail.last_to(INGRID).expect("a letter"));
    assert_ne!(newer, code);
    offer(&code).await.refused(422, "code_wrong");
    offer(&newer).await.ok();
    app.asha()
        .post(&format!("/api/invitations/{}/code", id.as_str().expect("an id")), Value::Null)
        .await
        .refused(409, "sent_by_mail");

    app.advance(TimeDelta::days(7));
    offer(&newer).await.refused(422, "code_wrong");
    assert_eq!(app.asha().get("/api/invitations").await.ok()["items"][0]["state"], "expired");
    // One that ran out is no obstacle to another; one that is withdrawn opens nothing.
    let newest = code_in(&invited(&app, INGRID).await);
    let items = app.asha().get("/api/invitations").await.ok()["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(1));
    invite(app.mats(), INGRID, "agent").await.refused(409, "already_invited");
    let gone = app.mats().delete(&format!("/api/invitations/{}", items[0]["id"].as_str().expect("an id"))).await;
    assert_eq!(gone.status, 204);
    offer(&newest).await.refused(422, "code_wrong");
}

#[tokio::test]
async fn of_two_who_redeem_a_code_at_once_one_joins() {
    let app = TestApp::with_mail().await;
    let code = code_in(&invited(&app, INGRID).await);
    let (one, two) = tokio::join!(join(&app, INGRID, &code, GOOD), join(&app, INGRID, &code, GOOD));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert!(matches!(statuses, [200, 409 | 422]), "{statuses:?}");
    assert_eq!(ids(&app).await.len(), 5);
}

#[tokio::test]
async fn managers_look_after_agents_and_owners_after_everybody() {
    let app = TestApp::with_mail().await;
    for (role, by_mats) in [("owner", 403), ("manager", 403), ("agent", 201)] {
        let email = format!("{role}@x.example");
        assert_eq!(invite(app.mats(), &email, role).await.status, by_mats, "{role}");
        assert_eq!(invite(app.ravi(), &format!("r{email}"), role).await.status, 403);
        assert_eq!(invite(app.asha(), &format!("a{email}"), role).await.status, 201);
    }
    app.run_jobs().await;
    for invitation in app.mats().get("/api/invitations").await.ok()["items"].as_array().expect("items") {
        let path = format!("/api/invitations/{}", invitation["id"].as_str().expect("an id"));
        let expected = if invitation["role"] == "agent" { 204 } else { 403 };
        assert_eq!(app.gita().delete(&path).await.status, 404, "another organization's does not exist");
        assert_eq!(app.mats().delete(&path).await.status, expected, "{invitation}");
    }
    invite(app.asha(), "not an address", "agent").await.refused(422, "email_invalid");
    let nameless = json!({ "name": " ", "email": "x@x.example", "role": "agent" });
    app.asha().post("/api/invitations", nameless).await.refused(422, "required");
}

#[tokio::test]
async fn who_has_an_account_signs_in_and_confirms() {
    let app = TestApp::with_mail().await;
    let letter = invited(&app, "gita@example.com").await;
    assert_eq!(
        letter.subject, "Asha inviterer deg til Acme Varme",
        "in the language of who invites, where theirs is not known"
    );
    let presented = json!({ "email": "gita@example.com", "code": code_in(&letter) });
    assert_eq!(app.anonymous().post("/api/join/offer", presented.clone()).await.ok()["has_account"], true);
    join(&app, "gita@example.com", &code_in(&letter), GOOD).await.refused(409, "account_exists");
    app.olav().post("/api/join/confirmation", presented.clone()).await.refused(403, "other_address");
    let cookie = app.fresh_session(app.world.gita).await;
    let confirmed = app.holding(&cookie).post("/api/join/confirmation", presented).await;
    let moved = confirmed.cookie();
    let session = confirmed.ok();
    assert_eq!((&session["organization"]["slug"], &session["role"]), (&json!("acme"), &json!("agent")));
    assert_eq!(session["memberships"].as_array().map(Vec::len), Some(2));
    app.holding(&cookie).get("/api/session").await.refused(401, "session");
    app.holding(&moved).get("/api/leads").await.ok();
}

#[tokio::test]
async fn a_mail_server_that_is_busy_gets_the_letter_later() {
    let app = TestApp::with_mail().await;
    app.mail.fail_next(Fault::Busy);
    invite(app.asha(), INGRID, "agent").await.ok();
    app.run_jobs().await;
    assert!(app.mail.letters().is_empty());
    assert_eq!(app.asha().get("/api/invitations").await.ok()["items"][0]["state"], "sending");
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    let code = code_in(&app.mail.last_to(INGRID).expect("a letter"));
    join(&app, INGRID, &code, GOOD).await.ok();
}

#[tokio::test]
async fn after_a_silence_the_same_letter_is_sent_again() {
    let app = TestApp::with_mail_that_waits(std::time::Duration::from_millis(400)).await;
    app.mail.fail_next(Fault::Silence);
    invite(app.asha(), INGRID, "agent").await.ok();
    while app.asha().get("/api/invitations").await.ok()["items"][0]["state"] != "sent" {
        app.run_jobs().await;
        app.advance(TimeDelta::hours(1));
    }
    let letters = app.mail.letters();
    assert!(letters.len() >= 2, "the first was taken without a word");
    for letter in &letters {
        assert_eq!((letter.code(), &letter.message_id), (letters[0].code(), &letters[0].message_id));
    }
    join(&app, INGRID, &code_in(&letters[0]), GOOD).await.ok();
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_told_and_the_code_can_be_handed_over() {
    let app = TestApp::with_mail().await;
    app.mail.fail_next(Fault::NoMailbox);
    let id = invite(app.asha(), INGRID, "agent").await.ok()["invitation"]["id"].as_str().expect("an id").to_owned();
    app.run_jobs().await;
    assert_eq!(app.asha().get("/api/invitations").await.ok()["items"][0]["state"], "failed");
    let dead = app.olav().get("/api/operator/jobs").await.ok();
    let why = dead["items"][0]["last_error"].as_str().expect("a reason");
    assert!(why.contains("refuses the letter: 550") && !why.contains("unmistakable"), "{why}");
    let shown = app.asha().post(&format!("/api/invitations/{id}/code"), Value::Null).await.ok();
    assert_eq!(shown["invitation"]["state"], "shown");
    join(&app, INGRID, shown["code"].as_str().expect("a code"), GOOD).await.ok();
    assert_eq!(sql(&app, "delete from jobs where state = 'dead' and kind = 'send_invitation'").await, 1);
}

#[tokio::test]
async fn without_mail_the_code_is_handed_over_by_hand() {
    let app = TestApp::new().await;
    let answer = invite(app.asha(), INGRID, "agent").await.ok();
    let (code, id) = (answer["code"].as_str().expect("a code").to_owned(), answer["invitation"]["id"].clone());
    assert_eq!(app.asha().get("/api/invitations").await.ok()["mail"], false);
    let again = app.asha().post(&format!("/api/invitations/{}/letter", id.as_str().expect("an id")), Value::Null).await;
    let newer = again.ok()["code"].as_str().expect("a code").to_owned();
    join(&app, INGRID, &code, GOOD).await.refused(422, "code_wrong");
    join(&app, INGRID, &newer, GOOD).await.ok();
    let asked = app.anonymous().post("/api/password-resets", json!({ "email": INGRID })).await;
    asked.refused(409, "mail_not_set_up");

    let made = app.app.db.directory(async |directory| identity::make_reset_code(directory, INGRID).await).await;
    finish(&app, INGRID, &made.expect("a code"), "et annet langt passord 7").await.ok();
}

async fn finish(app: &TestApp, email: &str, code: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "code": code, "password": password });
    app.anonymous().post("/api/password-resets/finish", body).await
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_every_session_ends() {
    let app = TestApp::with_mail().await;
    let cookies = [app.fresh_session(app.world.ravi).await, app.fresh_session(app.world.ravi).await];
    let ask = async |email: &str| app.anonymous().post("/api/password-resets", json!({ "email": email })).await;
    let (known, unknown) = (ask(" Ravi@example.com").await, ask("nobody@example.com").await);
    assert_eq!((known.status, known.text.as_str()), (202, ""));
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    app.run_jobs().await;
    assert_eq!(app.mail.letters().len(), 1, "nobody gets no letter");
    let first = app.mail.last_to("ravi@example.com").expect("a letter");
    assert_eq!(first.subject, "Koden din til et nytt passord");
    assert!(
        first.text.contains(&format!("{}/reset\r\n", app.address))
            || first.text.contains(&format!("{}/reset\n", app.address))
    );
    ask("ravi@example.com").await;
    app.run_jobs().await;
    let code = code_in(&app.mail.last_to("ravi@example.com").expect("a letter"));
    finish(&app, "ravi@example.com", &code_in(&first), GOOD).await.refused(422, "code_wrong");
    finish(&app, "nobody@example.com", &code, GOOD).await.refused(422, "code_wrong");
    finish(&app, "ravi@example.com", &code, "ravi@example.com").await.refused(422, "password_weak");
    let done = finish(&app, "ravi@example.com", &code, GOOD).await;
    assert_eq!(
        (done.status, done.header("set-cookie")),
        (204, None),
        "what else a login asks for, it asks for afterwards"
    );
    for cookie in &cookies {
        app.holding(cookie).get("/api/session").await.refused(401, "session");
    }
    app.anonymous().post("/api/session", json!({ "email": "ravi@example.com", "password": GOOD })).await.ok();
    finish(&app, "ravi@example.com", &code, GOOD).await.refused(422, "code_wrong");
    app.run_jobs().await;
    let notice = app.mail.last_to("ravi@example.com").expect("a letter");
    assert_eq!((notice.subject.as_str(), notice.code()), ("Passordet ditt er endret", None));
}

#[tokio::test]
async fn codes_for_a_password_run_out_and_are_not_sent_without_end() {
    let app = TestApp::with_mail().await;
    for _ in 0..6 {
        assert_eq!(
            app.anonymous().post("/api/password-resets", json!({ "email": "ravi@example.com" })).await.status,
            202
        );
        app.run_jobs().await;
    }
    assert_eq!(app.mail.letters().len(), 3, "nobody's mailbox is filled by somebody else");
    let code = code_in(&app.mail.last_to("ravi@example.com").expect("a letter"));
    app.advance(TimeDelta::minutes(20));
    finish(&app, "ravi@example.com", &code, GOOD).await.refused(422, "code_wrong");
    for number in 0..30 {
        app.anonymous().post("/api/password-resets", json!({ "email": format!("n{number}@x.example") })).await;
    }
    let refused = app.anonymous().post("/api/password-resets", json!({ "email": "one@x.example" })).await;
    refused.refused(429, "reset");
    app.run_jobs().await;
    assert_eq!(app.mail.letters().len(), 3);
}

#[tokio::test]
async fn ones_own_password_is_changed_with_the_current_one() {
    let app = TestApp::with_mail().await;
    let code = code_in(&invited(&app, INGRID).await);
    let here = join(&app, INGRID, &code, GOOD).await.cookie();
    let there = app.anonymous().post("/api/session", json!({ "email": INGRID, "password": GOOD })).await.cookie();
    let change = async |current: &str, new: &str| {
        app.holding(&here).put("/api/me/password", json!({ "current": current, "password": new })).await
    };
    change("wrong", "et annet langt passord 7").await.refused(422, "password_wrong");
    change(GOOD, "acme varme").await.refused(422, "password_weak");
    assert_eq!(change(GOOD, "et annet langt passord 7").await.status, 204);
    app.holding(&here).get("/api/session").await.ok();
    app.holding(&there).get("/api/session").await.refused(401, "session");
    for _ in 0..5 {
        change("wrong", GOOD).await.refused(422, "password_wrong");
    }
    change("et annet langt passord 7", GOOD).await.refused(429, "code");
    app.run_jobs().await;
    assert_eq!(app.mail.last_to(INGRID).expect("a letter").subject, "Passordet ditt er endret");
}

#[tokio::test]
async fn there_is_always_an_owner_whoever_acts_at_once() {
    let app = TestApp::new().await;
    let member = |id| format!("/api/team/{id}");
    let role = async |caller: Caller<'_>, id, role: &str| {
        caller.send(reqwest::Method::PATCH, &member(id), Some(json!({ "role": role }))).await
    };
    role(app.asha(), app.world.asha, "agent").await.refused(409, "last_owner");
    app.asha().delete(&member(app.world.asha)).await.refused(409, "last_owner");
    assert_eq!(role(app.asha(), app.world.gita, "agent").await.status, 404, "nobody of this organization");
    assert_eq!(role(app.asha(), app.world.mats, "owner").await.status, 204);
    let (one, two) = tokio::join!(role(app.asha(), app.world.mats, "agent"), role(app.mats(), app.world.asha, "agent"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 403], "each would have left the other as the last");
    let team = app.ravi().get("/api/team").await.ok();
    let owners = team["items"].as_array().expect("items").iter().filter(|member| member["role"] == "owner").count();
    assert_eq!(owners, 1);
    let left = if one.status == 204 { app.world.asha } else { app.world.mats };
    app.always(left).delete(&member(left)).await.refused(409, "last_owner");
}

#[tokio::test]
async fn who_leaves_is_out_at_once_and_their_leads_go_on() {
    let app = TestApp::new().await;
    let member = |id| format!("/api/team/{id}");
    let (mine, won) =
        (lead(&app, app.world.acme, "One", monday()).await, lead(&app, app.world.acme, "Two", monday()).await);
    for id in [mine, won] {
        app.ravi().post(&format!("/api/leads/{id}/claim"), Value::Null).await.ok();
    }
    for (version, status) in [(2, "contacted"), (3, "won")] {
        app.ravi().patch(&format!("/api/leads/{won}"), version, json!({ "status": status })).await.ok();
    }
    assert_eq!(app.mats().delete(&member(app.world.asha)).await.status, 403);
    let nobody = app.mats().delete(&format!("{}?heir={}", member(app.world.ravi), app.world.gita)).await;
    nobody.refused(422, "not_a_member");
    assert_eq!(app.mats().delete(&format!("{}?heir={}", member(app.world.ravi), app.world.rosa)).await.status, 204);
    app.ravi().get("/api/leads").await.refused(401, "session");
    app.run_jobs().await;
    let of = async |id| app.rosa().get(&format!("/api/leads/{id}")).await.ok()["assignee_id"].clone();
    assert_eq!(of(mine).await, json!(app.world.rosa));
    assert_eq!(of(won).await, json!(app.world.ravi), "what was won stays won by whom it was");
    let timeline = app.rosa().get(&format!("/api/leads/{mine}/timeline")).await.ok();
    assert!(timeline.to_string().contains(&app.world.mats.to_string()), "whose decision it was: {timeline}");
    assert_eq!(app.asha().delete(&member(app.world.rosa)).await.status, 204);
    app.run_jobs().await;
    assert_eq!(app.asha().get(&format!("/api/leads/{mine}")).await.ok()["assignee_id"], Value::Null);
}

/// Engine.IO 4 and Socket.IO 5, as far as listening needs it.
pub struct Socket(tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    async fn open(app: &TestApp, cookie: &str) -> Self {
        Self::from(app, cookie, &[]).await.expect("let in")
    }

    /// Through a proxy that says so in these lines of `X-Forwarded-For`; `None` where the server does not let it in.
    pub async fn from(app: &TestApp, cookie: &str, forwarded: &[&str]) -> Option<Self> {
        let url = format!("{}/socket.io/?EIO=4&transport=websocket", app.address.replace("http", "ws"));
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("cookie", cookie.parse().expect("a cookie"));
        request.headers_mut().insert("origin", app.address.parse().expect("an origin"));
        for line in forwarded {
            request.headers_mut().append("x-forwarded-for", line.parse().expect("an address"));
        }
        let (stream, _) = tokio_tungstenite::connect_async(request).await.expect("connected");
        let mut socket = Self(stream);
        socket.0.send(Message::text("40")).await.expect("sent");
        socket.until("hello").await.map(|_| socket)
    }

    /// The next event of this name; `None` when the server hangs up before.
    pub async fn until(&mut self, name: &str) -> Option<Value> {
        loop {
            let text = match self.0.next().await {
                Some(Ok(Message::Text(text))) => text.to_string(),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return None,
            };
            if text == "2" {
                self.0.send(Message::text("3")).await.expect("sent");
            } else if let Some(event) = text.strip_prefix("42") {
                let event: Value = serde_json::from_str(event).expect("JSON");
                if event[0] == name {
                    return Some(event[1].clone());
                }
            } else if text == "41" || text.starts_with("44") {
                return None; // disconnected, or not let in
            }
        }
    }
}

#[tokio::test]
async fn an_open_socket_sees_more_or_less_or_nothing_as_soon_as_its_person_may() {
    let app = TestApp::new().await;
    sql(&app, "update organizations set lead_visibility = 'own' where slug = 'acme'").await;
    let (ravis, rosas) = (app.fresh_session(app.world.ravi).await, app.fresh_session(app.world.rosa).await);
    let (mut ravi, mut rosa) = (Socket::open(&app, &ravis).await, Socket::open(&app, &rosas).await);
    let theirs = lead(&app, app.world.acme, "Hers", monday()).await;
    assert_eq!(ravi.until("lead.created").await.expect("told")["lead"]["full_name"], "Hers");
    app.rosa().post(&format!("/api/leads/{theirs}/claim"), Value::Null).await.ok();
    assert_eq!(ravi.until("lead.hidden").await.expect("told")["id"], json!(theirs), "a colleague's is none of his");

    let promoted = json!({ "role": "manager" });
    let path = format!("/api/team/{}", app.world.ravi);
    assert_eq!(app.asha().send(reqwest::Method::PATCH, &path, Some(promoted)).await.status, 204);
    ravi.until("refetch").await.expect("told to look again");
    app.rosa().post(&format!("/api/leads/{theirs}/notes"), json!({ "text": "x" })).await.ok();
    let told = ravi.until("changed").await.expect("told of a lead that is in somebody else's hands");
    let told = if told["topic"] == "team" { ravi.until("changed").await.expect("told") } else { told };
    assert_eq!((&told["topic"], &told["id"]), (&json!("timeline"), &json!(theirs)));

    assert_eq!(app.asha().delete(&format!("/api/team/{}", app.world.rosa)).await.status, 204);
    rosa.until("session.ended").await.expect("told that it is over");
    assert_eq!(rosa.until("anything").await, None, "and hung up on");
    assert_eq!(ravi.until("changed").await.expect("told")["topic"], "team");
    app.run_jobs().await;
}

fn picture(side: u32) -> Vec<u8> {
    let mut encoded = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(side, side, image::Rgb([200, 80, 20]))
        .write_to(&mut encoded, image::ImageFormat::Png)
        .expect("encodes");
    encoded.into_inner()
}

#[tokio::test]
async fn a_picture_is_for_colleagues_and_kept_by_their_browsers() {
    let app = TestApp::new().await;
    let (set, _) = app.ravi().put_bytes("/api/me/picture", picture(600)).await;
    let path = set.ok()["user"]["picture"].as_str().expect("a path").to_owned();
    let team = app.asha().get("/api/team").await.ok();
    assert!(team.to_string().contains(&path));
    let (answer, bytes) = app.rosa().get_bytes(&path).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
    assert_eq!(answer.header("cache-control"), Some("private, max-age=31536000, immutable"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let read = image::load_from_memory(&bytes).expect("a picture");
    assert_eq!((read.width(), read.height()), (256, 256));
    assert_eq!(app.gita().get(&path).await.status, 404, "not for other organizations");
    assert_eq!(app.anonymous().get(&path).await.status, 401);
    let stored = "update pictures set version = version where position('\\xffd8ff'::bytea in image) > 0";
    assert_eq!(sql(&app, stored).await, 0, "sealed: no JPEG in the database");

    let (again, _) = app.ravi().put_bytes("/api/me/picture", picture(20)).await;
    let newer = again.ok()["user"]["picture"].as_str().expect("a path").to_owned();
    assert_ne!(newer, path);
    assert_eq!(app.rosa().get(&path).await.status, 404, "a version names one picture");
    assert_eq!(app.ravi().delete("/api/me/picture").await.ok()["user"]["picture"], Value::Null);
    assert_eq!(app.rosa().get(&newer).await.status, 404);
    let (bad, _) = app.ravi().put_bytes("/api/me/picture", b"<svg/>".to_vec()).await;
    bad.refused(422, "picture_unreadable");
    let (large, _) = app.ravi().put_bytes("/api/me/picture", vec![0; 6 * 1024 * 1024]).await;
    assert_eq!(large.status, 413);
}

#[tokio::test]
async fn a_new_name_is_seen_by_the_team_and_a_password_judged_as_it_is_typed() {
    let app = TestApp::new().await;
    let rename =
        async |name: &str| app.ravi().send(reqwest::Method::PATCH, "/api/me", Some(json!({ "name": name }))).await;
    assert_eq!(rename(" Ravi Solheim ").await.ok()["user"]["name"], "Ravi Solheim");
    rename("").await.refused(422, "required");
    rename("a\nb").await.refused(422, "control_characters");
    assert!(app.asha().get("/api/team").await.ok().to_string().contains("Ravi Solheim"));

    let judge = async |password: &str| {
        let body = json!({ "password": password, "about": ["Ravi Solheim", "ravi@example.com", "Acme Varme"] });
        app.anonymous().post("/api/password-strength", body).await.ok()
    };
    let weak = judge("ravisolheim").await;
    assert_eq!((&weak["enough"], weak["advice"].as_array().map(Vec::is_empty)), (&json!(false), Some(false)), "{weak}");
    assert_eq!(judge("kort").await["weakness"], "short");
    assert_eq!(judge(GOOD).await["enough"], true);
    // More than logins would be let through; and logins are let through afterwards.
    for _ in 0..100 {
        judge("x").await;
    }
    app.anonymous()
        .post("/api/session", json!({ "email": "x@x.example", "password": "x" }))
        .await
        .refused(401, "credentials");
}

#[tokio::test]
async fn roles_given_by_the_command_line_and_by_invitation_are_the_same_roles() {
    let app = TestApp::with_mail().await;
    let code = code_in(&invited(&app, INGRID).await);
    join(&app, INGRID, &code, GOOD).await.ok();
    let found = app.app.db.directory(async |directory| identity::find_user(directory, INGRID).await).await;
    let ingrid = found.expect("looked").expect("found");
    let role =
        app.app.db.read(app.world.acme, nextmove::db::Actor::System, async |tx| identity::is_member(tx, ingrid).await);
    assert_eq!(role.await.expect("looked"), Some(Role::Agent));
    // Out, and invited again: the same person, not another one.
    assert_eq!(app.asha().delete(&format!("/api/team/{ingrid}")).await.status, 204);
    let code = code_in(&invited(&app, INGRID).await);
    join(&app, INGRID, &code, GOOD).await.refused(409, "account_exists");
    app.run_jobs().await;
}

#[tokio::test]
async fn what_is_done_to_the_team_stands_in_the_audit_trail() {
    let app = TestApp::with_mail().await;
    let letter = invited(&app, INGRID).await;
    let id = app.asha().get("/api/invitations").await.ok()["items"][0]["id"].as_str().expect("an id").to_owned();
    let cookie = join(&app, INGRID, &code_in(&letter), GOOD).await.cookie();
    let ingrid = app.holding(&cookie).get("/api/session").await.ok()["user"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/team/{ingrid}");
    app.asha().send(reqwest::Method::PATCH, &path, Some(json!({ "role": "manager" }))).await;
    app.holding(&cookie).send(reqwest::Method::PATCH, "/api/me", Some(json!({ "name": "Ingrid U." }))).await.ok();
    let changed = json!({ "current": GOOD, "password": "et annet langt passord 7" });
    assert_eq!(app.holding(&cookie).put("/api/me/password", changed).await.status, 204);
    app.anonymous().post("/api/password-resets", json!({ "email": INGRID })).await;
    app.run_jobs().await;
    let code = code_in(&app.mail.letters().into_iter().rev().find(|letter| letter.code().is_some()).expect("a letter"));
    assert_eq!(finish(&app, INGRID, &code, GOOD).await.status, 204);
    assert_eq!(app.asha().delete(&path).await.status, 204);
    app.run_jobs().await;

    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let trail: Vec<String> = sqlx::query_scalar(
        "select concat_ws(' ', action, 'by', actor_id, 'on', subject_id, details::text) from audit_entries
         where organization_id = $1 and action !~ '^sign' order by number",
    )
    .bind(app.world.acme.0)
    .fetch_all(&mut superuser)
    .await
    .expect("the trail");
    let whence: Vec<String> = sqlx::query_scalar(
        "select distinct action from audit_entries where organization_id = $1 and actor_id is not null and origin_id is null",
    )
    .bind(app.world.acme.0)
    .fetch_all(&mut superuser)
    .await
    .expect("the trail");
    assert_eq!(whence, [""; 0], "whatever people do is told with where they were");
    let asha = app.world.asha;
    assert_eq!(
        trail,
        [
            format!(r#"member_invited by {asha} on {id} {{"role":"agent"}}"#),
            format!(r#"member_added by {ingrid} on {ingrid} {{"invitation":"{id}","role":"agent"}}"#),
            format!(r#"role_changed by {asha} on {ingrid} {{"from":"agent","to":"manager"}}"#),
            format!(r#"profile_changed by {ingrid} on {ingrid} {{"field":"name"}}"#),
            format!("password_changed by {ingrid} on {ingrid} {{}}"),
            format!("password_reset by {ingrid} on {ingrid} {{}}"),
            format!(r#"member_removed by {asha} on {ingrid} {{"role":"manager"}}"#),
        ]
    );
}
