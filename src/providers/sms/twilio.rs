//! Twilio's Messages API (2010-04-01). `twilio-async` writes the form; it is sent with our own client and read with our own structs: that
//! crate's client takes an answer without a price for a failure, so that the message would go once more (docs/DEPENDENCIES.md).

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, header};
use serde::Deserialize;
use serde_json::Value;
use twilio_async::{Msg, encode_pairs};

use super::{Client, OutgoingSms};
use crate::{
    providers::{
        delivery::{Answer, Callback, Family, Lookup, Progress, SendError, Taken, Told, code_of},
        hooks::{self, Hook, HookError, field},
    },
    types::sender::Sender,
};

/// Twilio's own limit on how long a message may wait (seconds).
const LONGEST_WAIT: u64 = 36_000;

pub(super) struct Account {
    pub sid: String,
    /// Signs callbacks, and lets us in where there is no API key.
    pub token: String,
    pub key: Option<(String, String)>,
    /// A messaging service, which picks the sender.
    pub service: Option<String>,
}

/// What it answers. Of a message only what is needed: it sends `null` in most other fields.
#[derive(Deserialize)]
struct Message {
    sid: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    num_segments: Option<String>,
    #[serde(default)]
    date_created: Option<String>,
}

impl Message {
    fn taken(&self) -> Taken {
        Taken { id: Some(self.sid.clone()), segments: self.num_segments.as_deref().and_then(|n| n.parse().ok()) }
    }
}

#[derive(Deserialize)]
struct Listing {
    messages: Vec<Message>,
}

impl Account {
    fn request(&self, client: &Client<'_>, method: Method) -> reqwest::RequestBuilder {
        let request = client.request(method, &["2010-04-01", "Accounts", &self.sid, "Messages.json"]);
        match &self.key {
            Some((key, secret)) => request.basic_auth(key, Some(secret)),
            None => request.basic_auth(&self.sid, Some(&self.token)),
        }
    }

    /// `own`: the organization's sender. Without one a messaging service goes before `from`.
    pub async fn send(
        &self,
        client: &Client<'_>,
        message: &OutgoingSms,
        own: Option<&Sender>,
        from: Option<&Sender>,
    ) -> Result<Taken, SendError> {
        let request = self.request(client, Method::POST);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = client.exchange(request.body(self.form(message, own, from))).await?;
        if answer.status.is_success() {
            // It has it, whatever else it says.
            let read = serde_json::from_slice::<Message>(&answer.body);
            return Ok(read.map_or(Taken { id: None, segments: None }, |message| message.taken()));
        }
        Err(error(&answer))
    }

    fn form(&self, message: &OutgoingSms, own: Option<&Sender>, from: Option<&Sender>) -> String {
        let (to, body) = (message.to.as_str(), message.text.as_str());
        let what = match (own, &self.service, from) {
            // The crate's form always names a sender, which would go before the service.
            (None, Some(service), _) => encode_pairs([("To", to), ("MessagingServiceSid", service), ("Body", body)]),
            (Some(sender), ..) | (None, None, Some(sender)) => {
                Some(Msg::new(&sender.to_string(), to, body).to_string())
            }
            (None, None, None) => encode_pairs([("To", to), ("Body", body)]),
        };
        let patience = message.valid_for.as_secs().clamp(1, LONGEST_WAIT).to_string();
        let how = encode_pairs([("StatusCallback", message.callback.as_str()), ("ValidityPeriod", &patience)]);
        [what, how].into_iter().flatten().collect::<Vec<_>>().join("&")
    }

