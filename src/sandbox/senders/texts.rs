//! The three that send SMS.

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{BIRD, Fault, MESSAGEBIRD, Senders, TWILIO, Text};
use crate::types::gsm;

type Fields = Vec<(String, String)>;

pub(super) fn router() -> Router<Senders> {
    Router::new()
        .route("/twilio/2010-04-01/Accounts/{sid}/Messages.json", post(twilio).get(twilio_list))
        .route("/messagebird/messages", post(messagebird).get(messagebird_list))
        .route("/bird/workspaces/{workspace}/channels/{channel}/messages", post(bird).get(bird_list))
}

fn said(headers: &HeaderMap) -> &str {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn of<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// What a fault does before the message is looked at; the message is kept only by a silence.
async fn meets(senders: &Senders, refuse: impl Fn(u32) -> Response, keep: impl Fn()) -> Option<Response> {
    match senders.next_fault()? {
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(
                (status, [(header::RETRY_AFTER, "7")], Json(json!({ "code": 20429, "message": "Later" })))
                    .into_response(),
            )
        }
        Fault::Code(code) => Some(refuse(code)),
        Fault::Silence => {
            keep();
            Some(senders.silent().await.into_response())
        }
        Fault::Deaf => Some(senders.silent().await.into_response()),
    }
}

fn twilio_message(text: &Text) -> Value {
    // As Twilio answers: most of it null, price_unit among it.
    json!({
        "sid": text.id, "to": text.to, "from": text.from, "body": text.text, "status": text.status,
        "num_segments": gsm::parts(&text.text).segments.to_string(), "price": null, "price_unit": null,
        "error_code": null, "error_message": null, "date_created": text.at.to_rfc2822(), "date_sent": null, "direction": "outbound-api",
    })
}

fn twilio_refuses(status: StatusCode, code: u32) -> Response {
    let told = json!({ "code": code, "message": "Refused", "more_info": "", "status": status.as_u16() });
    (status, Json(told)).into_response()
}

async fn twilio(
    State(senders): State<Senders>,
    Path(sid): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", TWILIO.0, TWILIO.1)));
    if said(&headers) != expected || sid != TWILIO.0 {
        return twilio_refuses(StatusCode::UNAUTHORIZED, 20003);
    }
    let number = senders.next_id();
    let service = of(&fields, "MessagingServiceSid");
    let text = Text {
        number,
        vendor: "twilio",
        id: format!("SM{number:032x}"),
        from: if service.is_empty() { of(&fields, "From") } else { service }.to_owned(),
        to: of(&fields, "To").to_owned(),
        text: of(&fields, "Body").to_owned(),
        status: "queued".to_owned(),
        reference: None,
        callback: Some(of(&fields, "StatusCallback").to_owned()).filter(|callback| !callback.is_empty()),
        at: senders.now(),
        request: json!(fields.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()),
    };
    let refuse = |code| twilio_refuses(StatusCode::BAD_REQUEST, code);
    if let Some(answer) = meets(&senders, refuse, || senders.keep(text.clone())).await {
        return answer;
    }
    if text.to.is_empty() || text.text.is_empty() {
        return twilio_refuses(StatusCode::BAD_REQUEST, if text.to.is_empty() { 21604 } else { 21602 });
    }
    if text.from.is_empty() {
        return twilio_refuses(StatusCode::BAD_REQUEST, 21603);
    }
    let answer = twilio_message(&text);
    senders.taken(text);
    (StatusCode::CREATED, Json(answer)).into_response()
}

async fn twilio_list(State(senders): State<Senders>, Query(asked): Query<Fields>) -> Json<Value> {
    let to = of(&asked, "To");
    let texts = senders.texts();
    let messages: Vec<Value> =
        texts.iter().rev().filter(|text| text.vendor == "twilio" && text.to == to).map(twilio_message).collect();
    Json(json!({ "messages": messages, "next_page_uri": null }))
}

fn messagebird_message(text: &Text) -> Value {
    json!({
        "id": text.id, "href": format!("https://rest.messagebird.com/messages/{}", text.id), "direction": "mt", "type": "sms",
        "originator": text.from, "body": text.text, "reference": text.reference, "validity": null, "gateway": 10, "datacoding": "plain",
        "recipients": { "totalCount": 1, "totalSentCount": 1, "items": [{ "recipient": text.to.trim_start_matches('+').parse::<u64>().unwrap_or(0), "status": text.status }] },
        "createdDatetime": text.at.to_rfc3339(),
    })
}

