//! SMS and e-mail: sent once, told how they go on, never to whoever wants none (LP-039, LP-040).

use std::time::Duration;

use chrono::TimeDelta;
use nextmove::{
    db::Actor,
    messages::{self, Channel, Family, NewMessage, Purpose, Recipient, Standing, State},
    outbox::{self, Event},
    sandbox::senders::{Fault, Text},
    types::{
        ids::{LeadId, MessageId, OrganizationId},
        phone::Phone,
    },
};
use reqwest::Method;
use serde_json::json;

use crate::world::TestApp;

const KARI: &str = "+4791234567";

async fn twilio() -> TestApp {
    TestApp::with_senders("twilio", "sendgrid", Duration::from_millis(400)).await
}

fn sms(text: &str) -> NewMessage {
    NewMessage {
        channel: Channel::Sms,
        purpose: Purpose::Sequence,
        to: Recipient::Phone(Phone::from_e164(KARI).expect("a number")),
        lead: None,
        subject: None,
        text: text.to_owned(),
        html: None,
        key: None,
    }
}

fn mail(text: &str) -> NewMessage {
    NewMessage {
        channel: Channel::Email,
        to: Recipient::Email("kari@example.com".to_owned()),
        subject: Some("Takk – vi ringer".to_owned()),
        html: Some(format!("<p>{text}</p>")),
        ..sms(text)
    }
}

async fn write_down(app: &TestApp, organization: OrganizationId, new: NewMessage) -> MessageId {
    let written = app.app.db.write(organization, Actor::System, async |tx| messages::send(tx, new.clone()).await);
    written.await.expect("a message")
}

async fn sent(app: &TestApp, new: NewMessage) -> MessageId {
    let id = write_down(app, app.world.acme, new).await;
    app.run_jobs().await;
    id
}

async fn standing(app: &TestApp, id: MessageId) -> Standing {
    let read = app.app.db.read(app.world.acme, Actor::System, async |tx| messages::state(tx, id).await);
    read.await.expect("reads").expect("it is there")
}

async fn state(app: &TestApp, id: MessageId) -> (State, Option<Family>) {
    let standing = standing(app, id).await;
    (standing.state, standing.family)
}

/// Reports, and has the report taken in.
async fn report(app: &TestApp, text: &Text, status: &str, code: Option<&str>) {
    assert_eq!(app.senders.report(text, status, code).await, Some(200), "{status}");
    app.run_jobs().await;
}

/// The events of this kind.
async fn settled(app: &TestApp) -> Vec<Event> {
    let read = app.app.db.read(app.world.acme, Actor::System, async |tx| outbox::since(tx, 0, 500).await);
    let events = read.await.expect("events").into_iter().map(|recorded| recorded.event);
    events.filter(|event| matches!(event, Event::MessageSettled { .. } | Event::MessageReceived { .. })).collect()
}

fn only(app: &TestApp) -> Text {
    let texts = app.senders.texts();
    assert_eq!(texts.len(), 1, "{texts:#?}");
    texts.into_iter().next().expect("one")
}

#[tokio::test]
async fn an_sms_goes_once_and_its_reports_only_move_it_forward() {
    let app = twilio().await;
    let id = sent(&app, sms("Hei Kari – vi ringer…")).await;
    let text = only(&app);
    // The answer said price_unit: null, which must not look like a failure: that would send it again.
    assert_eq!(state(&app, id).await, (State::Sent, None));
    assert!(text.text.starts_with("Hei Kari - vi ringer...\n"), "written plainly: {}", text.text);
    assert_eq!((text.from.as_str(), text.to.as_str()), ("Acme", KARI));
    assert_eq!(text.request["ValidityPeriod"], "36000");
    assert_eq!(settled(&app).await, []);

    report(&app, &text, "delivered", None).await;
    report(&app, &text, "sent", None).await;
    report(&app, &text, "delivered", None).await;
    assert_eq!(state(&app, id).await, (State::Delivered, None));
    report(&app, &text, "failed", Some("30003")).await;
    assert_eq!(state(&app, id).await, (State::Delivered, None));
    assert_eq!(settled(&app).await, [Event::MessageSettled { message: id }], "told once");
    assert_eq!(app.senders.texts().len(), 1);
}

