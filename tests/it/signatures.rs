//! Signatures of webhooks, judged as the vendors' own libraries judge them: `fixtures/signatures/vectors.json`, which `scripts/signature-vectors` makes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use nextmove::{
    providers::hooks::{self, Hook},
    sandbox::senders::{self, ApiMail, Call, Senders, Text},
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use crate::world::monday;

#[derive(Deserialize)]
struct Vector {
    vendor: String,
    by: String,
    name: String,
    key: String,
    url: String,
    body: String,
    headers: BTreeMap<String, String>,
    at: Option<i64>,
    valid: bool,
}

fn map(headers: &BTreeMap<String, String>) -> HeaderMap {
    let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).expect("a header");
    headers.iter().map(|(key, value)| (name(key), HeaderValue::from_str(value).expect("a value"))).collect()
}

#[test]
fn we_judge_as_the_vendors_libraries_do() {
    let text = include_str!("../../fixtures/signatures/vectors.json");
    let vectors: Vec<Vector> = serde_json::from_str(text).expect("vectors");
    let mut wrong = Vec::new();
    for vector in &vectors {
        let at = vector.at.and_then(|at| DateTime::<Utc>::from_timestamp(at, 0)).unwrap_or_else(monday);
        let headers = map(&vector.headers);
        let hook = Hook { url: &vector.url, headers: &headers, body: vector.body.as_bytes(), now: at };
        let verdict = match vector.vendor.as_str() {
            "twilio" => hooks::is_twilios(&hook, &vector.key, Some(&vector.key)),
            "messagebird" => hooks::is_messagebirds(&hook, &vector.key),
            "sendgrid" => hooks::is_sendgrids(&hook, &vector.key),
            other => panic!("whose signature is {other}'s?"),
        };
        if verdict != vector.valid {
            wrong.push(format!("{} ({}): {verdict}", vector.name, vector.by));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let accepted = vectors.iter().filter(|vector| vector.valid).count();
    assert!(accepted >= 8 && vectors.len() - accepted >= 8, "some of each: {accepted} of {}", vectors.len());
}

/// Bird's rule and Mailgun's have no library of their vendors'; these are the examples of their documentation, computed with OpenSSL's command line.
#[test]
fn bird_and_mailgun_are_checked_as_they_are_documented() {
    let now = monday();
    let (timestamp, url, body) =
        (now.timestamp().to_string(), "https://app.example.com/webhooks/sms/bird", r#"{"event":"sms.outbound"}"#);
    let tag =
        hooks::hmac_base64(aws_lc_rs::hmac::HMAC_SHA256, b"key", &hooks::bird_text(&timestamp, url, body.as_bytes()));
    let headers = |signature: &str, at: &str| {
        map(&[
            ("messagebird-signature".to_owned(), signature.to_owned()),
            ("messagebird-request-timestamp".to_owned(), at.to_owned()),
        ]
        .into())
    };
    let judge = |signature: &str, at: &str, url: &str, body: &str| {
        let headers = headers(signature, at);
        hooks::is_birds(&Hook { url, headers: &headers, body: body.as_bytes(), now }, "key")
    };
    assert!(judge(&tag, &timestamp, url, body));
    assert!(!judge(&tag, &timestamp, url, r#"{"event":"sms.inbound"}"#), "another body");
    assert!(!judge(&tag, &timestamp, "https://app.example.com/webhooks/sms/twilio", body), "another address");
    assert!(!judge(&tag, &(now.timestamp() + 1).to_string(), url, body), "another moment");
    // printf '1772442000\nhttps://app.example.com/webhooks/sms/bird\n' … | openssl dgst -sha256 -hmac key -binary | base64
    assert_eq!(tag, BIRD_BY_OPENSSL);
    // printf 1772442000token | openssl dgst -sha256 -hmac key
    assert!(hooks::is_mailguns("1772442000", "token", MAILGUN_BY_OPENSSL, "key", now));
    assert!(!hooks::is_mailguns("1772442000", "token2", MAILGUN_BY_OPENSSL, "key", now));
    assert!(
        !hooks::is_mailguns("1772442000", "token", MAILGUN_BY_OPENSSL, "key", now + chrono::TimeDelta::days(2)),
        "too old"
    );
}

const BIRD_BY_OPENSSL: &str = "n8yn/CZ9+6RGyjeYaHbXoRyHfNH3m9VXktcN7Z0DQ8o=";
const MAILGUN_BY_OPENSSL: &str = "8a696658c9a473205e9e253cdb233a06d3824afd2c7be31f1fce06cadff72860";

/// For `scripts/signature-vectors`: what our sandbox signs, for the vendors' libraries to judge.
#[test]
#[ignore = "writes a file for scripts/signature-vectors"]
fn our_sandboxs_calls() {
    let path = std::env::var("SANDBOX_CALLS").expect("SANDBOX_CALLS names a file");
    let options = senders::Options {
        server: "https://app.example.com/".parse().ok(),
        delivers: false,
        clock: std::sync::Arc::new(monday),
    };
    let sandbox = Senders::new(options);
    let text = |vendor: &'static str| Text {
        number: 1,
        vendor,
        id: "SM1".to_owned(),
        from: "Acme".to_owned(),
        to: "+4791234567".to_owned(),
        text: "Hei".to_owned(),
        status: "queued".to_owned(),
        reference: Some("r1".to_owned()),
        callback: Some(format!("https://app.example.com/webhooks/sms/{vendor}?m=1")),
        at: monday(),
        request: json!(null),
    };
    let mail = ApiMail {
        vendor: "sendgrid",
        id: "x1".to_owned(),
        to: "kari@example.com".to_owned(),
        from: "a@example.com".to_owned(),
        subject: "Hei".to_owned(),
        text: "æøå".to_owned(),
        html: None,
        message: Some("m1".to_owned()),
        at: monday(),
        request: json!(null),
    };
    let public = sandbox.mail_url("sendgrid", "127.0.0.1:1").1;
    let answer = |vendor| sandbox.answer_call(vendor, "in1", "+4791234567", "+4790000000", "Hei & æøå 😀");
    let calls: Vec<(&str, &str, &str, Option<Call>)> = vec![
        ("twilio", "a report", senders::TWILIO.1, sandbox.report_call(&text("twilio"), "delivered", Some("30003"))),
        ("twilio", "an answer", senders::TWILIO.1, answer("twilio")),
        (
            "twilio",
            "a report, newer",
            senders::TWILIO_SHARED_KEY,
            Some(sandbox.newer_report_call(&text("twilio"), "sent")),
        ),
        (
            "messagebird",
            "a report",
            senders::MESSAGEBIRD_SIGNING,
            sandbox.report_call(&text("messagebird"), "delivered", None),
        ),
        ("messagebird", "an answer", senders::MESSAGEBIRD_SIGNING, answer("messagebird")),
        ("sendgrid", "an event", &public, sandbox.mail_call(&mail, "delivered")),
    ];
    let written: Vec<_> = calls
        .into_iter()
        .map(|(vendor, name, key, call)| {
            let call = call.expect("a call");
            let headers: BTreeMap<_, _> = call.headers.into_iter().collect();
            json!({ "vendor": vendor, "name": name, "key": key, "url": call.url, "body": call.body, "headers": headers, "at": monday().timestamp() })
        })
        .collect();
    std::fs::write(path, serde_json::to_vec_pretty(&written).expect("JSON")).expect("the file is written");
}
