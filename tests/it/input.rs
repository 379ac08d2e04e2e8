//! Whatever is sent: an answer that says what was wrong with it, never a 5xx, and nothing half done (LP-059 sees those that are).

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRng, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};

use nextmove::{sandbox::meta::NewLead, web::router};

use crate::{
    webhooks::{all_leads, arrive, connect},
    world::{Answer, Caller, TestApp},
};

/// Ends the caller's own session.
const ENDING: [&str; 1] = ["delete /api/session"];

struct Operation {
    method: Method,
    path: String,
    schema: Option<Value>,
}

/// Every operation of the document, with its ids filled in where we have some.
fn operations(lead: &str) -> Vec<Operation> {
    let document = serde_json::to_value(router::api(true).1).expect("serializes");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            let Some(operation) = item.get(method).filter(|_| !ENDING.contains(&&*format!("{method} {path}"))) else {
                continue;
            };
            let mut filled = path.replace("/api/leads/{id}", &format!("/api/leads/{lead}"));
            while let Some((before, rest)) = filled.split_once('{') {
                let after = rest.split_once('}').expect("a closed brace").1;
                filled = format!("{before}{lead}{after}");
            }
            let mut schema = operation["requestBody"]["content"]["application/json"]["schema"].clone();
            if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
                schema = document["components"]["schemas"][name].clone();
            }
            let method = method.to_uppercase().parse().expect("a method");
            found.push(Operation { method, path: filled, schema: (!schema.is_null()).then_some(schema) });
        }
    }
    found
}

async fn lead(app: &TestApp) -> String {
    connect(app).await;
    arrive(app, &NewLead::default()).await;
    all_leads(app).await[0]["id"].as_str().expect("an id").to_owned()
}

#[track_caller]
fn sensible(answer: &Answer, asked: &str) {
    assert!(answer.status < 500, "{asked}: {} {}", answer.status, answer.text);
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{asked}: {}", answer.text);
        assert_eq!(answer.json["status"], answer.status, "{asked}: {}", answer.text);
        assert!(answer.json["type"].as_str().is_some_and(|kind| kind.starts_with("urn:nextmove:problem:")), "{asked}");
    }
}

/// As the owner, with whatever else an operation wants to hear before it looks at the body.
fn asha(app: &TestApp) -> Caller<'_> {
    app.asha().with_header("if-match", "\"1\"")
}

