//! What an owner sets up with Meta: an app of their own, forms and their mapping, receipts, the graveyard.

use chrono::TimeDelta;
use nextmove::{
    providers::meta::AppSecret,
    sandbox::meta::{Fault, HowToDeliver, NewLead, PageChange},
    start,
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    webhooks::{all_leads, arrive, connect},
    world::{OWN_APP, TestApp},
};

const PAGE: &str = "104857600123456";

/// The path of an address: what follows the host.
fn path_of(setup: &Value) -> String {
    let url: url::Url = setup["callback_url"].as_str().expect("an address").parse().expect("a URL");
    url.path().to_owned()
}

async fn own_app(app: &TestApp) -> Value {
    let change = json!({ "app_id": OWN_APP.0, "app_secret": OWN_APP.1, "verify_token": "a-token-that-acme-chose" });
    app.asha().put("/api/connections/meta/app", change).await.ok()
}

fn announcement(page: &str, lead: &str) -> String {
    json!({ "object": "page", "entry": [{ "id": page, "time": 1, "changes": [{ "field": "leadgen", "value": {
        "leadgen_id": lead, "page_id": page, "form_id": "998877665544332", "created_time": 1_772_442_000 } }] }] })
    .to_string()
}

async fn post(app: &TestApp, path: &str, body: &str, secret: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let signature = AppSecret::new(secret.as_bytes()).sign(body.as_bytes());
    let request = client.post(format!("{}{path}", app.address)).header("x-hub-signature-256", signature);
    request.body(body.to_owned()).send().await.expect("an answer").status().as_u16()
}

async fn count(app: &TestApp, query: &'static str) -> i64 {
    let mut connection = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a count")
}

#[tokio::test]
async fn an_app_of_ones_own_has_its_own_path_secret_and_handshake() {
    let app = TestApp::new().await;
    let common = app.asha().get("/api/connections/meta").await.ok();
    assert_eq!((path_of(&common).as_str(), &common["app"]["own"]), ("/webhooks/meta-lead", &json!(false)));
    assert_eq!(common["app"]["verify_token"], Value::Null, "the deployment's is not theirs to see");

    let save = async |change: Value| app.asha().put("/api/connections/meta/app", change).await;
    save(json!({ "app_id": "x1" })).await.refused(422, "app_id_invalid");
    save(json!({ "app_id": OWN_APP.0 })).await.refused(422, "required");
    save(json!({ "app_id": OWN_APP.0, "app_secret": "short" })).await.refused(422, "secret_invalid");
    let setup = own_app(&app).await;
    let path = path_of(&setup);
    assert_eq!(path.len(), "/webhooks/meta-lead/".len() + 43, "unguessable");
    assert_eq!(setup["app"]["app_secret_end"], &OWN_APP.1[OWN_APP.1.len() - 4..]);
    assert!(!setup.to_string().contains(OWN_APP.1));
    let again = save(json!({ "app_id": OWN_APP.0 })).await.ok();
    assert_eq!((path_of(&again), &again["app"]["verify_token"]), (path.clone(), &json!("a-token-that-acme-chose")));
    save(json!({ "app_id": "999" })).await.refused(422, "required");

    let shake = async |path: &str, token: &str| {
        let ask = format!("{path}?hub.mode=subscribe&hub.challenge=4711&hub.verify_token={token}");
        app.anonymous().get(&ask).await
    };
    assert_eq!(shake(&path, "a-token-that-acme-chose").await.text, "4711");
    assert_eq!(shake(&path, crate::world::VERIFY_TOKEN).await.status, 403, "each path has its own");
    assert_eq!(shake("/webhooks/meta-lead", "a-token-that-acme-chose").await.status, 403);
    let unknown = format!("/webhooks/meta-lead/{}", "A".repeat(43));
    assert_eq!(shake(&unknown, "a-token-that-acme-chose").await.status, 404);
    assert_eq!(shake("/webhooks/meta-lead/short", "a-token-that-acme-chose").await.status, 404);

    // Its page: the token was made for that app, and so is every proof.
    app.sandbox.change_page(PAGE, PageChange { app_id: Some(OWN_APP.0.into()), ..PageChange::default() });
    let page = format!("/api/connections/meta/pages/{PAGE}");
    app.asha().put(&page, json!({ "token": "sandbox-page-token" })).await.ok();
    let tested = app.asha().post(&format!("/api/connections/meta/pages/{PAGE}/tests"), json!({})).await.ok();
    assert_eq!(tested["ok"], true, "{tested}");
    let lead = app.sandbox.add_lead(&NewLead::default());
    let body = announcement(PAGE, &lead);
    assert_eq!(post(&app, &path, &body, crate::world::APP_SECRET).await, 401, "another app's signature");
    assert_eq!(post(&app, "/webhooks/meta-lead", &body, OWN_APP.1).await, 401, "the common path is another app's");
    assert_eq!(post(&app, &path, &body, OWN_APP.1).await, 200);
    app.run_jobs().await;
    assert_eq!(all_leads(&app).await.len(), 1);

    // Another secret counts at once.
    save(json!({ "app_id": OWN_APP.0, "app_secret": "another-secret-of-the-app" })).await.ok();
    assert_eq!(post(&app, &path, &body, OWN_APP.1).await, 401);
    assert_eq!(app.asha().delete("/api/connections/meta/app").await.status, 204);
    assert_eq!(post(&app, &path, &body, OWN_APP.1).await, 404);
    assert_eq!(path_of(&app.asha().get("/api/connections/meta").await.ok()), "/webhooks/meta-lead");
    app.run_jobs().await;
}

