//! SendGrid's v3 API and its signed events. Clicks and opens are not tracked: nobody agreed to that.

use lettre::message::Mailbox;
use serde_json::{Map, Value, json};

use super::{Api, OutgoingMail, one_line};
use crate::providers::{
    delivery::{Answer, Callback, Family, Progress, Refusal, SendError, Taken, Told, code_of, exchange},
    hooks::{self, Hook, HookError},
};

fn person(mailbox: &Mailbox) -> Value {
    let mut person = json!({ "email": mailbox.email.to_string() });
    if let Some(name) = &mailbox.name {
        person["name"] = json!(name);
    }
    person
}

pub(super) async fn send(api: &Api, mail: &OutgoingMail, from: &Mailbox, to: &Mailbox) -> Result<Taken, SendError> {
    let headers: Map<String, Value> =
        mail.headers().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let mut content = vec![json!({ "type": "text/plain", "value": mail.text })];
    content.extend(mail.html.as_ref().map(|html| json!({ "type": "text/html", "value": html })));
    let mut body = json!({
        "personalizations": [{ "to": [person(to)], "custom_args": { "message": mail.id } }],
        "from": person(from),
        "subject": one_line(&mail.subject),
        "content": content,
        "headers": headers,
        "tracking_settings": { "click_tracking": { "enable": false }, "open_tracking": { "enable": false } },
    });
    if let Some(reply_to) = &mail.reply_to {
        body["reply_to"] = json!({ "email": reply_to });
    }
    let answer = exchange(api.http.post(api.url(&["v3", "mail", "send"])).bearer_auth(&api.key).json(&body)).await?;
    if answer.status.is_success() {
        let id = answer.headers.get("x-message-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        return Ok(Taken { id, segments: None });
    }
    Err(error(&answer))
}

fn error(answer: &Answer) -> SendError {
    if let Some(common) = answer.common_error() {
        return common;
    }
    let told = answer.json();
    let place = told["errors"][0]["field"].as_str().unwrap_or_default();
    let family = if place.contains("to.") || place.ends_with("email") && place.starts_with("personalizations") {
        Family::InvalidAddress
    } else if place.starts_with("from") {
        Family::BlockedSender
    } else {
        Family::Other
    };
    SendError::permanent(family, answer.status.as_u16().to_string())
}

pub(super) async fn check(api: &Api) -> Result<(), SendError> {
    let answer = exchange(api.http.get(api.url(&["v3", "scopes"])).bearer_auth(&api.key)).await?;
    if answer.status.is_success() { Ok(()) } else { Err(error(&answer)) }
}

/// A list of events.
pub(super) fn read(hook: &Hook<'_>, key: &str) -> Result<Vec<Told>, HookError> {
    if !hooks::is_sendgrids(hook, key) {
        return Err(HookError::Signature);
    }
    let events: Vec<Value> = serde_json::from_slice(hook.body).map_err(|_| HookError::Unreadable)?;
    Ok(events.iter().filter_map(told).collect())
}

fn told(event: &Value) -> Option<Told> {
    let text = |name: &str| event[name].as_str().map(str::to_owned);
    let message = text("message").and_then(|id| id.parse().ok());
    // It begins with the X-Message-Id of the answer.
    let provider_id = text("sg_message_id").map(|id| id.split('.').next().unwrap_or_default().to_owned());
    let code = code_of(&event["status"]).or_else(|| code_of(&event["bounce_classification"]));
    let progress = |progress, family: Option<Family>| Callback::Progress {
        message,
        provider_id: provider_id.clone(),
        progress,
        family,
        code: code.clone(),
        segments: None,
    };
    let refused =
        |refusal| Callback::Refused { message, provider_id: provider_id.clone(), refusal, code: code.clone() };
    let callback = match (text("event")?.as_str(), text("type").as_deref()) {
        ("delivered", _) => progress(Progress::Delivered, None),
        // Blocked: not now, and not for ever.
        ("bounce", Some("blocked")) => progress(Progress::Undelivered, Some(Family::Filtered)),
        ("bounce", _) => refused(Refusal::Bounce),
        ("dropped", _) => {
            let reason = text("reason").unwrap_or_default().to_ascii_lowercase();
            if reason.contains("unsubscribed") || reason.contains("spam reporting") {
                progress(Progress::Failed, Some(Family::OptedOut))
            } else if reason.contains("bounced") || reason.contains("invalid") {
                progress(Progress::Failed, Some(Family::InvalidAddress))
            } else {
                progress(Progress::Failed, Some(Family::Other))
            }
        }
        ("spamreport", _) => refused(Refusal::Complaint),
        ("unsubscribe" | "group_unsubscribe", _) => refused(Refusal::Unsubscribe),
        _ => return None,
    };
    Some(Told { dedupe: text("sg_event_id")?, callback })
}