#[tokio::test]
async fn a_body_that_is_none_is_refused_by_every_operation() {
    let app = TestApp::demo().await;
    let lead = lead(&app).await;
    let deep = "[".repeat(20_000) + &"]".repeat(20_000);
    let deep_object = r#"{"a":"#.repeat(5_000) + "1" + &"}".repeat(5_000);
    let bodies: Vec<(&str, &str, Vec<u8>, &[u16])> = vec![
        ("empty", "application/json", vec![], &[400]),
        ("cut off", "application/json", br#"{"email": "a"#.to_vec(), &[400, 422]),
        ("nested", "application/json", deep.into_bytes(), &[400, 422]),
        ("nested objects", "application/json", deep_object.into_bytes(), &[400, 422]),
        ("invalid UTF-8", "application/json", b"{\"a\":\"\xff\xfe\"}".to_vec(), &[400, 422]),
        ("a lone surrogate", "application/json", br#"{"\ud800":"\udc00"}"#.to_vec(), &[400, 422]),
        ("a raw control character", "application/json", b"{\"a\":\"\x01\"}".to_vec(), &[400, 422]),
        ("a raw NUL", "application/json", b"{\"a\":\"\0\"}".to_vec(), &[400, 422]),
        ("a huge number", "application/json", b"1e999999".to_vec(), &[400, 422]),
        ("null", "application/json", b"null".to_vec(), &[422]),
        ("a list", "application/json", b"[]".to_vec(), &[422]),
        ("a text", "application/json", b"\"x\"".to_vec(), &[422]),
        ("a byte order mark", "application/json", b"\xef\xbb\xbf{}".to_vec(), &[400]),
        ("UTF-16", "application/json", b"\xff\xfe{\0}\0".to_vec(), &[400]),
        ("two values", "application/json", b"{} {}".to_vec(), &[400, 422]),
        ("a form", "application/x-www-form-urlencoded", b"a=b".to_vec(), &[415]),
        ("plain text", "text/plain", b"{}".to_vec(), &[415]),
        ("no type", "", b"{}".to_vec(), &[415]),
        ("ten megabytes", "application/json", vec![b' '; 10 * 1024 * 1024], &[413]),
    ];
    for operation in operations(&lead).iter().filter(|operation| operation.schema.is_some()) {
        for (name, content_type, body, expected) in &bodies {
            let asked = format!("{} {} with {name}", operation.method, operation.path);
            // A server that has refused need not read on: whoever still sends may only see the connection end.
            let Some(answer) =
                asha(&app).try_raw(operation.method.clone(), &operation.path, content_type, body.clone()).await
            else {
                assert_eq!(*expected, [413], "{asked}");
                continue;
            };
            sensible(&answer, &asked);
            // Some look at who asks, or how often, first.
            assert!(
                expected.contains(&answer.status) || matches!(answer.status, 401 | 403 | 404 | 429),
                "{asked}: {} {}",
                answer.status,
                answer.text
            );
        }
        app.advance(chrono::TimeDelta::hours(1));
    }
}

/// Values that break things, under the names that an operation knows and one that it does not.
fn nasty() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("\0".to_owned()),
        Just("a\0b".to_owned()),
        Just(String::new()),
        Just(" ".to_owned()),
        Just("\u{202e}\u{feff}".to_owned()),
        Just("x".repeat(5_000)),
        Just("😀".repeat(300)),
        Just("\u{10ffff}".to_owned()),
        Just("a@b.no\r\nBcc: c@d.no".to_owned()),
        Just("-9999-01-01T00:00:00Z".to_owned()),
        Just("+262142-12-31T23:59:59Z".to_owned()),
        Just("9999-12-31T23:59:60Z".to_owned()),
        Just("0190aaaa-0000-7000-8000-000000000000".to_owned()),
        Just("../../etc/passwd".to_owned()),
        Just("' or 1=1 --".to_owned()),
        Just("call".to_owned()),
        Just("reached".to_owned()),
        Just("lost".to_owned()),
        Just("2026-03-03T09:00:00Z".to_owned()),
        ".{0,40}",
    ];
    let leaf = prop_oneof![
        4 => text.prop_map(Value::from), 1 => Just(Value::Null), 1 => any::<bool>().prop_map(Value::from), 1 => any::<i64>().prop_map(Value::from),
        1 => Just(json!(u64::MAX)), 1 => Just(json!(1e308)), 1 => Just(json!(-0.0)), 1 => Just(json!(0)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{0,8}", inner, 0..3)
                .prop_map(|map: BTreeMap<String, Value>| json!(map)),
        ]
    })
}