#[tokio::test]
async fn secrets_are_sealed() {
    let app = TestApp::new().await;
    own_app(&app).await;
    let found = count(
        &app,
        "select count(*) from meta_apps where position('the-secret-of-an-own-app'::bytea in app_secret) > 0 or position('acme-chose'::bytea in verify_token) > 0",
    );
    assert_eq!(found.await, 0);
    assert_eq!(count(&app, "select count(*) from meta_apps").await, 1);
}

/// Saved at one process, while another one knows the app as it was.
#[tokio::test]
async fn another_secret_counts_at_every_process_at_once() {
    let app = TestApp::new().await;
    connect(&app).await;
    let path = path_of(&own_app(&app).await);
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    let other = start::app(app.app.config.clone(), &app.app_url(), app.clock.clone()).await.expect("an app");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = start::serving(&other, &mut tasks, &stop);
    tasks.spawn(start::answer(listener, router, other.clone(), stop.clone()));
    let shake = async |token: &str| {
        let asked = format!("http://{address}{path}?hub.mode=subscribe&hub.challenge=7&hub.verify_token={token}");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        client.get(asked).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(shake("a-token-that-acme-chose").await, 200);
    let change = json!({ "app_id": OWN_APP.0, "verify_token": "another-token-of-acme" });
    app.asha().put("/api/connections/meta/app", change).await.ok();
    assert_eq!(shake("another-token-of-acme").await, 200, "it knew another one a moment ago");
    assert_eq!(shake("nobodys-token-at-all").await, 403);
    tasks.shutdown().await;
}

/// What is signed by globex's app about acme's page is nobody's: not acme's lead, not globex's, and acme does not hear of it.
#[tokio::test]
async fn one_organizations_path_brings_nothing_to_another() {
    let app = TestApp::new().await;
    connect(&app).await;
    let change = json!({ "app_id": OWN_APP.0, "app_secret": OWN_APP.1 });
    let globex = app.gita().put("/api/connections/meta/app", change).await.ok();
    let path = path_of(&globex);
    let lead = app.sandbox.add_lead(&NewLead::default());
    let before = app.sandbox.requests().len();
    assert_eq!(post(&app, &path, &announcement(PAGE, &lead), OWN_APP.1).await, 200);
    app.run_jobs().await;
    assert_eq!(app.sandbox.requests().len(), before, "Meta is not asked for it");
    assert!(all_leads(&app).await.is_empty());
    assert_eq!(app.asha().get("/api/receipts").await.ok()["items"], json!([]), "acme does not see it");
    let own = app.gita().get("/api/receipts").await.ok();
    assert_eq!(
        (&own["items"][0]["state"], &own["items"][0]["reason"]),
        (&json!("quarantined"), &json!("unknown_page"))
    );
    // Whoever replays it, it stays where it is; connecting the page anew does not bring it either.
    let id = own["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(app.asha().post(&format!("/api/receipts/{id}/replay"), json!({})).await.status, 404);
    app.gita().post(&format!("/api/receipts/{id}/replay"), json!({})).await.refused(409, "still_nobodys");
    let waiting = app.olav().get("/api/operator/webhooks").await.ok();
    let part = waiting["items"][0]["id"].as_str().expect("an id").to_owned();
    app.olav().post(&format!("/api/operator/webhooks/{part}/replay"), json!({})).await.refused(409, "still_nobodys");
    connect(&app).await;
    app.run_jobs().await;
    assert!(all_leads(&app).await.is_empty());
    assert_eq!(count(&app, "select count(*) from webhook_receipts").await, 0);
    // By the common path it is acme's.
    app.sandbox.deliver(&[lead], &HowToDeliver::default()).await;
    app.run_jobs().await;
    assert_eq!(all_leads(&app).await.len(), 1);
}

#[tokio::test]
async fn a_time_that_no_lead_can_have_waits_in_the_quarantine() {
    let app = TestApp::new().await;
    connect(&app).await;
    for time in ["-99999999999", "0", "8210298412799", "9223372036854775807", "-9223372036854775808"] {
        let body = announcement(PAGE, "77").replace("1772442000", time);
        assert!(body.contains(time), "{body}");
        assert_eq!(app.sandbox.post_raw(body.as_bytes()).await.expect("an answer").status, Some(200), "{time}");
    }
    let waiting = app.asha().get("/api/receipts?state=quarantined&limit=100").await.ok();
    let items = waiting["items"].as_array().expect("items");
    assert_eq!(items.len(), 5);
    assert!(items.iter().all(|item| item["reason"] == "unreadable" && item["page_id"] == PAGE), "{items:?}");
    assert_eq!(app.gita().get("/api/receipts").await.ok()["items"], json!([]));
    assert_eq!(count(&app, "select count(*) from jobs where kind = 'fetch_lead'").await, 0);
}

async fn form(app: &TestApp) -> Value {
    app.asha().get("/api/forms/mappings").await.ok()["items"][0].clone()
}

#[tokio::test]
async fn the_business_decides_sees_what_it_does_and_then_it_counts() {
    let app = TestApp::new().await;
    connect(&app).await;
    let untouched = NewLead {
        full_name: Some("Kari Nordmann".into()),
        phone: Some("400 12 345".into()),
        test: Some(false),
        ..NewLead::default()
    };
    arrive(&app, &untouched).await;
    let by_hand =
        NewLead { full_name: Some("Ola Hansen".into()), phone: Some("400 99 999".into()), ..untouched.clone() };
    arrive(&app, &by_hand).await;
    let leads = all_leads(&app).await;
    let id_of = |name: &str| {
        leads.iter().find(|lead| lead["full_name"] == name).expect("a lead")["id"].as_str().expect("an id").to_owned()
    };
    let (kari, ola) = (id_of("Kari Nordmann"), id_of("Ola Hansen"));
    app.asha().patch(&format!("/api/leads/{ola}"), 1, json!({ "service": "Tak" })).await.ok();

    let before = form(&app).await;
    let id = before["id"].as_str().expect("an id").to_owned();
    assert_eq!(before["leads"], 2);
    let question = |form: &Value, key: &str| {
        form["questions"]
            .as_array()
            .expect("questions")
            .iter()
            .find(|question| question["key"] == key)
            .expect("a question")
            .clone()
    };
    let service = question(&before, "tjeneste");
    assert_eq!(
        (&service["target"], &service["decided"], &service["label"]),
        (&json!("service"), &json!(false), &json!("Hva ønsker du hjelp med?"))
    );
    assert!(service["options"].as_array().is_some_and(|options| options.len() == 4));

    // Unknown questions and targets are refused; what is odd is told.
    let preview = async |targets: Value| {
        app.asha().post(&format!("/api/forms/{id}/preview"), json!({ "targets": targets })).await
    };
    let refused = preview(json!({ "no_such": "phone" })).await;
    refused.refused(422, "question_unknown");
    assert_eq!(refused.json["field"], "targets.no_such");
    assert_eq!(preview(json!({ "tjeneste": "moon" })).await.status, 422);
    let odd = preview(json!({ "phone_number": "ignore", "email": "answer" })).await.ok();
    assert_eq!(odd["warnings"], json!(["no_contact"]));

    let draft = json!({ "tjeneste": "message", "melding": "answer", "post_code": "ignore" });
    let shown = preview(draft.clone()).await.ok();
    let of = |id: &str| {
        shown["leads"].as_array().expect("leads").iter().find(|lead| lead["lead_id"] == id).expect("a lead").clone()
    };
    let seen = of(&kari);
    assert_eq!(seen["before"]["service"], seen["after"]["message"]);
    assert_eq!((&seen["after"]["service"], &seen["after"]["postal_code"]), (&Value::Null, &Value::Null));
    assert_eq!(form(&app).await["version"], 1, "nothing is saved by looking");

    let decide = async |version: &str, targets: &Value| {
        let asha = app.asha().with_header("if-match", version);
        asha.put(&format!("/api/forms/{id}/mapping"), json!({ "targets": targets })).await
    };
    assert_eq!(app.asha().put(&format!("/api/forms/{id}/mapping"), json!({ "targets": {} })).await.status, 428);
    assert_eq!(app.gita().get(&format!("/api/forms/{id}/mapping")).await.status, 404);
    let decided = decide("\"1\"", &draft).await;
    assert_eq!(decided.header("etag"), Some("\"2\""));
    assert_eq!(question(&decided.ok(), "tjeneste")["decided"], true);
    let late = decide("\"1\"", &json!({})).await;
    assert_eq!((late.status, &late.json["current_version"]), (412, &json!(2)));
    // It counts for the next lead, and for those of before only when asked.
    let next = NewLead { full_name: Some("Liv Berg".into()), phone: Some("400 55 555".into()), ..untouched };
    arrive(&app, &next).await;
    let now =
        async |name: &str| all_leads(&app).await.into_iter().find(|lead| lead["full_name"] == name).expect("a lead");
    assert_eq!(now("Liv Berg").await["service"], Value::Null);
    assert!(now("Kari Nordmann").await["service"].is_string());
    app.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(app.asha().post(&format!("/api/forms/{id}/remap"), json!({})).await.status, 202);
    app.run_jobs().await;
    let lead = now("Kari Nordmann").await;
    assert_eq!((&lead["service"], &lead["postal_code"], &lead["version"]), (&Value::Null, &Value::Null, &json!(2)));
    assert_eq!(lead["message"], seen["after"]["message"]);
    assert_eq!(now("Ola Hansen").await["service"], "Tak", "what a person typed stays");
    let timeline = app.ravi().get(&format!("/api/leads/{kari}/timeline")).await.ok();
    assert_eq!(timeline["items"][0]["kind"], "remapped");
    assert!(timeline["items"][0]["fields"].as_array().is_some_and(|fields| fields.contains(&json!("message"))));
    // Asked again there is nothing to do.
    app.asha().post(&format!("/api/forms/{id}/remap"), json!({})).await;
    app.run_jobs().await;
    assert_eq!(now("Kari Nordmann").await["version"], 2);
    // Meta does not let us look: said so, and what to do.
    app.advance(TimeDelta::seconds(1));
    app.sandbox.change_page(PAGE, PageChange { dead: Some(460), ..PageChange::default() });
    app.asha().post("/api/forms/refresh", json!({})).await.refused(409, "meta_refuses");
    // Nobody could read the leads of a page that is gone; what was asked for before it went is over.
    assert_eq!(app.asha().post(&format!("/api/forms/{id}/remap"), json!({})).await.status, 202);
    assert_eq!(app.asha().delete(&format!("/api/connections/meta/pages/{PAGE}")).await.status, 204);
    app.asha().post(&format!("/api/forms/{id}/remap"), json!({})).await.refused(409, "not_connected");
    app.run_jobs().await;
}

/// The preview shows what people told Meta: the trail says so before it does.
#[tokio::test]
async fn looking_at_a_preview_is_told_in_the_trail() {
    let app = TestApp::new().await;
    connect(&app).await;
    let path = async || format!("/api/forms/{}/preview", form(&app).await["id"].as_str().expect("an id"));
    let told = "select count(*) from audit_entries where action = 'leads_previewed' and actor_kind = 'user' and subject_kind = 'form'";
    arrive(&app, &NewLead { test: Some(false), ..NewLead::default() }).await;
    app.mats().post(&path().await, json!({ "targets": {} })).await.refused(403, "role");
    assert_eq!(count(&app, told).await, 0, "who was refused saw nothing");
    let shown = app.asha().post(&path().await, json!({ "targets": {} })).await.ok();
    assert_eq!(shown["leads"].as_array().map(Vec::len), Some(1));
    assert_eq!(count(&app, told).await, 1);
    app.asha().post(&path().await, json!({ "targets": { "tjeneste": "message" } })).await.ok();
    assert_eq!(count(&app, told).await, 1, "once in ten minutes");
}

/// While one mapping is being applied to the leads of before, an owner decides otherwise and asks again: the later decision holds.
#[tokio::test]
async fn the_mapping_that_was_decided_last_holds_for_the_leads_of_before() {
    let app = TestApp::new().await;
    connect(&app).await;
    arrive(&app, &NewLead { test: Some(false), ..NewLead::default() }).await;
    let id = form(&app).await["id"].as_str().expect("an id").to_owned();
    let decide = async |version: &str, targets: Value| {
        let asha = app.asha().with_header("if-match", version);
        asha.put(&format!("/api/forms/{id}/mapping"), json!({ "targets": targets })).await.ok();
        assert_eq!(app.asha().post(&format!("/api/forms/{id}/remap"), json!({})).await.status, 202);
    };
    let remaps = "select count(*) from jobs where kind = 'remap_form'";
    decide("\"1\"", json!({ "tjeneste": "message", "melding": "answer" })).await;
    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    sqlx::query("update jobs set state = 'running' where kind = 'remap_form'")
        .execute(&mut superuser)
        .await
        .expect("runs");
    decide("\"2\"", json!({ "tjeneste": "city", "melding": "answer" })).await;
    assert_eq!(count(&app, remaps).await, 2, "the one under way does not know of the later decision");
    // Also where the earlier one gets to its leads last.
    sqlx::query("update jobs set state = 'ready', priority = priority + 1 where state = 'running'")
        .execute(&mut superuser)
        .await
        .expect("goes on");
    app.run_jobs().await;
    let lead = &all_leads(&app).await[0];
    assert_eq!((&lead["service"], &lead["message"]), (&Value::Null, &Value::Null));
    assert!(lead["city"].is_string(), "{lead}");
    let fields = app.ravi().get(&format!("/api/leads/{}/timeline", lead["id"].as_str().expect("an id"))).await.ok();
    let remapped = fields["items"].as_array().expect("items").iter().filter(|item| item["kind"] == "remapped").count();
    assert_eq!(remapped, 1, "and no lead is moved to and fro");
}

/// A lead that Meta would not give, until it lies in the graveyard.
async fn bury(app: &TestApp) -> String {
    let id = app.sandbox.add_lead(&NewLead { organic: Some(true), ..NewLead::default() });
    app.sandbox.fail_next(Fault::Refused, 1);
    app.sandbox.deliver(std::slice::from_ref(&id), &HowToDeliver::default()).await;
    app.run_jobs().await;
    id
}

#[tokio::test]
async fn what_was_given_up_is_told_replayed_once_or_discarded_for_good() {
    let app = TestApp::new().await;
    connect(&app).await;
    let (first, second, third) = (bury(&app).await, bury(&app).await, bury(&app).await);
    let fetched = arrive(&app, &NewLead { organic: Some(true), ..NewLead::default() }).await;
    let list = async |query: &str| {
        app.asha().get(&format!("/api/receipts{query}")).await.ok()["items"].as_array().expect("items").clone()
    };
    let all = list("").await;
    let told: Vec<(&str, &str)> = all
        .iter()
        .map(|one| (one["meta_lead_id"].as_str().unwrap_or_default(), one["state"].as_str().unwrap_or_default()))
        .collect();
    let expected = [(&fetched, "fetched"), (&third, "failed"), (&second, "failed"), (&first, "failed")];
    assert_eq!(told.len(), 4);
    for (id, state) in expected {
        assert!(told.contains(&(id.as_str(), state)), "{told:?}");
    }
    assert!(
        all.iter().filter(|one| one["state"] == "failed").all(|one| one["reason"] == "refused" && one["tries"] == 1)
    );
    assert_eq!(
        (list("?state=failed").await.len(), list("?state=fetched").await.len(), list("?state=waiting").await.len()),
        (3, 1, 0)
    );
    assert_eq!(list(&format!("?page_id={PAGE}")).await.len(), 4);
    assert_eq!(list("?page_id=1").await.len(), 0);
    app.asha().get("/api/receipts?limit=101").await.refused(422, "out_of_range");
    // By cursor every one, once.
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = app.asha().get(&format!("/api/receipts?limit=1{cursor}")).await.ok();
        seen.extend(page["items"].as_array().expect("items").iter().map(|one| one["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all.iter().map(|one| one["id"].clone()).collect::<Vec<_>>());

    // One by one; what is here already stays one lead.
    let receipt = |id: &str| {
        all.iter().find(|one| one["meta_lead_id"] == id).expect("a receipt")["id"].as_str().expect("an id").to_owned()
    };
    for id in [&first, &first, &fetched] {
        assert_eq!(app.asha().post(&format!("/api/receipts/{}/replay", receipt(id)), json!({})).await.status, 204);
        assert_eq!(app.gita().post(&format!("/api/receipts/{}/replay", receipt(id)), json!({})).await.status, 404);
        app.run_jobs().await;
    }
    assert_eq!(all_leads(&app).await.len(), 2);

    // The graveyard: the second out for good, the third comes back with all.
    let graves = app.asha().get("/api/graveyard").await.ok()["items"].as_array().expect("items").clone();
    assert_eq!(graves.len(), 2);
    assert_eq!(
        (&graves[1]["kind"], &graves[1]["reason"], &graves[1]["tries"]),
        (&json!("fetch_lead"), &json!("refused"), &json!(1))
    );
    assert_eq!(app.gita().get("/api/graveyard").await.ok()["items"], json!([]));
    let grave = &graves[1]["id"];
    assert_eq!(app.gita().delete(&format!("/api/graveyard/{grave}")).await.status, 404);
    assert_eq!(app.asha().delete(&format!("/api/graveyard/{grave}")).await.status, 204);
    assert_eq!(app.asha().delete(&format!("/api/graveyard/{grave}")).await.status, 404);
    assert_eq!(list("?state=discarded").await[0]["meta_lead_id"], second.as_str());
    assert_eq!(
        count(&app, "select count(*) from discarded_jobs where discarded_by is not null and reason like 'refused:%'")
            .await,
        1
    );
    assert_eq!(app.asha().post("/api/receipts/replay", json!({})).await.ok(), json!({ "count": 1 }));
    app.run_jobs().await;
    assert_eq!((all_leads(&app).await.len(), list("?state=failed").await.len()), (3, 0));
    assert_eq!(app.asha().post("/api/receipts/replay", json!({})).await.ok(), json!({ "count": 0 }));
    // Second thoughts about what was discarded.
    assert_eq!(app.asha().post(&format!("/api/receipts/{}/replay", receipt(&second)), json!({})).await.status, 204);
    app.run_jobs().await;
    assert_eq!(all_leads(&app).await.len(), 4);
}

#[tokio::test]
async fn a_grave_is_replayed_by_its_owner_and_by_nobody_elses_operator() {
    let app = TestApp::new().await;
    connect(&app).await;
    bury(&app).await;
    let grave = app.asha().get("/api/graveyard").await.ok()["items"][0]["id"].clone();
    assert_eq!(app.olav().get("/api/operator/jobs").await.ok()["items"].as_array().map(Vec::len), Some(1));
    // Another agency takes acme over: olav looks after it no more.
    let mut connection = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    sqlx::query("with other as (insert into operators (id, name, created_at) values (gen_random_uuid(), 'Another', now()) returning id) update organizations set operator_id = other.id from other where slug = 'acme'")
        .execute(&mut connection)
        .await
        .expect("taken over");
    let absurd = announcement(PAGE, "77").replace("1772442000", "0");
    assert_eq!(app.sandbox.post_raw(absurd.as_bytes()).await.expect("an answer").status, Some(200));
    assert_eq!(app.olav().get("/api/operator/jobs").await.ok()["items"], json!([]));
    assert_eq!(app.olav().post(&format!("/api/operator/jobs/{grave}/replay"), json!({})).await.status, 404);
    assert_eq!(app.olav().get("/api/operator/webhooks").await.ok()["items"], json!([]));
    let part = app.asha().get("/api/receipts?state=quarantined").await.ok()["items"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(app.olav().post(&format!("/api/operator/webhooks/{part}/replay"), json!({})).await.status, 404);
    assert_eq!(app.gita().post(&format!("/api/graveyard/{grave}/replay"), json!({})).await.status, 404);
    assert_eq!(app.asha().post(&format!("/api/graveyard/{grave}/replay"), json!({})).await.status, 204);
    app.run_jobs().await;
    assert_eq!(all_leads(&app).await.len(), 1);
    assert_eq!(app.asha().post(&format!("/api/graveyard/{grave}/replay"), json!({})).await.status, 404);
}
