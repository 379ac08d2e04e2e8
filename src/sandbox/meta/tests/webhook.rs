use std::sync::atomic::{AtomicU32, Ordering};

use axum::{
    Router,
    body::Bytes,
    extract::Query,
    http::{HeaderMap, StatusCode},
    routing::post,
};

use super::*;
use crate::providers::meta::{parse_webhook, signature};

/// A receiver that checks signatures, answers the handshake, and fails the first `refuse` posts.
async fn receiver(refuse: u32) -> (Arc<Mutex<Vec<Bytes>>>, Url) {
    let (listener, url) = listen().await;
    let bodies: Arc<Mutex<Vec<Bytes>>> = Arc::default();
    let (kept, calls) = (bodies.clone(), Arc::new(AtomicU32::new(0)));
    let receive = move |headers: HeaderMap, body: Bytes| async move {
        let header = headers.get("x-hub-signature-256").map(|v| v.to_str().unwrap());
        if !signature::verify(b"sandbox-app-secret", &body, header) {
            return StatusCode::FORBIDDEN;
        }
        if calls.fetch_add(1, Ordering::SeqCst) < refuse {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        kept.lock().unwrap().push(body);
        StatusCode::OK
    };
    let verify = |Query(query): Query<BTreeMap<String, String>>| async move {
        if query["hub.verify_token"] == "sandbox-verify-token" {
            (StatusCode::OK, query["hub.challenge"].clone())
        } else {
            (StatusCode::FORBIDDEN, String::new())
        }
    };
    let router = Router::new().route("/webhooks/meta-lead", post(receive).get(verify));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (bodies, url.join("webhooks/meta-lead").unwrap())
}

fn quick() -> Options {
    Options { first_gap: Duration::from_millis(5), ..Options::new(now) }
}

#[tokio::test]
async fn a_lead_is_announced_signed_and_readable() {
    let (bodies, url) = receiver(0).await;
    for ids in [Ids::String, Ids::Number] {
        let sandbox = Sandbox::new(Options { webhook_url: Some(url.clone()), ..quick() });
        let lead = NewLead { organic: Some(false), test: Some(false), ..NewLead::default() };
        let lead_id = sandbox.add_lead(&lead);
        let last =
            sandbox.deliver(std::slice::from_ref(&lead_id), &HowToDeliver { ids, ..HowToDeliver::default() }).await;
        assert!(last[0].acknowledged());
        let body = bodies.lock().unwrap().pop().unwrap();
        let webhook = parse_webhook(&body).unwrap();
        assert_eq!(webhook.leads[0].leadgen_id.as_str(), lead_id, "every digit, {ids:?}");
        assert_eq!(webhook.leads[0].page_id.as_str(), "104857600123456");
        assert_eq!(webhook.leads[0].created_time, Some(now()));
        assert!(webhook.leads[0].ad_id.is_some());
        assert_eq!(body.windows(14).any(|w| w == b"\"leadgen_id\":\""), ids == Ids::String);
    }
}

#[tokio::test]
async fn a_refused_post_is_sent_again_until_it_is_taken() {
    let (bodies, url) = receiver(3).await;
    let sandbox = Sandbox::new(Options { webhook_url: Some(url), ..quick() });
    let lead_id = sandbox.add_lead(&NewLead::default());
    let last = sandbox.deliver(&[lead_id], &HowToDeliver::default()).await;
    assert_eq!((last[0].attempt, last[0].status), (4, Some(200)));
    let statuses: Vec<Option<u16>> = sandbox.deliveries().iter().map(|d| d.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(503), Some(200)]);
    assert_eq!(bodies.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_there_is_tried_and_given_up() {
    let (listener, url) = listen().await;
    drop(listener);
    let sandbox = Sandbox::new(Options { webhook_url: Some(url), attempts: 3, ..quick() });
    let lead_id = sandbox.add_lead(&NewLead::default());
    let last = sandbox.deliver(&[lead_id], &HowToDeliver::default()).await;
    assert_eq!((last[0].attempt, last[0].status), (3, None));
}

#[tokio::test]
async fn the_remote_control() {
    let (bodies, webhook) = receiver(0).await;
    let (sandbox, url) = start(quick()).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let at = |path: &str| url.join(&format!("_sandbox/{path}")).unwrap();

    let put = http.put(at("webhook")).json(&serde_json::json!({"url": webhook})).send().await.unwrap();
    assert_eq!(put.status(), 204);
    assert_eq!(http.post(at("handshake")).send().await.unwrap().status(), 204);

    let body = serde_json::json!({"full_name": "Ola Eksempel", "count": 5, "batch": 3, "times": 2, "ids": "number"});
    let made: Value = http.post(at("leads")).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!((made["ids"].as_array().unwrap().len(), made["deliveries"].as_array().unwrap().len()), (5, 4));
    let sizes: Vec<usize> = bodies.lock().unwrap().iter().map(|b| parse_webhook(b).unwrap().leads.len()).collect();
    assert_eq!(sizes, [3, 3, 2, 2], "batches, each of them twice");

    let silent: Value = http
        .post(at("leads"))
        .json(&serde_json::json!({"deliver": "none"}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((silent["ids"].as_array().unwrap().len(), bodies.lock().unwrap().len()), (1, 4));
    let typo = http.post(at("leads")).json(&serde_json::json!({"fullname": "?"})).send().await.unwrap();
    assert_eq!(typo.status(), 422);

    let fault = serde_json::json!({"fault": "token_revoked", "count": 2});
    assert_eq!(http.post(at("faults")).json(&fault).send().await.unwrap().status(), 204);
    assert!(client(&url).page(&token()).await.is_err());
    assert_eq!(http.delete(at("faults")).send().await.unwrap().status(), 204);
    assert!(client(&url).page(&token()).await.is_ok());

    let requests: Value = http.get(at("requests")).send().await.unwrap().json().await.unwrap();
    assert_eq!((requests[0]["status"].as_u64(), requests[1]["status"].as_u64()), (Some(400), Some(200)));
    let deliveries: Value = http.get(at("deliveries")).send().await.unwrap().json().await.unwrap();
    assert_eq!(deliveries.as_array().unwrap().len(), sandbox.deliveries().len());
}

#[tokio::test]
async fn pages_subscribe_and_list_their_forms() {
    let (_sandbox, url) = start(quick()).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let proof = |token: &str| signature::appsecret_proof(b"sandbox-app-secret", token);
    let page = async |method: reqwest::Method, edge: &str, form: &[(&str, &str)]| -> Value {
        let request = http.request(method, url.join(&format!("v26.0/104857600123456/{edge}")).unwrap());
        let request =
            request.query(&[("appsecret_proof", proof("sandbox-page-token"))]).bearer_auth("sandbox-page-token");
        request.form(form).send().await.unwrap().json().await.unwrap()
    };
    use reqwest::Method;
    assert_eq!(page(Method::GET, "subscribed_apps", &[]).await["data"], serde_json::json!([]));
    let yes = page(Method::POST, "subscribed_apps", &[("subscribed_fields", "[\"leadgen\"]")]).await;
    assert_eq!(yes["success"], true);
    assert_eq!(page(Method::GET, "subscribed_apps", &[]).await["data"][0]["subscribed_fields"][0], "leadgen");
    assert_eq!(page(Method::GET, "leadgen_forms", &[]).await["data"][0]["id"], "998877665544332");

    let accounts = http.get(url.join("v26.0/me/accounts?fields=id,name,access_token,tasks").unwrap());
    let accounts =
        accounts.query(&[("access_token", "sandbox-user-token"), ("appsecret_proof", &proof("sandbox-user-token"))]);
    let accounts: Value = accounts.send().await.unwrap().json().await.unwrap();
    assert_eq!(accounts["data"][0]["access_token"], "sandbox-page-token");

    let naked = http.get(url.join("v26.0/me").unwrap()).send().await.unwrap();
    assert_eq!(naked.headers()["facebook-api-version"], "v26.0");
    assert_eq!(naked.json::<Value>().await.unwrap()["error"]["code"], 104);
}

#[tokio::test]
async fn run_streams_until_it_is_told_to_stop() {
    let (bodies, webhook) = receiver(0).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let options = Options { webhook_url: Some(webhook), stream: Some(0..1), ..quick() };
    let running = tokio::spawn(run(options, async move {
        let _ = stopped.await;
    }));
    while bodies.lock().unwrap().len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let first = parse_webhook(&bodies.lock().unwrap()[0]).unwrap();
    assert!(first.leads[0].leadgen_id.as_str().starts_with("12021179300160"), "counted from the clock");
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