#[tokio::test]
async fn no_value_breaks_an_operation() {
    let app = TestApp::demo().await;
    let lead = lead(&app).await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    for operation in operations(&lead) {
        let Some(schema) = &operation.schema else { continue };
        let mut names: Vec<String> =
            schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect();
        names.push("unknown".to_owned());
        for name in names {
            for _ in 0..24 {
                let mut body = serde_json::Map::new();
                // The others are there and plausible, or there would be nothing to break.
                for (other, field) in schema["properties"].as_object().into_iter().flatten() {
                    let plausible = match field["type"].as_str() {
                        Some("string") => json!("call"),
                        Some("integer") => json!(1),
                        Some("boolean") => json!(true),
                        _ => continue,
                    };
                    body.insert(other.clone(), plausible);
                }
                body.insert(name.clone(), nasty().new_tree(&mut runner).expect("a value").current());
                let asked = format!("{} {} {body:?}", operation.method, operation.path);
                let answer =
                    asha(&app).send(operation.method.clone(), &operation.path, Some(Value::Object(body))).await;
                sensible(&answer, &asked);
            }
            app.advance(chrono::TimeDelta::hours(1));
        }
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn a_text_with_nul_is_refused_with_its_place() {
    let app = TestApp::new().await;
    let lead = lead(&app).await;
    let notes = format!("/api/leads/{lead}/notes");
    let answer = app.ravi().post(&notes, json!({ "text": "a\0b" })).await;
    answer.refused(422, "control_characters");
    assert_eq!(answer.json["field"], "text");
    let backslash = app.ravi().post(&notes, json!({ "text": r"C:\u0000 is a path" })).await;
    assert_eq!(backslash.status, 201, "a backslash and letters are no NUL");
    app.ravi().get("/api/leads?q=a%00b").await.refused(422, "control_characters");
}

#[tokio::test]
async fn odd_queries_paths_and_headers_are_refused() {
    let app = TestApp::new().await;
    let lead = lead(&app).await;
    for (query, status) in [
        ("limit=0", 422),
        ("limit=-1", 422),
        ("limit=201", 422),
        ("limit=99999999999999999999", 422),
        ("limit=1.5", 422),
        ("limit=x", 422),
        ("limit=1&limit=2", 422),
        ("cursor=", 422),
        ("cursor=%ff", 422),
        ("cursor=AAAA", 422),
        ("cursor=e30", 422),
        ("cursor=a%20b", 422),
        ("view=nothing", 422),
        ("status=nothing", 422),
        ("status=new,,won", 422),
        ("assignee=x", 422),
        ("campaign=x", 422),
        ("q=%ff", 200),
        ("q=%", 200),
        ("q=%C3%A5", 200),
        ("from=yesterday", 422),
        ("unknown=1", 422),
        ("%00=1", 422),
        ("from=-9999-01-01T00:00:00Z", 422),
        ("to=%2B262142-12-31T23:59:59Z", 200),
    ] {
        let answer = app.ravi().get(&format!("/api/leads?{query}")).await;
        sensible(&answer, query);
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
    }
    for path in [
        "%00",
        "%ff",
        "%2e%2e%2f",
        "..%2fleads",
        "0",
        &"a".repeat(2000),
        "00000000-0000-0000-0000-0000000000000",
        "%F0%9F%98%80",
    ] {
        let answer = app.ravi().get(&format!("/api/leads/{path}")).await;
        sensible(&answer, path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    for (tag, status) in [
        ("*", 422),
        ("\"1\", \"2\"", 422),
        ("\"99999999999999999999\"", 422),
        ("x", 422),
        ("", 422),
        ("\"7\"", 412),
        ("\"-1\"", 412),
    ] {
        let caller = app.ravi().with_header("if-match", tag);
        let answer =
            caller.send(Method::PATCH, &format!("/api/leads/{lead}"), Some(json!({ "service": "roof" }))).await;
        sensible(&answer, tag);
        assert_eq!(answer.status, status, "If-Match: {tag}: {}", answer.text);
    }
    for (key, status) in [("", 422), (&*"k".repeat(65), 422), ("two words", 422), (&*"k".repeat(64), 201)] {
        let answer = app
            .ravi()
            .with_header("idempotency-key", key)
            .post(&format!("/api/leads/{lead}/notes"), json!({ "text": "x" }))
            .await;
        sensible(&answer, key);
        assert_eq!(answer.status, status, "Idempotency-Key: {key}: {}", answer.text);
    }
    let nobody = app.asha().put(&format!("/api/leads/{lead}/assignment"), json!({})).await;
    nobody.refused(422, "shape"); // it once took the lead from whoever had it
    let wrong = app.ravi().send(Method::DELETE, "/api/leads", None).await;
    sensible(&wrong, "DELETE /api/leads");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET,HEAD,POST")), "it says what may be asked");
}
