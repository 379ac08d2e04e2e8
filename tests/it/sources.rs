//! Other systems and the forms of web pages bring leads: signed, once, and nothing is lost that cannot be read.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    webhooks::all_leads,
    world::{Answer, TestApp},
};

/// A source of acme's: its id, its path, its secret.
async fn source(app: &TestApp, new: Value) -> (String, String, String) {
    let made = app.asha().post("/api/sources", new).await.ok();
    let url = made["source"]["url"].as_str().expect("an address");
    let path = url[url.find("/webhooks").expect("a path")..].to_owned();
    let secret = made["secret"].as_str().unwrap_or_default().to_owned();
    (made["source"]["id"].as_str().expect("an id").to_owned(), path, secret)
}

async fn shop(app: &TestApp) -> (String, String, String) {
    source(app, json!({ "name": "Shop", "kind": "webhook" })).await
}

/// As the libraries of Standard Webhooks sign.
async fn deliver(app: &TestApp, path: &str, secret: &str, id: &str, body: &str) -> Answer {
    let at = app.clock.now().timestamp().to_string();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    let signed = format!("{id}.{at}.{body}");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
    let caller =
        app.anonymous().without("sec-fetch-site").with_header("webhook-id", id).with_header("webhook-timestamp", &at);
    let caller = caller.with_header("webhook-signature", &format!("v1,{}", STANDARD.encode(tag.as_ref())));
    caller.raw(Method::POST, path, "application/json", body.as_bytes().to_vec()).await
}

const KARI: &str = r#"{"contact":{"name":"Kari Nordmann","phone":"400 12 345"},"email":"kari@example.com","roof_age":30,"wishes":["tak","renne"]}"#;

#[tokio::test]
async fn a_system_that_signs_brings_a_lead_once_with_every_field() {
    let app = TestApp::new().await;
    let (id, path, secret) = shop(&app).await;
    for _ in 0..3 {
        assert_eq!(deliver(&app, &path, &secret, "msg_1", KARI).await.status, 202);
    }
    let leads = all_leads(&app).await;
    assert_eq!(leads.len(), 1);
    let lead = &leads[0];
    assert_eq!((lead["full_name"].as_str(), lead["phone"].as_str()), (Some("Kari Nordmann"), Some("+4740012345")));
    assert_eq!(
        (lead["email"].as_str(), lead["source"].as_str(), lead["enquiry_count"].as_i64()),
        (Some("kari@example.com"), Some("webhook"), Some(1))
    );
    assert_eq!(lead["due_at"], "2026-03-02T09:15:00Z");
    let detail = app.ravi().get(&format!("/api/leads/{}", lead["id"].as_str().expect("an id"))).await.ok();
    let answers: Vec<(&str, &Value)> = detail["answers"]
        .as_array()
        .expect("answers")
        .iter()
        .filter_map(|answer| Some((answer["key"].as_str()?, &answer["values"])))
        .collect();
    assert_eq!(answers, [("roof_age", &json!(["30"])), ("wishes", &json!(["tak", "renne"]))]);
    // Named anew it is another delivery of the same person.
    assert_eq!(deliver(&app, &path, &secret, "msg_2", KARI).await.status, 202);
    assert_eq!(all_leads(&app).await[0]["enquiry_count"], 2);
    let told = app.asha().get("/api/sources").await.ok()["items"][0].clone();
    assert_eq!(
        (told["leads"].as_i64(), told["failed"].as_i64(), told["secret_end"].as_str()),
        (Some(2), Some(0), Some(&secret[secret.len() - 4..]))
    );
    assert_eq!(
        app.asha().get(&format!("/api/sources/{id}/deliveries")).await.ok()["items"].as_array().map(Vec::len),
        Some(2)
    );
    app.run_jobs().await;
}

