//! Bird's Channels API: a message goes to a channel of a workspace, and its life is told to one webhook for all (`sms.outbound`, `sms.inbound`).

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, OutgoingSms};
use crate::{
    providers::{
        delivery::{Answer, Callback, Family, Lookup, Progress, SendError, Taken, Told, code_of},
        hooks::{self, Hook, HookError},
    },
    types::sender::Sender,
};

/// Pages of the channel's messages that are looked through, newest first.
const PAGES: usize = 5;

pub(super) struct Account {
    pub workspace: String,
    pub key: String,
    pub channel: String,
}

impl Account {
    fn request(&self, client: &Client<'_>, method: Method) -> reqwest::RequestBuilder {
        client
            .request(method, &["workspaces", &self.workspace, "channels", &self.channel, "messages"])
            .header("authorization", format!("AccessKey {}", self.key))
    }

    /// `own`: the organization's sender. Otherwise it is the channel's.
    pub async fn send(
        &self,
        client: &Client<'_>,
        message: &OutgoingSms,
        own: Option<&Sender>,
    ) -> Result<Taken, SendError> {
        let mut body = json!({
            "receiver": { "contacts": [{ "identifierKey": "phonenumber", "identifierValue": message.to.as_str() }] },
            "body": { "type": "text", "text": { "text": message.text } },
            "reference": message.id,
        });
        if let Some(own) = own {
            body["sender"] = json!({ "connector": { "identifierValue": own.to_string() } });
        }
        let answer = client.exchange(self.request(client, Method::POST).json(&body)).await?;
        if answer.status.is_success() {
            return Ok(Taken { id: answer.json()["id"].as_str().map(str::to_owned), segments: None });
        }
        Err(error(&answer))
    }

    pub async fn look_up(
        &self,
        client: &Client<'_>,
        message: &OutgoingSms,
        since: DateTime<Utc>,
    ) -> Result<Lookup, SendError> {
        let reference = message.id.to_string();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let mut query = vec![("limit", "100".to_owned())];
            query.extend(token.take().map(|token| ("pageToken", token)));
            let answer = client.exchange(self.request(client, Method::GET).query(&query)).await?;
            let page = answer.json();
            let (true, Some(rows)) = (answer.status.is_success(), page["results"].as_array()) else {
                return Ok(Lookup::CannotTell);
            };
            if let Some(found) = rows.iter().find(|row| row["reference"] == reference.as_str()) {
                return Ok(Lookup::Has(Taken { id: found["id"].as_str().map(str::to_owned), segments: None }));
            }
            let made = |row: &Value| row["createdAt"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
            let is_past = rows.iter().filter_map(made).any(|made| made < since - TimeDelta::minutes(1));
            token = page["nextPageToken"].as_str().filter(|token| !token.is_empty()).map(str::to_owned);
            if is_past || token.is_none() {
                return Ok(Lookup::Absent);
            }
        }
        Ok(Lookup::CannotTell)
    }
}

pub(super) fn read(hook: &Hook<'_>, key: Option<&str>) -> Result<Vec<Told>, HookError> {
    if !key.is_some_and(|key| hooks::is_birds(hook, key)) {
        return Err(HookError::Signature);
    }
    let told: Value = serde_json::from_slice(hook.body).map_err(|_| HookError::Unreadable)?;
    let payload = &told["payload"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let Some(id) = text(&payload["id"]) else { return Ok(Vec::new()) };
    if told["event"] == "sms.inbound" {
        let connector = &payload["receiver"]["connector"];
        let callback = Callback::Inbound {
            provider_id: id.clone(),
            from: text(&payload["sender"]["contact"]["identifierValue"]).ok_or(HookError::Unreadable)?,
            to: text(&connector["identifierValue"]).or_else(|| text(&payload["channelId"])).unwrap_or_default(),
            text: text(&payload["body"]["text"]["text"]).unwrap_or_default(),
            opt_out: None,
        };
        return Ok(vec![Told { dedupe: format!("in:{id}"), callback }]);
    }
    let status = payload["status"].as_str().unwrap_or_default();
    let Some(progress) = progress(status) else { return Ok(Vec::new()) };
    let code = code_of(&payload["failure"]["code"]).or_else(|| code_of(&payload["reason"]));
    let callback = Callback::Progress {
        message: payload["reference"].as_str().and_then(|id| id.parse().ok()),
        provider_id: Some(id.clone()),
        progress,
        family: matches!(progress, Progress::Undelivered | Progress::Failed).then(|| family(code.as_deref())),
        code,
        segments: payload["parts"]
            .as_array()
            .and_then(|parts| u16::try_from(parts.len()).ok())
            .filter(|parts| *parts > 0),
    };
    Ok(vec![Told { dedupe: format!("{id}:{status}"), callback }])
}

fn progress(status: &str) -> Option<Progress> {
    Some(match status {
        "accepted" | "processing" | "scheduled" => Progress::Sending,
        "sent" => Progress::Sent,
        "delivered" | "read" => Progress::Delivered,
        "delivery_failed" => Progress::Undelivered,
        "sending_failed" | "rejected" | "skipped" | "failed" => Progress::Failed,
        _ => return None,
    })
}

/// Bird names reasons in words.
fn family(code: Option<&str>) -> Family {
    let code = code.unwrap_or_default().to_ascii_lowercase();
    let has = |word: &str| code.contains(word);
    if has("opt") && has("out") || has("unsubscribed") || has("suppress") {
        Family::OptedOut
    } else if has("unknown_subscriber") || has("invalid_number") || has("invalid_receiver") || has("invalid_identifier")
    {
        Family::InvalidAddress
    } else if has("absent") || has("unreachable") || has("unavailable") {
        Family::Unreachable
    } else if has("expired") {
        Family::Expired
    } else if has("spam") || has("filter") || has("blocked_by_carrier") {
        Family::Filtered
    } else if has("sender") {
        Family::BlockedSender
    } else if has("country") || has("region") {
        Family::BlockedRegion
    } else {
        Family::Other
    }
}

fn error(answer: &Answer) -> SendError {
    if let Some(common) = answer.common_error() {
        return common;
    }
    let code = code_of(&answer.json()["code"]).or_else(|| Some(answer.status.as_u16().to_string()));
    if answer.status.as_u16() == 402 {
        return SendError::Retry {
            after: Some(std::time::Duration::from_secs(300)),
            why: "the account does not pay".to_owned(),
        };
    }
    SendError::permanent(family(code.as_deref()), code)
}
