//! The Graph API's front door: who asks, may they, and the answer with Graph's headers. What there is to ask for: [`super::nodes`].

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::Response,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::providers::meta::signature;

use super::{
    PageOptions, RecordedRequest, Sandbox,
    faults::{Fault, error},
    json as meta_json, keep,
    pages::dead,
};

/// An answer before it is written.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    /// Into the usage header, in minutes.
    pub(super) regain_minutes: Option<u32>,
}

impl Answer {
    pub(super) fn json(status: StatusCode, value: Value) -> Answer {
        let body = meta_json::bytes(&value);
        Answer { status, content_type: "application/json; charset=UTF-8", body, regain_minutes: None }
    }

    pub(super) fn raw(status: StatusCode, content_type: &'static str, body: &str) -> Answer {
        Answer { status, content_type, body: body.as_bytes().to_vec(), regain_minutes: None }
    }

    pub(super) fn ok(value: Value) -> Answer {
        Answer::json(StatusCode::OK, value)
    }
}

/// One call, taken apart.
pub(super) struct Call<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) version: &'a str,
    pub(super) query: BTreeMap<String, String>,
    pub(super) caller: Caller<'a>,
}

pub(super) enum Caller<'a> {
    Page(&'a PageOptions),
    User,
    App,
    /// The open world takes any token.
    Anyone,
}

/// Every path that is not the remote control's.
pub(super) async fn answer(
    State(sandbox): State<Sandbox>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut query: BTreeMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    if method == Method::POST {
        query.extend(url::form_urlencoded::parse(&body).into_owned());
    }
    let fault = sandbox.state().faults.next(uri.path());
    if let Some((_, delay)) = fault {
        tokio::time::sleep(delay).await;
    }
    let answer = fault.and_then(|(fault, _): (Fault, Duration)| fault.answer());
    let path = uri.path();
    let answer = answer.unwrap_or_else(|| graph(&sandbox, &method, path, &headers, query.clone()));

    let calls = {
        let mut state = sandbox.state();
        state.calls += 1;
        // A benchmark makes too many calls to remember.
        if !sandbox.options().open_world {
            let request = record(&sandbox, &method, path, &headers, query, answer.status);
            keep(&mut state.requests, request);
        }
        state.calls
    };
    respond(&sandbox, path, answer, calls)
}

fn graph(
    sandbox: &Sandbox,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    query: BTreeMap<String, String>,
) -> Answer {
    let mut segments = path.trim_matches('/').split('/');
    let version = segments.next().unwrap_or_default();
    let rest: Vec<&str> = segments.collect();
    if !version.strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit())) {
        return error(400, 2500, None, "Unknown path components");
    }
    let caller = match authenticate(sandbox, headers, &query) {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let call = Call { sandbox, version, query, caller };
    match (method.as_str(), rest.as_slice()) {
        ("GET", ["debug_token"]) => call.debug_token(),
        ("GET", ["me"]) => call.me(),
        ("GET", ["me", "accounts"]) => call.accounts(),
        ("GET", [id, "leads"]) => call.form_leads(id),
        ("GET", [id, "leadgen_forms"]) => call.page_forms(id),
        (method, [id, "subscribed_apps"]) => call.subscribed_apps(method, id),
        ("GET", [id]) => call.object(id),
        _ => error(400, 100, None, "Unsupported request"),
    }
}

fn authenticate<'a>(
    sandbox: &'a Sandbox,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Result<Caller<'a>, Answer> {
    let options = sandbox.options();
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let token = bearer.or(query.get("access_token").map(String::as_str)).filter(|token| !token.is_empty());
    let Some(token) = token else {
        return Err(error(400, 104, None, "An access token is required to request this resource."));
    };
    // The proof is made with the secret of the app that the token was made for.
    let mut secret = options.app_secret.as_str();
    let app_of = |token: &str| {
        let (id, given) = token.split_once('|')?;
        sandbox.secret_of(id).filter(|secret| *secret == given)
    };
    let caller = if let Some(page) = sandbox.page_of(token) {
        if let Some(subcode) = sandbox.changed(&page.id).dead {
            return Err(dead(subcode));
        }
        secret = sandbox.secret_of(&sandbox.app_of(&page.id)).unwrap_or(secret);
        Caller::Page(page)
    } else if options.open_world {
        Caller::Anyone
    } else if token == options.user_token {
        Caller::User
    } else if let Some(own) = app_of(token) {
        secret = own;
        Caller::App
    } else {
        return Err(error(401, 190, Some(467), "Invalid OAuth access token - Cannot parse access token"));
    };
    match query.get("appsecret_proof") {
        None => Err(error(400, 100, None, "API calls from the server require an appsecret_proof argument")),
        Some(proof) if *proof != signature::appsecret_proof(secret.as_bytes(), token) => {
            Err(error(400, 100, None, "Invalid appsecret_proof provided in the API argument"))
        }
        Some(_) => Ok(caller),
    }
}

fn record(
    sandbox: &Sandbox,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    mut query: BTreeMap<String, String>,
    status: StatusCode,
) -> RecordedRequest {
    for name in ["access_token", "appsecret_proof", "input_token"] {
        if let Some(value) = query.get_mut(name) {
            "…".clone_into(value);
        }
    }
    let at: DateTime<Utc> = sandbox.now();
    let authorization = headers.contains_key(header::AUTHORIZATION).then(|| "Bearer …".to_owned());
    RecordedRequest {
        at,
        method: method.to_string(),
        path: path.to_owned(),
        query,
        authorization,
        status: status.as_u16(),
    }
}

fn respond(sandbox: &Sandbox, path: &str, answer: Answer, calls: u64) -> Response {
    let version = path.trim_matches('/').split('/').next().filter(|v| v.starts_with('v')).unwrap_or("v26.0");
    let page = sandbox.options().pages.first().map_or("0", |page| page.id.as_str());
    // Meta's window rolls on, so a demo that runs for days does not use its budget up.
    let told = sandbox.changed(page).budget.unwrap_or((calls / 100).min(60));
    let used = if answer.regain_minutes.is_some() { 100 } else { told };
    let budget = json!({page: [{
        "type": "leadgen", "call_count": used, "total_cputime": 1, "total_time": 1,
        "estimated_time_to_regain_access": answer.regain_minutes.unwrap_or(0),
    }]});
    Response::builder()
        .status(answer.status)
        .header(header::CONTENT_TYPE, answer.content_type)
        .header("facebook-api-version", version)
        .header("x-app-usage", r#"{"call_count":1,"total_time":1,"total_cputime":1}"#)
        .header("x-business-use-case-usage", budget.to_string())
        .body(Body::from(answer.body))
        .unwrap_or_else(|_| Response::new(Body::from("a header that HTTP forbids")))
}