#[tokio::test]
async fn the_same_key_sends_once() {
    let app = twilio().await;
    let keyed = NewMessage { key: Some("step:1".to_owned()), ..sms("Hei") };
    let one = write_down(&app, app.world.acme, keyed.clone()).await;
    let two = write_down(&app, app.world.acme, keyed.clone()).await;
    assert_eq!(one, two);
    app.run_jobs().await;
    assert_eq!(write_down(&app, app.world.acme, keyed).await, one);
    app.run_jobs().await;
    only(&app);
}

#[tokio::test]
async fn a_vendor_that_cannot_now_is_asked_again_and_one_that_says_no_is_not() {
    let app = twilio().await;
    app.senders.fail_next(Fault::Status(429));
    app.senders.fail_next(Fault::Status(503));
    let id = sent(&app, sms("Hei")).await;
    assert_eq!(state(&app, id).await, (State::Queued, None));
    for _ in 0..2 {
        app.advance(TimeDelta::seconds(8)); // Retry-After: 7
        app.run_jobs().await;
    }
    assert_eq!(state(&app, id).await, (State::Sent, None));
    only(&app);

    for (code, family) in [
        (21211, Family::InvalidAddress),
        (21614, Family::NotMobile),
        (21408, Family::BlockedRegion),
        (21212, Family::BlockedSender),
        (29999, Family::Other),
    ] {
        app.senders.fail_next(Fault::Code(code));
        let id = sent(&app, sms("Hei")).await;
        assert_eq!(state(&app, id).await, (State::Failed, Some(family)), "{code}");
        app.advance(TimeDelta::hours(1));
        app.run_jobs().await;
    }
    only(&app);
}

#[tokio::test]
async fn what_may_have_been_taken_is_not_sent_again_before_the_vendor_says_that_it_has_none() {
    let app = twilio().await;
    // It was taken, and the answer did not come: after a minute the vendor's list shows it.
    app.senders.fail_next(Fault::Silence);
    let id = sent(&app, sms("Hei")).await;
    assert_eq!(state(&app, id).await, (State::Sending, None));
    app.advance(TimeDelta::seconds(30));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, (State::Sending, None));
    app.advance(TimeDelta::seconds(31));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, (State::Sent, None));
    only(&app);

    // It was taken, and a report says so first.
    app.senders.fail_next(Fault::Silence);
    let id = sent(&app, sms("Hei du")).await;
    let text = app.senders.last_to(KARI).expect("taken");
    report(&app, &text, "delivered", None).await;
    assert_eq!(state(&app, id).await, (State::Delivered, None));
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    assert_eq!(app.senders.texts().len(), 2);

    // It was not taken: the list is believed after three minutes, and it is sent.
    app.senders.fail_next(Fault::Deaf);
    let id = sent(&app, sms("Hei igjen")).await;
    app.advance(TimeDelta::seconds(61));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, (State::Sending, None));
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, (State::Sent, None));
    assert_eq!(app.senders.texts().len(), 3);
}

#[tokio::test]
async fn a_worker_that_was_killed_midway_does_not_send_twice() {
    let app = twilio().await;
    let id = write_down(&app, app.world.acme, sms("Hei")).await;
    app.run_jobs().await;
    // As if the process had died after the call and before its answer was written down.
    sqlx::query("update messages set state = 'sending', provider_id = null, sent_at = null where id = $1")
        .bind(id.0)
        .execute(&mut crate::audit::superuser(&app).await)
        .await
        .expect("set back");
    let again = app.app.db.write(app.world.acme, Actor::System, async |tx| {
        nextmove::jobs::enqueue::<nextmove::app::App, _>(tx, &messages::SendMessage { message: id }).await
    });
    again.await.expect("enqueued");
    app.run_jobs().await;
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, (State::Sent, None));
    only(&app);
}