#[tokio::test]
async fn what_is_not_signed_by_it_is_refused_and_leaves_nothing() {
    let app = TestApp::new().await;
    let (id, path, secret) = shop(&app).await;
    let (_, other_path, other) = source(&app, json!({ "name": "Other", "kind": "webhook" })).await;
    deliver(&app, &path, &other, "msg_1", KARI).await.refused(401, "signature");
    deliver(&app, &other_path, &secret, "msg_1", KARI).await.refused(401, "signature");
    let unsigned = app.anonymous().raw(Method::POST, &path, "application/json", KARI.into()).await;
    unsigned.refused(401, "signature");
    let nowhere = format!("/webhooks/leads/{}", "x".repeat(43));
    assert_eq!(deliver(&app, &nowhere, &secret, "msg_1", KARI).await.status, 404);
    assert_eq!(app.anonymous().get(&path).await.status, 405);
    assert!(all_leads(&app).await.is_empty());
    assert_eq!(app.asha().get(&format!("/api/sources/{id}/deliveries")).await.ok()["items"], json!([]));
    // The simple way, over the bytes with the secret as it is written; the same bytes are the same delivery.
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), KARI.as_bytes());
    let simple = app.anonymous().with_header("x-signature-256", &format!("sha256={}", hex::encode(tag.as_ref())));
    for _ in 0..2 {
        assert_eq!(simple.raw(Method::POST, &path, "application/json", KARI.into()).await.status, 202);
    }
    assert_eq!(all_leads(&app).await[0]["enquiry_count"], 1);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_secret_is_replaced_with_a_day_for_both_and_stands_nowhere_in_the_clear() {
    let app = TestApp::new().await;
    let (id, path, before) = shop(&app).await;
    let rotated = app.asha().post(&format!("/api/sources/{id}/secret"), Value::Null).await.ok();
    let after = rotated["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(rotated["source"]["previous_until"], "2026-03-03T09:00:00Z");
    assert_eq!(deliver(&app, &path, &before, "msg_1", KARI).await.status, 202);
    assert_eq!(deliver(&app, &path, &after, "msg_2", KARI).await.status, 202);
    app.advance(TimeDelta::hours(25));
    deliver(&app, &path, &before, "msg_3", KARI).await.refused(401, "signature");
    assert_eq!(deliver(&app, &path, &after, "msg_3", KARI).await.status, 202);
    let told = app.asha().get("/api/sources").await.text;
    assert!(!told.contains(&before) && !told.contains(&after));
    let readable: Vec<String> = sqlx::query_scalar("select lead_sources::text || (select string_agg(source_deliveries::text, '') from source_deliveries) from lead_sources")
        .fetch_all(&mut crate::audit::superuser(&app).await)
        .await
        .expect("rows");
    assert!(!readable.concat().contains("Kari") && !readable.concat().contains(&after[6..]));
    let (form, ..) = source(&app, json!({ "name": "Page", "kind": "form" })).await;
    app.asha().post(&format!("/api/sources/{form}/secret"), Value::Null).await.refused(409, "no_secret");
    app.run_jobs().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_seen_and_read_again_by_another_mapping() {
    let app = TestApp::new().await;
    let (id, path, secret) = shop(&app).await;
    let odd = r#"{"ring_meg":"400 12 345","hva":"Nytt tak"}"#;
    for (number, body) in ["<xml/>", "[]", "{}", odd].into_iter().enumerate() {
        assert_eq!(deliver(&app, &path, &secret, &format!("msg_{number}"), body).await.status, 202, "it is kept");
    }
    let list = app.asha().get(&format!("/api/sources/{id}/deliveries")).await.ok()["items"].clone();
    let reasons: Vec<&str> = list.as_array().expect("items").iter().filter_map(|one| one["reason"].as_str()).collect();
    assert_eq!(reasons.len(), 4);
    assert!(["no_json", "no_object", "empty", "no_contact"].iter().all(|why| reasons.contains(why)), "{reasons:?}");
    let waits = list.as_array().expect("items").iter().find(|one| one["reason"] == "no_contact").expect("one")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let again = format!("/api/sources/{id}/deliveries/{waits}/replay");
    app.asha().post(&again, Value::Null).await.refused(409, "still_unreadable");

    // The owner sees the fields, tries where they go on what came, and decides.
    let mapping = app.asha().get(&format!("/api/sources/{id}/mapping")).await;
    assert_eq!(mapping.header("etag"), Some("\"1\""));
    let mapping = mapping.ok();
    assert_eq!(
        mapping["questions"]
            .as_array()
            .expect("questions")
            .iter()
            .map(|one| one["key"].as_str().expect("a key"))
            .collect::<Vec<_>>(),
        ["ring_meg", "hva"]
    );
    assert_eq!(mapping["warnings"], json!(["no_contact", "no_name"]));
    let decided = json!({ "targets": { "ring_meg": "phone", "hva": "service" } });
    let preview = app.asha().post(&format!("/api/sources/{id}/preview"), decided.clone()).await.ok();
    let shown = preview["deliveries"]
        .as_array()
        .expect("deliveries")
        .iter()
        .find(|one| one["id"] == waits.as_str())
        .expect("it");
    assert_eq!(
        (&shown["before"]["phone"], shown["after"]["phone"].as_str(), shown["after"]["service"].as_str()),
        (&Value::Null, Some("+4740012345"), Some("Nytt tak"))
    );
    let asha = app.asha();
    asha.clone()
        .with_header("if-match", "\"7\"")
        .put(&format!("/api/sources/{id}/mapping"), decided.clone())
        .await
        .refused(412, "version");
    asha.with_header("if-match", "\"1\"").put(&format!("/api/sources/{id}/mapping"), decided).await.ok();
    for _ in 0..2 {
        assert_eq!(app.asha().post(&again, Value::Null).await.status, 204);
    }
    let leads = all_leads(&app).await;
    assert_eq!((leads.len(), leads[0]["service"].as_str()), (1, Some("Nytt tak")));
    app.run_jobs().await;
}

#[tokio::test]
async fn a_form_of_a_page_is_thanked_and_programs_are_too() {
    let app = TestApp::new().await;
    let (_, path, _) = source(&app, json!({ "name": "Page", "kind": "form" })).await;
    let send = async |kind: &str, body: &str| {
        app.anonymous()
            .with_header("sec-fetch-site", "cross-site")
            .raw(Method::POST, &path, kind, body.as_bytes().to_vec())
            .await
    };
    let thanked = send(
        "application/x-www-form-urlencoded",
        "navn=%C3%85se+Berg&telefon=400+12+345&melding=Hei%0Ader&leave_empty=",
    )
    .await;
    assert_eq!(thanked.status, 200);
    assert!(thanked.text.contains("Vi har fått meldingen din"), "in the business's language: {}", thanked.text);
    let boundary = "--b\r\nContent-Disposition: form-data; name=\"navn\"\r\n\r\nOla\r\n--b\r\nContent-Disposition: form-data; name=\"epost\"\r\n\r\nola@example.com\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.exe\"\r\n\r\nMZ\r\n--b--\r\n";
    assert_eq!(send("multipart/form-data; boundary=b", boundary).await.status, 200);
    // A program fills in what people do not see; sent twice by one tap, a form is one.
    assert_eq!(
        send("application/x-www-form-urlencoded", "navn=Bot&telefon=400+12+399&leave_empty=yes").await.status,
        200
    );
    send("application/x-www-form-urlencoded", "navn=%C3%85se+Berg&telefon=400+12+345&melding=Hei%0Ader&leave_empty=")
        .await;
    assert_eq!(send("application/json", "{}").await.status, 415);
    assert_eq!(send("multipart/form-data; boundary=b", "--b\r\nbroken").await.status, 400);
    let leads = all_leads(&app).await;
    let mut names: Vec<&str> = leads.iter().filter_map(|lead| lead["full_name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Ola", "Åse Berg"]);
    assert!(leads.iter().all(|lead| lead["enquiry_count"] == 1 && lead["source"] == "form"));
    app.run_jobs().await;
}

#[tokio::test]
async fn people_are_sent_where_the_owner_says_and_nowhere_else() {
    let app = TestApp::new().await;
    for (url, kind) in [
        ("http://example.com", "form"),
        ("javascript:alert(1)", "form"),
        ("https://a:b@example.com", "form"),
        ("https://example.com", "webhook"),
    ] {
        let new = json!({ "name": "Page", "kind": kind, "redirect_url": url });
        app.asha().post("/api/sources", new).await.refused(422, "url_invalid");
    }
    app.asha().post("/api/sources", json!({ "name": " ", "kind": "form" })).await.refused(422, "required");
    let (id, path, _) =
        source(&app, json!({ "name": "Page", "kind": "form", "redirect_url": "https://example.com/takk" })).await;
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let sent =
        http.post(format!("{}{path}", app.address)).form(&[("telefon", "400 12 345")]).send().await.expect("an answer");
    assert_eq!(
        (sent.status().as_u16(), sent.headers()["location"].to_str().ok()),
        (303, Some("https://example.com/takk"))
    );
    let changed =
        app.asha().put(&format!("/api/sources/{id}"), json!({ "name": "Landing", "redirect_url": null })).await.ok();
    assert_eq!((changed["name"].as_str(), &changed["redirect_url"]), (Some("Landing"), &Value::Null));
    assert_eq!(app.gita().put(&format!("/api/sources/{id}"), json!({ "name": "Mine" })).await.status, 404);
    assert_eq!(app.asha().delete(&format!("/api/sources/{id}")).await.status, 204);
    let gone =
        http.post(format!("{}{path}", app.address)).form(&[("telefon", "400 12 345")]).send().await.expect("an answer");
    assert_eq!(gone.status(), 404);
    assert_eq!(all_leads(&app).await.len(), 1, "its leads stay");
    app.run_jobs().await;
}

#[tokio::test]
async fn a_form_that_is_sent_too_often_is_asked_to_wait() {
    let app = TestApp::new().await;
    let (_, path, _) = source(&app, json!({ "name": "Page", "kind": "form" })).await;
    let mut refused = None;
    for number in 0..70 {
        let body = format!("telefon=400+12+{number:03}&leave_empty=x").into_bytes();
        let answer = app.anonymous().raw(Method::POST, &path, "application/x-www-form-urlencoded", body).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("refused");
    assert!(refused.header("retry-after").is_some());
}