    pub async fn look_up(
        &self,
        client: &Client<'_>,
        message: &OutgoingSms,
        since: DateTime<Utc>,
    ) -> Result<Lookup, SendError> {
        let day = (since - TimeDelta::minutes(1)).format("%Y-%m-%d").to_string();
        let query = [("To", message.to.as_str()), ("DateSent>", day.as_str()), ("PageSize", "100")];
        let answer = client.exchange(self.request(client, Method::GET).query(&query)).await?;
        if !answer.status.is_success() {
            return Ok(Lookup::CannotTell);
        }
        let Ok(listing) = serde_json::from_slice::<Listing>(&answer.body) else { return Ok(Lookup::CannotTell) };
        let is_it = |found: &&Message| {
            let made = found.date_created.as_deref().and_then(|text| DateTime::parse_from_rfc2822(text).ok());
            // An unsubscribe link, which is known by its hash only, stands on a line of its own behind the words.
            let rest = found.body.strip_prefix(message.text.as_str());
            found.to == message.to.as_str()
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('\n'))
                && made.is_none_or(|made| made >= since - TimeDelta::minutes(1))
        };
        Ok(listing.messages.iter().find(is_it).map_or(Lookup::Absent, |found| Lookup::Has(found.taken())))
    }

    pub fn read(&self, hook: &Hook<'_>, shared_key: Option<&str>) -> Result<Vec<Told>, HookError> {
        if !hooks::is_twilios(hook, &self.token, shared_key) {
            return Err(HookError::Signature);
        }
        let (form, query) = (hook.form(), hook.query());
        let sid = field(&form, "MessageSid").or_else(|| field(&form, "SmsSid")).ok_or(HookError::Unreadable)?;
        let Some(status) = field(&form, "MessageStatus") else {
            let callback = Callback::Inbound {
                provider_id: sid.to_owned(),
                from: field(&form, "From").ok_or(HookError::Unreadable)?.to_owned(),
                to: field(&form, "To").ok_or(HookError::Unreadable)?.to_owned(),
                text: field(&form, "Body").unwrap_or_default().to_owned(),
                opt_out: field(&form, "OptOutType").map(str::to_owned),
            };
            return Ok(vec![Told { dedupe: format!("in:{sid}"), callback }]);
        };
        let Some(progress) = progress(status) else { return Ok(Vec::new()) };
        let code = field(&form, "ErrorCode").and_then(|code| code_of(&Value::from(code)));
        let callback = Callback::Progress {
            message: field(&query, "m").and_then(|id| id.parse().ok()),
            provider_id: Some(sid.to_owned()),
            progress,
            family: code.as_deref().map(family),
            code,
            segments: None,
        };
        Ok(vec![Told { dedupe: format!("{sid}:{status}"), callback }])
    }
}

fn progress(status: &str) -> Option<Progress> {
    Some(match status {
        "accepted" | "scheduled" | "queued" | "sending" => Progress::Sending,
        "sent" => Progress::Sent,
        "delivered" | "read" | "partially_delivered" => Progress::Delivered,
        "undelivered" => Progress::Undelivered,
        "failed" | "canceled" => Progress::Failed,
        _ => return None,
    })
}

/// Twilio splits its codes now and then, and advises against logic tied to single ones: families, and the code is kept.
fn family(code: &str) -> Family {
    match code {
        "21211" | "21217" | "21401" | "30005" => Family::InvalidAddress,
        "21614" | "30006" => Family::NotMobile,
        "21610" => Family::OptedOut,
        "21408" | "21612" => Family::BlockedRegion,
        "21212" | "21603" | "21606" | "21659" | "21660" | "21661" | "30034" => Family::BlockedSender,
        "30003" => Family::Unreachable,
        "30004" | "30007" => Family::Filtered,
        "30036" => Family::Expired,
        _ => Family::Other,
    }
}

fn error(answer: &Answer) -> SendError {
    if let Some(common) = answer.common_error() {
        return common;
    }
    let code = code_of(&answer.json()["code"]);
    match code.as_deref() {
        // The sender's queue is full; too many requests.
        Some("21611" | "20429" | "14107") => {
            SendError::Retry { after: answer.retry_after(), why: "too many".to_owned() }
        }
        Some(known) => SendError::permanent(family(known), code),
        None => SendError::permanent(Family::Other, answer.status.as_u16().to_string()),
    }
}