#[tokio::test]
async fn whoever_said_stop_gets_nothing_until_they_say_start() {
    let app = twilio().await;
    let asha = app.asha();
    let own = json!({ "sms_sender": "+4790000001", "reply_to": "post@acme.example" });
    asha.clone().with_header("if-match", "\"0\"").put("/api/messages/settings", own).await.ok();
    let lead = LeadId::new(app.clock.now());
    sent(&app, NewMessage { lead: Some(lead), ..sms("Hei") }).await;
    assert_eq!(only(&app).text, "Hei", "to a number one can answer STOP: no link");

    assert_eq!(app.senders.answer("twilio", KARI, "+4790000001", "Når kommer dere?").await, Some(200));
    assert_eq!(app.senders.answer("twilio", KARI, "+4790000001", " stopp ").await, Some(200));
    app.run_jobs().await;
    let received = settled(&app).await;
    assert!(
        matches!(received[..], [Event::MessageReceived { lead: one, .. }, Event::MessageReceived { lead: two, .. }] if one == Some(lead) && two == Some(lead)),
        "{received:?}"
    );
    let id = sent(&app, sms("Er du der?")).await;
    assert_eq!(state(&app, id).await, (State::Failed, Some(Family::OptedOut)));
    let listed = asha.get("/api/suppressions").await.ok();
    assert_eq!(listed["items"][0]["why"], "stop");
    assert_eq!(listed["items"][0]["address"], "+47******67");
    assert_eq!(app.senders.texts().len(), 3, "one out, two in");

    assert_eq!(app.senders.answer("twilio", KARI, "+4790000001", "START").await, Some(200));
    app.run_jobs().await;
    let id = sent(&app, sms("Velkommen tilbake")).await;
    assert_eq!(state(&app, id).await, (State::Sent, None));
}

#[tokio::test]
async fn the_vendors_own_list_of_who_said_stop_is_ours_too() {
    let app = twilio().await;
    app.senders.fail_next(Fault::Code(21610));
    let id = sent(&app, sms("Hei")).await;
    assert_eq!(state(&app, id).await, (State::Failed, Some(Family::OptedOut)));
    let id = sent(&app, sms("Hei")).await;
    assert_eq!(state(&app, id).await, (State::Failed, Some(Family::OptedOut)));
    assert_eq!(app.senders.texts().len(), 0, "the second one was not even tried");
}

#[tokio::test]
async fn a_link_ends_messages_by_a_persons_act_and_not_by_a_scanners() {
    let app = twilio().await;
    sent(&app, sms("Hei")).await;
    let text = only(&app).text;
    let link = text
        .split_whitespace()
        .find(|word| word.contains("/u/"))
        .expect("a name cannot be answered: a link")
        .to_owned();
    let path = link.strip_prefix(&app.address).expect("our own").to_owned();
    for _ in 0..3 {
        let page = app.anonymous().get(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Acme Varme") && page.text.contains("<form method=\"post\">"), "{}", page.text);
        assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    }
    assert_eq!(state(&app, sent(&app, sms("Fortsatt")).await).await.0, State::Sent, "looking at it does nothing");
    // As a mailbox's own button does: from nowhere, with a form.
    let nobody = app.anonymous().without("sec-fetch-site");
    let acted = nobody
        .raw(Method::POST, &path, "application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click".to_vec())
        .await;
    assert_eq!(acted.status, 200, "{}", acted.text);
    assert_eq!(nobody.raw(Method::POST, &path, "", Vec::new()).await.status, 200, "twice is once");
    let id = sent(&app, sms("Stopp")).await;
    assert_eq!(state(&app, id).await, (State::Failed, Some(Family::OptedOut)));
    assert_eq!(app.anonymous().get("/u/AAAAAAAAAAAA").await.status, 404);
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("select link_hash from message_routes where link_hash is not null")
        .fetch_all(&mut crate::audit::superuser(&app).await)
        .await
        .expect("rows");
    let token = path.trim_start_matches("/u/").as_bytes().to_vec();
    assert!(!stored.is_empty() && !stored.contains(&token), "a hash, not the link");
}

