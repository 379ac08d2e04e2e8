//! Mailgun's v3 API and its signed events.

use lettre::message::Mailbox;
use serde_json::Value;

use super::{Api, OutgoingMail, one_line};
use crate::providers::{
    delivery::{Answer, Callback, Family, Lookup, Progress, Refusal, SendError, Taken, Told, code_of, exchange},
    hooks::{self, Hook, HookError},
};

pub(super) async fn send(
    api: &Api,
    domain: &str,
    mail: &OutgoingMail,
    from: &Mailbox,
    to: &Mailbox,
    id: &str,
) -> Result<Taken, SendError> {
    let mut form = vec![
        ("from".to_owned(), from.to_string()),
        ("to".to_owned(), to.to_string()),
        ("subject".to_owned(), one_line(&mail.subject)),
        ("text".to_owned(), mail.text.clone()),
        ("h:Message-Id".to_owned(), format!("<{id}>")),
        ("v:message".to_owned(), mail.id.clone()),
        ("o:tracking".to_owned(), "no".to_owned()),
    ];
    form.extend(mail.html.clone().map(|html| ("html".to_owned(), html)));
    form.extend(mail.reply_to.clone().map(|address| ("h:Reply-To".to_owned(), address)));
    form.extend(mail.headers().into_iter().map(|(name, value)| (format!("h:{name}"), value)));
    let request = api.http.post(api.url(&["v3", domain, "messages"])).basic_auth("api", Some(&api.key)).form(&form);
    let answer = exchange(request).await?;
    if answer.status.is_success() {
        // A wrong path is answered 200 as well, by "Mailgun Magnificent API".
        let Some(id) = answer.json()["id"].as_str().map(|id| id.trim_matches(['<', '>']).to_owned()) else {
            return Err(SendError::retry("it answers, but not as a mail API does"));
        };
        return Ok(Taken { id: Some(id), segments: None });
    }
    Err(error(&answer))
}

fn error(answer: &Answer) -> SendError {
    if let Some(common) = answer.common_error() {
        return common;
    }
    let code = answer.status.as_u16().to_string();
    let said = answer.json()["message"].as_str().unwrap_or_default().to_ascii_lowercase();
    match answer.status.as_u16() {
        404 => SendError::Retry {
            after: Some(std::time::Duration::from_secs(300)),
            why: "it does not know the domain (404)".to_owned(),
        },
        400 if said.contains("'to' parameter") => SendError::permanent(Family::InvalidAddress, code),
        400 if said.contains("'from' parameter") => SendError::permanent(Family::BlockedSender, code),
        _ => SendError::permanent(Family::Other, code),
    }
}

pub(super) async fn check(api: &Api, domain: &str) -> Result<(), SendError> {
    let url = api.url(&["v3", "domains", domain]);
    let answer = exchange(api.http.get(url).basic_auth("api", Some(&api.key))).await?;
    if answer.status.is_success() { Ok(()) } else { Err(error(&answer)) }
}

/// Its events come some time after; that there is none yet says nothing.
pub(super) async fn look_up(api: &Api, domain: &str, id: &str) -> Result<Lookup, SendError> {
    let request = api.http.get(api.url(&["v3", domain, "events"])).query(&[("message-id", id), ("limit", "1")]);
    let answer = exchange(request.basic_auth("api", Some(&api.key))).await?;
    let has_any =
        answer.status.is_success() && answer.json()["items"].as_array().is_some_and(|items| !items.is_empty());
    Ok(if has_any { Lookup::Has(Taken { id: Some(id.to_owned()), segments: None }) } else { Lookup::CannotTell })
}

/// One event. Its token is what it is known by: it counts once.
pub(super) fn read(hook: &Hook<'_>, key: &str) -> Result<Vec<Told>, HookError> {
    let told: Value = serde_json::from_slice(hook.body).map_err(|_| HookError::Signature)?;
    let signed = |name: &str| told["signature"][name].as_str().unwrap_or_default();
    let token = signed("token");
    if token.is_empty() || !hooks::is_mailguns(signed("timestamp"), token, signed("signature"), key, hook.now) {
        return Err(HookError::Signature);
    }
    let event = &told["event-data"];
    let message = event["user-variables"]["message"].as_str().and_then(|id| id.parse().ok());
    let provider_id =
        event["message"]["headers"]["message-id"].as_str().map(|id| id.trim_matches(['<', '>']).to_owned());
    let code = code_of(&event["delivery-status"]["code"]);
    let is_permanent = event["severity"] == "permanent";
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
    let callback = match event["event"].as_str().ok_or(HookError::Unreadable)? {
        "accepted" => progress(Progress::Sending, None),
        "delivered" => progress(Progress::Delivered, None),
        "rejected" => progress(Progress::Failed, Some(Family::BlockedSender)),
        "failed" if is_permanent => match event["reason"].as_str() {
            Some("suppress-bounce" | "bounce") => refused(Refusal::Bounce),
            Some("suppress-unsubscribe" | "suppress-complaint") => progress(Progress::Failed, Some(Family::OptedOut)),
            _ => progress(Progress::Undelivered, Some(Family::Other)),
        },
        "complained" => refused(Refusal::Complaint),
        "unsubscribed" => refused(Refusal::Unsubscribe),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Told { dedupe: token.to_owned(), callback }])
}
