//! MessageBird's REST API, as it was before Bird. It reports only on messages that have a reference; reports come as GET.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, OutgoingSms};
use crate::{
    providers::{
        delivery::{Answer, Callback, Family, Lookup, Progress, SendError, Taken, Told, code_of},
        hooks::{self, Hook, HookError, field},
    },
    types::{gsm, sender::Sender},
};

pub(super) struct Account {
    pub key: String,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    #[serde(default)]
    reference: Option<String>,
}

#[derive(Deserialize)]
struct Listing {
    items: Vec<Message>,
}

impl Account {
    fn request(&self, client: &Client<'_>, method: Method) -> reqwest::RequestBuilder {
        client.request(method, &["messages"]).header("authorization", format!("AccessKey {}", self.key))
    }

    pub async fn send(
        &self,
        client: &Client<'_>,
        message: &OutgoingSms,
        from: Option<&Sender>,
    ) -> Result<Taken, SendError> {
        let originator = from.map(|from| from.to_string().trim_start_matches('+').to_owned());
        let body = json!({
            "originator": originator,
            "body": message.text,
            "recipients": [message.to.as_str().trim_start_matches('+')],
            "reference": message.id,
            "reportUrl": message.callback,
            "validity": message.valid_for.as_secs().max(1),
            "datacoding": if gsm::parts(&message.text).alphabet == gsm::Alphabet::Gsm7 { "plain" } else { "unicode" },
        });
        let answer = client.exchange(self.request(client, Method::POST).json(&body)).await?;
        if answer.status.is_success() {
            let id = serde_json::from_slice::<Message>(&answer.body).ok().map(|message| message.id);
            return Ok(Taken { id, segments: None });
        }
        Err(error(&answer))
    }

    pub async fn look_up(
        &self,
        client: &Client<'_>,
        message: &OutgoingSms,
        since: DateTime<Utc>,
    ) -> Result<Lookup, SendError> {
        let from = (since - TimeDelta::minutes(1)).to_rfc3339();
        let query =
            [("recipient", message.to.as_str().trim_start_matches('+')), ("from", from.as_str()), ("limit", "100")];
        let answer = client.exchange(self.request(client, Method::GET).query(&query)).await?;
        if !answer.status.is_success() {
            return Ok(Lookup::CannotTell);
        }
        let Ok(listing) = serde_json::from_slice::<Listing>(&answer.body) else { return Ok(Lookup::CannotTell) };
        let reference = message.id.to_string();
        let found = listing.items.into_iter().find(|found| found.reference.as_deref() == Some(reference.as_str()));
        Ok(found.map_or(Lookup::Absent, |found| Lookup::Has(Taken { id: Some(found.id), segments: None })))
    }
}

/// A report, or what somebody wrote back.
pub(super) fn read(hook: &Hook<'_>, key: Option<&str>) -> Result<Vec<Told>, HookError> {
    if !key.is_some_and(|key| hooks::is_messagebirds(hook, key)) {
        return Err(HookError::Signature);
    }
    let mut fields = hook.query();
    fields.extend(match serde_json::from_slice::<Value>(hook.body) {
        Ok(Value::Object(body)) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            body.iter().map(|(name, value)| (name.clone(), text(value))).collect()
        }
        _ => hook.form(),
    });
    let id = field(&fields, "id").or_else(|| field(&fields, "message_id")).ok_or(HookError::Unreadable)?;
    let Some(status) = field(&fields, "status") else {
        let callback = Callback::Inbound {
            provider_id: id.to_owned(),
            from: international(field(&fields, "originator").ok_or(HookError::Unreadable)?),
            to: international(field(&fields, "recipient").ok_or(HookError::Unreadable)?),
            text: ["body", "payload", "message"]
                .iter()
                .find_map(|name| field(&fields, name))
                .unwrap_or_default()
                .to_owned(),
            opt_out: None,
        };
        return Ok(vec![Told { dedupe: format!("in:{id}"), callback }]);
    };
    let Some(progress) = progress(status) else { return Ok(Vec::new()) };
    let code = field(&fields, "statusErrorCode").and_then(|code| code_of(&Value::from(code)));
    let is_failed = matches!(progress, Progress::Undelivered | Progress::Failed);
    let reason = field(&fields, "statusReason").unwrap_or_default();
    let callback = Callback::Progress {
        message: field(&fields, "reference").and_then(|id| id.parse().ok()),
        provider_id: Some(id.to_owned()),
        progress,
        family: is_failed.then(|| family(code.as_deref(), if status == "expired" { status } else { reason })),
        code,
        segments: None,
    };
    Ok(vec![Told { dedupe: format!("{id}:{status}"), callback }])
}

/// Numbers come without the plus.
fn international(number: &str) -> String {
    if number.starts_with('+') || !number.bytes().all(|b| b.is_ascii_digit()) {
        number.to_owned()
    } else {
        format!("+{number}")
    }
}

fn progress(status: &str) -> Option<Progress> {
    Some(match status {
        "scheduled" | "buffered" => Progress::Sending,
        "sent" => Progress::Sent,
        "delivered" => Progress::Delivered,
        "expired" | "delivery_failed" => Progress::Undelivered,
        _ => return None,
    })
}

/// By its code where there is one, else by its reason, which is one of few sentences.
fn family(code: Option<&str>, reason: &str) -> Family {
    match (code, reason) {
        (Some("103"), _) | (_, "opted out") => Family::OptedOut,
        (Some("104"), _) => Family::BlockedSender,
        (Some("1" | "5" | "9"), _) | (_, "unknown subscriber") => Family::InvalidAddress,
        (Some("6" | "27" | "31" | "33"), _) | (_, "unavailable subscriber") => Family::Unreachable,
        (Some("105"), _) | (_, "carrier rejected") => Family::Filtered,
        (_, "expired") => Family::Expired,
        _ => Family::Other,
    }
}

fn error(answer: &Answer) -> SendError {
    if let Some(common) = answer.common_error() {
        return common;
    }
    let told = answer.json();
    let first = &told["errors"][0];
    let code = code_of(&first["code"]);
    match (code.as_deref(), first["parameter"].as_str()) {
        // Not enough balance; the key is refused: the message is fine.
        (Some("25" | "2"), _) => SendError::Retry {
            after: Some(std::time::Duration::from_secs(300)),
            why: "the account does not pay or let us in".to_owned(),
        },
        (Some("99"), _) => SendError::Unknown("an error inside".to_owned()),
        (_, Some("recipient" | "recipients")) => SendError::permanent(Family::InvalidAddress, code),
        (_, Some("originator")) => SendError::permanent(Family::BlockedSender, code),
        (Some(known), _) => SendError::permanent(family(Some(known), ""), code),
        (None, _) => SendError::permanent(Family::Other, answer.status.as_u16().to_string()),
    }
}