#[tokio::test]
async fn a_forged_or_changed_call_is_refused_and_a_signed_one_of_nobodys_is_kept() {
    let app = twilio().await;
    let id = sent(&app, sms("Hei")).await;
    let text = only(&app);
    let call = app.senders.report_call(&text, "delivered", None).expect("a call");
    let mut changed = call.clone();
    changed.body = changed.body.replace("delivered", "failed");
    assert_eq!(app.senders.make(changed).await, Some(401));
    let mut other = call.clone();
    other.url = other.url.replace("?m=", "?m=0");
    assert_eq!(app.senders.make(other).await, Some(401));
    let mut unsigned = call.clone();
    unsigned.headers.retain(|(name, _)| *name != "x-twilio-signature");
    assert_eq!(app.senders.make(unsigned).await, Some(401));
    assert_eq!(app.run_jobs().await, 0);
    assert_eq!(state(&app, id).await.0, State::Sent);
    let newer = app.senders.newer_report_call(&text, "delivered");
    assert_eq!(app.senders.make(newer).await, Some(200));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await.0, State::Delivered, "signed with the shared key");
    assert_eq!(
        app.anonymous().raw(Method::POST, "/webhooks/sms/bird", "application/json", b"{}".to_vec()).await.status,
        404
    );

    let nobodys = Text {
        id: "SMnobodys".to_owned(),
        callback: text.callback.map(|url| url.split('?').next().unwrap_or("").to_owned()),
        ..text
    };
    assert_eq!(app.senders.report(&nobodys, "delivered", None).await, Some(200));
    app.run_jobs().await;
    app.advance(TimeDelta::minutes(3));
    app.run_jobs().await;
    let kept: Vec<(String, bool)> =
        sqlx::query_as("select state, payload is not null from message_callbacks order by state")
            .fetch_all(&mut crate::audit::superuser(&app).await)
            .await
            .expect("rows");
    assert_eq!(kept, [("done".to_owned(), false), ("unknown".to_owned(), true)]);
}

#[tokio::test]
async fn messagebird_and_bird_send_report_and_bring_answers() {
    for vendor in ["messagebird", "bird"] {
        let app = TestApp::with_senders(vendor, "mailgun", Duration::from_millis(400)).await;
        let id = sent(&app, sms("Hei – æøå")).await;
        let text = only(&app);
        assert_eq!(text.reference, Some(id.to_string()), "{vendor}");
        assert_eq!(text.to, KARI);
        report(&app, &text, "delivered", None).await;
        assert_eq!(state(&app, id).await, (State::Delivered, None), "{vendor}");

        app.senders.fail_next(Fault::Silence);
        let id = sent(&app, sms("Hei igjen")).await;
        app.advance(TimeDelta::seconds(61));
        app.run_jobs().await;
        assert_eq!(state(&app, id).await, (State::Sent, None), "{vendor} lists it");

        let failing = sent(&app, sms("Borte")).await;
        let text = app.senders.last_to(KARI).expect("sent");
        report(&app, &text, "delivery_failed", Some(if vendor == "bird" { "absent_subscriber" } else { "27" })).await;
        assert_eq!(state(&app, failing).await, (State::Undelivered, Some(Family::Unreachable)), "{vendor}");

        assert_eq!(
            app.senders.answer(vendor, KARI, if vendor == "bird" { "Acme" } else { "+4790000009" }, "STOP").await,
            Some(200)
        );
        let call = app.senders.answer_call(vendor, "forged", KARI, "+4790000009", "START").expect("a call");
        let mut forged = call.clone();
        forged.body = forged.body.replace("forged", "changed");
        assert_eq!(app.senders.make(forged).await, Some(401), "{vendor}");
        app.run_jobs().await;
        if vendor == "bird" {
            let id = sent(&app, sms("Hei")).await;
            assert_eq!(state(&app, id).await, (State::Failed, Some(Family::OptedOut)));
        }
        assert_eq!(app.senders.texts().iter().filter(|text| text.status != "received").count(), 3);
    }
}