async fn messagebird(State(senders): State<Senders>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let refuses = |status: StatusCode, code: u32, parameter: &str| {
        let told = json!({ "errors": [{ "code": code, "description": "Refused", "parameter": parameter }] });
        (status, Json(told)).into_response()
    };
    if said(&headers) != format!("AccessKey {MESSAGEBIRD}") {
        return refuses(StatusCode::UNAUTHORIZED, 2, "access_key");
    }
    let number = senders.next_id();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let message = Text {
        number,
        vendor: "messagebird",
        id: format!("{number:032x}"),
        from: text("originator"),
        to: format!("+{}", body["recipients"][0].as_str().unwrap_or_default()),
        text: text("body"),
        status: "sent".to_owned(),
        reference: body["reference"].as_str().map(str::to_owned),
        callback: body["reportUrl"].as_str().map(str::to_owned),
        at: senders.now(),
        request: body.clone(),
    };
    let refuse = |code| refuses(StatusCode::UNPROCESSABLE_ENTITY, code, if code == 10 { "recipient" } else { "" });
    if let Some(answer) = meets(&senders, refuse, || senders.keep(message.clone())).await {
        return answer;
    }
    if message.from.is_empty() || message.to == "+" || message.text.is_empty() {
        return refuses(StatusCode::UNPROCESSABLE_ENTITY, 9, "originator");
    }
    let answer = messagebird_message(&message);
    senders.taken(message);
    (StatusCode::CREATED, Json(answer)).into_response()
}

async fn messagebird_list(State(senders): State<Senders>, Query(asked): Query<Fields>) -> Json<Value> {
    let to = format!("+{}", of(&asked, "recipient"));
    let texts = senders.texts();
    let items: Vec<Value> = texts
        .iter()
        .rev()
        .filter(|text| text.vendor == "messagebird" && text.to == to)
        .map(messagebird_message)
        .collect();
    Json(json!({ "offset": 0, "limit": 100, "count": items.len(), "totalCount": items.len(), "items": items }))
}

fn bird_message(text: &Text) -> Value {
    json!({
        "id": text.id, "channelId": BIRD.2, "reference": text.reference, "status": text.status, "direction": "outgoing",
        "receiver": { "contacts": [{ "identifierKey": "phonenumber", "identifierValue": text.to }] },
        "body": { "type": "text", "text": { "text": text.text } }, "createdAt": text.at.to_rfc3339(),
    })
}

async fn bird(
    State(senders): State<Senders>,
    Path((workspace, channel)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if said(&headers) != format!("AccessKey {}", BIRD.1) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "code": "AuthenticationFailed" }))).into_response();
    }
    if (workspace.as_str(), channel.as_str()) != (BIRD.0, BIRD.2) {
        return (StatusCode::NOT_FOUND, Json(json!({ "code": "NotFound" }))).into_response();
    }
    let number = senders.next_id();
    let text = Text {
        number,
        vendor: "bird",
        id: format!("00000000-0000-4000-8000-{number:012x}"),
        from: body["sender"]["connector"]["identifierValue"].as_str().unwrap_or(BIRD.2).to_owned(),
        to: body["receiver"]["contacts"][0]["identifierValue"].as_str().unwrap_or_default().to_owned(),
        text: body["body"]["text"]["text"].as_str().unwrap_or_default().to_owned(),
        status: "accepted".to_owned(),
        reference: body["reference"].as_str().map(str::to_owned),
        callback: None,
        at: senders.now(),
        request: body.clone(),
    };
    let refuse = |code: u32| {
        let told = json!({ "code": if code == 21610 { "RecipientOptedOut".to_owned() } else { code.to_string() } });
        (StatusCode::UNPROCESSABLE_ENTITY, Json(told)).into_response()
    };
    if let Some(answer) = meets(&senders, refuse, || senders.keep(text.clone())).await {
        return answer;
    }
    let answer = bird_message(&text);
    senders.taken(text);
    (StatusCode::ACCEPTED, Json(answer)).into_response()
}

async fn bird_list(State(senders): State<Senders>) -> Json<Value> {
    let texts = senders.texts();
    let results: Vec<Value> = texts.iter().rev().filter(|text| text.vendor == "bird").map(bird_message).collect();
    Json(json!({ "results": results, "nextPageToken": "" }))
}
