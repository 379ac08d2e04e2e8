//! The two that send e-mail.

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{ApiMail, Fault, MAILGUN, SENDGRID, Senders};

type Fields = Vec<(String, String)>;

pub(super) fn router() -> Router<Senders> {
    Router::new()
        .route("/sendgrid/v3/mail/send", post(sendgrid))
        .route("/sendgrid/v3/scopes", get(async || Json(json!({ "scopes": ["mail.send"] }))))
        .route("/mailgun/v3/{domain}/messages", post(mailgun))
        .route("/mailgun/v3/{domain}/events", get(mailgun_events))
        .route("/mailgun/v3/domains/{domain}", get(async || Json(json!({ "domain": { "state": "active" } }))))
}

fn said(headers: &HeaderMap) -> &str {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn meets(senders: &Senders, mail: &ApiMail) -> Option<Response> {
    match senders.next_fault()? {
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some((status, [(header::RETRY_AFTER, "7")]).into_response())
        }
        Fault::Code(_) => {
            let told = json!({
                "errors": [{ "message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email" }],
                "message": "'to' parameter is not a valid address. please check documentation",
            });
            Some((StatusCode::BAD_REQUEST, Json(told)).into_response())
        }
        Fault::Silence => {
            senders.keep_mail(mail.clone());
            Some(senders.silent().await.into_response())
        }
        Fault::Deaf => Some(senders.silent().await.into_response()),
    }
}

async fn sendgrid(State(senders): State<Senders>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if said(&headers) != format!("Bearer {SENDGRID}") {
        let told = json!({ "errors": [{ "message": "The provided authorization grant is invalid", "field": null }] });
        return (StatusCode::UNAUTHORIZED, Json(told)).into_response();
    }
    let content = |kind: &str| {
        let parts = body["content"].as_array().cloned().unwrap_or_default();
        parts.iter().find(|part| part["type"] == kind).and_then(|part| part["value"].as_str().map(str::to_owned))
    };
    let person = &body["personalizations"][0];
    let mail = ApiMail {
        vendor: "sendgrid",
        id: format!("sandbox{:016x}", senders.next_id()),
        to: person["to"][0]["email"].as_str().unwrap_or_default().to_owned(),
        from: body["from"]["email"].as_str().unwrap_or_default().to_owned(),
        subject: body["subject"].as_str().unwrap_or_default().to_owned(),
        text: content("text/plain").unwrap_or_default(),
        html: content("text/html"),
        message: person["custom_args"]["message"].as_str().map(str::to_owned),
        at: senders.now(),
        request: body.clone(),
    };
    if let Some(answer) = meets(&senders, &mail).await {
        return answer;
    }
    let id = mail.id.clone();
    senders.keep_mail(mail);
    (StatusCode::ACCEPTED, [("x-message-id", id)]).into_response()
}

async fn mailgun(
    State(senders): State<Senders>,
    Path(domain): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    if said(&headers) != format!("Basic {}", STANDARD.encode(format!("api:{}", MAILGUN.1))) {
        return (StatusCode::UNAUTHORIZED, "Forbidden").into_response();
    }
    if domain != MAILGUN.0 {
        return (StatusCode::NOT_FOUND, Json(json!({ "message": "Domain not found" }))).into_response();
    }
    let of = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mail = ApiMail {
        vendor: "mailgun",
        id: of("h:Message-Id").unwrap_or_default().trim_matches(['<', '>']).to_owned(),
        to: of("to").unwrap_or_default(),
        from: of("from").unwrap_or_default(),
        subject: of("subject").unwrap_or_default(),
        text: of("text").unwrap_or_default(),
        html: of("html"),
        message: of("v:message"),
        at: senders.now(),
        request: json!(fields.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()),
    };
    if let Some(answer) = meets(&senders, &mail).await {
        return answer;
    }
    let id = mail.id.clone();
    senders.keep_mail(mail);
    Json(json!({ "id": format!("<{id}>"), "message": "Queued. Thank you." })).into_response()
}

async fn mailgun_events(State(senders): State<Senders>, Query(asked): Query<Fields>) -> Json<Value> {
    let wanted = asked.iter().find(|(name, _)| name == "message-id").map_or("", |(_, id)| id.as_str());
    let found = senders.mails().into_iter().filter(|mail| mail.vendor == "mailgun" && mail.id == wanted);
    let items: Vec<Value> =
        found.map(|mail| json!({ "event": "accepted", "message": { "headers": { "message-id": mail.id } } })).collect();
    Json(json!({ "items": items }))
}