#[tokio::test]
async fn e_mail_by_api_arrives_bounces_and_is_complained_of() {
    for (vendor, bounce, complaint) in [("sendgrid", "bounce", "spamreport"), ("mailgun", "failed", "complained")] {
        let app = TestApp::with_senders("twilio", vendor, Duration::from_millis(400)).await;
        let id = sent(&app, mail("Vi ringer i dag.")).await;
        let one = app.senders.mails().pop().expect("a mail");
        assert_eq!(one.message, Some(id.to_string()), "{vendor}");
        assert!(one.to.contains("kari@example.com") && one.html.is_some());
        let request = one.request.to_string();
        assert!(request.contains("List-Unsubscribe-Post") && one.text.contains("/u/"), "{request}");
        assert_eq!(state(&app, id).await.0, State::Sent);
        assert_eq!(app.senders.mail_event(&one, "delivered").await, Some(200));
        app.run_jobs().await;
        assert_eq!(state(&app, id).await, (State::Delivered, None), "{vendor}");

        // Tampered, and replayed with another event.
        let call = app.senders.mail_call(&one, bounce).expect("a call");
        let mut forged = call.clone();
        if vendor == "sendgrid" {
            forged.body = forged.body.replace("bounce", "delivered");
        } else {
            forged.body = forged.body.replace("\"timestamp\":\"1", "\"timestamp\":\"2");
        }
        assert_eq!(app.senders.make(forged).await, Some(401), "{vendor}");
        let again = sent(&app, mail("En til")).await;
        let two = app.senders.mails().pop().expect("a mail");
        let call = app.senders.mail_call(&two, bounce).expect("a call");
        assert_eq!(app.senders.make(call.clone()).await, Some(200));
        if vendor == "mailgun" {
            // The body is not signed: the same token with another event is nothing new.
            let mut replayed = call.clone();
            replayed.body = replayed.body.replace("failed", "delivered");
            assert_eq!(app.senders.make(replayed).await, Some(200));
        }
        app.run_jobs().await;
        assert_eq!(state(&app, again).await, (State::Undelivered, Some(Family::InvalidAddress)), "{vendor}");
        let id = sent(&app, mail("Enda en")).await;
        assert_eq!(
            state(&app, id).await,
            (State::Failed, Some(Family::OptedOut)),
            "who bounced is not written to: {vendor}"
        );

        let other = NewMessage { to: Recipient::Email("per@example.com".to_owned()), ..mail("Hei Per") };
        let id = sent(&app, other.clone()).await;
        let mail = app.senders.mails().pop().expect("a mail");
        assert_eq!(app.senders.mail_event(&mail, complaint).await, Some(200));
        app.run_jobs().await;
        assert_eq!(state(&app, id).await.0, State::Delivered, "whoever complains has it");
        assert_eq!(state(&app, sent(&app, other).await).await.1, Some(Family::OptedOut));

        app.senders.fail_next(Fault::Code(400));
        let bad = NewMessage { to: Recipient::Email("nobody@example.com".to_owned()), ..sms("x") };
        let bad = NewMessage { channel: Channel::Email, subject: Some("x".to_owned()), ..bad };
        let id = sent(&app, bad).await;
        assert_eq!(state(&app, id).await, (State::Failed, Some(Family::InvalidAddress)), "{vendor}");
    }
}

#[tokio::test]
async fn letters_go_by_api_too() {
    let app = TestApp::with_senders("twilio", "mailgun", Duration::from_secs(5)).await;
    let invited = json!({ "name": "Nils", "email": "nils@example.com", "role": "agent" });
    app.asha().post("/api/invitations", invited).await.ok();
    app.run_jobs().await;
    let letter = app.senders.mails().pop().expect("a letter");
    assert!(letter.to.contains("nils@example.com") && letter.html.is_some(), "{letter:?}");
}

#[tokio::test]
async fn a_colleague_is_reached_at_their_own_number_and_one_who_left_is_not() {
    let app = twilio().await;
    let to_ravi = NewMessage { purpose: Purpose::Alert, to: Recipient::User(app.world.ravi), ..sms("Ny lead") };
    let id = sent(&app, to_ravi.clone()).await;
    assert_eq!(state(&app, id).await, (State::Failed, Some(Family::NotConfigured)), "no number yet");
    for (bad, reason) in [("22 12 34 56", "phone_not_mobile"), ("12", "phone_invalid")] {
        let answer = app.ravi().send(Method::PATCH, "/api/me", Some(json!({ "phone": bad }))).await;
        answer.refused(422, reason);
    }
    let me = app.ravi().send(Method::PATCH, "/api/me", Some(json!({ "phone": "912 34 567" }))).await.ok();
    assert_eq!(me["user"]["phone"], KARI);
    assert_eq!(app.ravi().get("/api/session").await.ok()["user"]["phone"], KARI);
    let id = sent(&app, to_ravi.clone()).await;
    assert_eq!(state(&app, id).await, (State::Sent, None));
    let text = only(&app);
    assert_eq!((text.to.as_str(), text.text.as_str()), (KARI, "Ny lead"), "an alert carries no link");

    let tested = app.ravi().post("/api/messages/test", json!({ "channel": "sms" })).await.ok();
    app.run_jobs().await;
    let path = format!("/api/messages/{}", tested["id"].as_str().expect("an id"));
    assert_eq!(app.ravi().get(&path).await.ok()["state"], "sent");
    assert_eq!(app.rosa().get(&path).await.status, 404, "somebody else's");

    let me = app.ravi().send(Method::PATCH, "/api/me", Some(json!({ "phone": null }))).await.ok();
    assert!(me["user"]["phone"].is_null());
    app.ravi().send(Method::PATCH, "/api/me", Some(json!({ "phone": KARI }))).await.ok();
    assert_eq!(app.asha().delete(&format!("/api/team/{}", app.world.ravi)).await.status, 204);
    app.run_jobs().await;
    let id = sent(&app, to_ravi).await;
    assert_eq!(state(&app, id).await, (State::Failed, Some(Family::NotConfigured)));
}

#[tokio::test]
async fn an_alert_that_comes_too_late_and_one_that_was_taken_back_do_not_go() {
    let app = twilio().await;
    app.senders.fail_next(Fault::Status(503));
    let id = sent(&app, NewMessage { purpose: Purpose::Alert, ..sms("Ny lead") }).await;
    app.advance(TimeDelta::hours(3));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, (State::Failed, Some(Family::Expired)));

    let id = write_down(&app, app.world.acme, sms("Hei")).await;
    let cancelled = app.app.db.write(app.world.acme, Actor::System, async |tx| messages::cancel(tx, id).await);
    assert!(cancelled.await.expect("cancels"));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, (State::Cancelled, None));
    assert_eq!(app.senders.texts().len(), 0);
}

#[tokio::test]
async fn what_is_sent_and_who_wants_none_is_each_organizations_own() {
    let app = twilio().await;
    let number = json!({ "sms_sender": "+4790000001", "reply_to": null });
    app.asha().with_header("if-match", "\"0\"").put("/api/messages/settings", number.clone()).await.ok();
    app.gita()
        .with_header("if-match", "\"0\"")
        .put("/api/messages/settings", number)
        .await
        .refused(409, "sender_taken");
    let id = sent(&app, sms("Hei")).await;
    let added = app.gita().post("/api/suppressions", json!({ "channel": "sms", "address": KARI })).await.ok();
    assert_eq!(added["address"], "+47******67");
    assert_eq!(state(&app, sent(&app, sms("Hei")).await).await.0, State::Sent, "globex's list is not acme's");
    assert_eq!(app.asha().get("/api/suppressions").await.ok()["items"], json!([]));
    let theirs = format!("/api/suppressions/{}", added["id"].as_str().expect("an id"));
    assert_eq!(app.asha().delete(&theirs).await.status, 404);
    let read = app.app.db.read(app.world.globex, Actor::System, async |tx| messages::state(tx, id).await);
    assert_eq!(read.await.expect("reads"), None);

    // Both wrote to Kari from the deployment's sender: STOP is meant for both, and its words stand with the one who wrote last.
    let at_globex = write_down(&app, app.world.globex, NewMessage { purpose: Purpose::Test, ..sms("Hallo") }).await;
    let back = app.gita().delete(&theirs).await;
    assert_eq!(back.status, 204);
    app.run_jobs().await;
    let read = app.app.db.read(app.world.globex, Actor::System, async |tx| messages::state(tx, at_globex).await);
    assert_eq!(read.await.expect("reads").expect("there").state, State::Sent);
    assert_eq!(app.senders.answer("twilio", KARI, "Acme", "STOP").await, Some(200));
    app.run_jobs().await;
    let listed = app.gita().get("/api/suppressions?q=91234567").await.ok();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(0), "a German business's 91234567 is another number");
    let listed = app.gita().get("/api/suppressions?q=%2B4791234567").await.ok();
    assert_eq!(listed["items"][0]["why"], "stop");
    assert_eq!(app.asha().get("/api/suppressions").await.ok()["items"], json!([]), "acme wrote from its own number");
}

#[tokio::test]
async fn the_owner_says_as_whom_and_what_is_no_sender_is_told_why() {
    let app = twilio().await;
    let asha = app.asha();
    let settings = asha.get("/api/messages/settings").await.ok();
    assert_eq!(
        (&settings["sms_sender"], &settings["default_sender"], &settings["takes_answers"], &settings["version"]),
        (&json!(null), &json!("Acme"), &json!(false), &json!(0))
    );
    let put = async |version: i32, sender: serde_json::Value, reply_to: serde_json::Value| {
        let body = json!({ "sms_sender": sender, "reply_to": reply_to });
        asha.clone().with_header("if-match", &format!("\"{version}\"")).put("/api/messages/settings", body).await
    };
    for bad in ["Acme Varmepumper", "Blåbær", "2400", "+47"] {
        put(0, json!(bad), json!(null)).await.refused(422, "sender_invalid");
    }
    put(0, json!(null), json!("nobody")).await.refused(422, "email_invalid");
    let saved = put(0, json!(" Acme Varme "), json!("post@acme.example")).await.ok();
    assert_eq!((&saved["sms_sender"], &saved["version"]), (&json!("Acme Varme"), &json!(1)));
    assert_eq!(put(0, json!("Other"), json!(null)).await.status, 412);
    sent(&app, sms("Hei")).await;
    assert_eq!(only(&app).from, "Acme Varme");
    let id = sent(&app, mail("Hei")).await;
    assert_eq!(state(&app, id).await.0, State::Sent);
    assert_eq!(app.senders.mails()[0].request["reply_to"]["email"], "post@acme.example");
}

#[tokio::test]
async fn nobodys_number_or_words_are_readable_in_the_database() {
    let app = twilio().await;
    let id = sent(&app, sms("Et ord som ingen andre skriver")).await;
    report(&app, &only(&app), "delivered", None).await;
    app.senders.answer("twilio", KARI, "Acme", "Svaret som bare Kari skrev").await;
    sent(&app, mail("Et brev som ingen andre skriver")).await;
    let mut superuser = crate::audit::superuser(&app).await;
    let rows: Vec<String> = sqlx::query_scalar(
        "select row_to_json(m)::text from messages m union all select row_to_json(r)::text from message_routes r
         union all select row_to_json(c)::text from message_callbacks c union all select row_to_json(j)::text from jobs j
         union all select row_to_json(s)::text from suppressions s union all select row_to_json(e)::text from events e",
    )
    .fetch_all(&mut superuser)
    .await
    .expect("rows");
    assert!(rows.len() >= 6, "{rows:?}");
    let all = rows.join("\n");
    for secret in ["91234567", "kari@example.com", "ingen andre", "bare Kari"] {
        assert!(!all.contains(secret), "{secret} stands in the database");
    }
    app.run_jobs().await;
    assert_eq!(state(&app, id).await.0, State::Delivered);
}
