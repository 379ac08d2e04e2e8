//! What the vendors call us with, signed as each of them signs.

use std::time::Duration;

use aws_lc_rs::{hmac, rand::SystemRandom};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use url::Url;

use super::{
    ApiMail, BIRD, BIRD_SIGNING, MAILGUN_SIGNING, MESSAGEBIRD_SIGNING, Senders, TWILIO, TWILIO_SHARED_KEY, Text,
};
use crate::{
    db::seal,
    providers::hooks::{bird_text, hmac_base64, sha256_hex, twilio_text},
};

/// A call that is ready to be made; a test may change it before.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: reqwest::Method,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Senders {
    /// Keeps what was taken; reports on it by itself where it is played so.
    pub(super) fn taken(&self, text: Text) {
        self.keep(text.clone());
        if self.0.options.delivers {
            let senders = self.clone();
            tokio::spawn(async move {
                for status in ["sent", "delivered"] {
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    senders.report(&text, status, None).await;
                }
            });
        }
    }

    /// Tells how a message goes on. `status`: as the vendor names it. Tells the status of the answer, where there was one.
    pub async fn report(&self, text: &Text, status: &str, code: Option<&str>) -> Option<u16> {
        if let Some(kept) = self.state().texts.iter_mut().find(|kept| kept.id == text.id) {
            status.clone_into(&mut kept.status);
        }
        self.make(self.report_call(text, status, code)?).await
    }

    /// As [`Self::report`], not yet made.
    pub fn report_call(&self, text: &Text, status: &str, code: Option<&str>) -> Option<Call> {
        match text.vendor {
            "twilio" => {
                let mut fields = vec![
                    ("MessageSid", text.id.as_str()),
                    ("MessageStatus", status),
                    ("AccountSid", TWILIO.0),
                    ("To", text.to.as_str()),
                    ("From", text.from.as_str()),
                    ("ApiVersion", "2010-04-01"),
                ];
                fields.extend(code.map(|code| ("ErrorCode", code)));
                Some(twilio(text.callback.clone()?, &fields, false))
            }
            "messagebird" => {
                let mut url = Url::parse(text.callback.as_deref()?).ok()?;
                url.query_pairs_mut()
                    .append_pair("id", &text.id)
                    .append_pair("reference", text.reference.as_deref().unwrap_or_default())
                    .append_pair("recipient", text.to.trim_start_matches('+'))
                    .append_pair("status", status)
                    .append_pair("statusDatetime", &self.now().to_rfc3339())
                    .append_pair("statusErrorCode", code.unwrap_or_default());
                Some(self.messagebird(reqwest::Method::GET, url.into(), String::new()))
            }
            _ => {
                let payload = json!({
                    "id": text.id, "channelId": BIRD.2, "reference": text.reference, "status": status, "reason": code,
                    "direction": "outgoing", "receiver": { "contacts": [{ "identifierValue": text.to }] },
                });
                let body = json!({ "service": "channels", "event": "sms.outbound", "payload": payload });
                Some(self.bird(self.webhook("sms/bird")?, body.to_string()))
            }
        }
    }

    /// As [`Self::report_call`] of Twilio's, signed as webhook rules with a shared key sign.
    pub fn newer_report_call(&self, text: &Text, status: &str) -> Call {
        let fields = [("MessageSid", text.id.as_str()), ("MessageStatus", status), ("To", text.to.as_str())];
        twilio(text.callback.clone().unwrap_or_default(), &fields, true)
    }

    /// Somebody writes back. `to`: our number.
    pub async fn answer(&self, vendor: &'static str, from: &str, to: &str, words: &str) -> Option<u16> {
        let number = self.next_id();
        let id = format!("in{number:030x}");
        self.keep(Text {
            number,
            vendor,
            id: id.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            text: words.to_owned(),
            status: "received".to_owned(),
            reference: None,
            callback: None,
            at: self.now(),
            request: Value::Null,
        });
        self.make(self.answer_call(vendor, &id, from, to, words)?).await
    }

    /// As [`Self::answer`], not yet made, and not kept.
    pub fn answer_call(&self, vendor: &str, id: &str, from: &str, to: &str, words: &str) -> Option<Call> {
        match vendor {
            "twilio" => {
                let fields = [
                    ("MessageSid", id),
                    ("AccountSid", TWILIO.0),
                    ("From", from),
                    ("To", to),
                    ("Body", words),
                    ("NumMedia", "0"),
                ];
                Some(twilio(self.webhook("sms/twilio")?, &fields, false))
            }
            "messagebird" => {
                let body = json!({
                    "id": id, "originator": from.trim_start_matches('+'), "recipient": to.trim_start_matches('+'), "body": words,
                    "createdDatetime": self.now().to_rfc3339(),
                });
                Some(self.messagebird(reqwest::Method::POST, self.webhook("sms/messagebird")?, body.to_string()))
            }
            _ => {
                let payload = json!({
                    "id": id, "channelId": BIRD.2, "sender": { "contact": { "identifierKey": "phonenumber", "identifierValue": from } },
                    "receiver": { "connector": { "identifierValue": to } }, "body": { "type": "text", "text": { "text": words } },
                    "status": "delivered", "direction": "incoming",
                });
                let body = json!({ "service": "channels", "event": "sms.inbound", "payload": payload });
                Some(self.bird(self.webhook("sms/bird")?, body.to_string()))
            }
        }
    }

    /// An event of a mail: `delivered`, `bounce`, `spamreport` … of SendGrid; `delivered`, `failed`, `complained` … of Mailgun.
    pub async fn mail_event(&self, mail: &ApiMail, event: &str) -> Option<u16> {
        self.make(self.mail_call(mail, event)?).await
    }

    /// As [`Self::mail_event`], not yet made.
    pub fn mail_call(&self, mail: &ApiMail, event: &str) -> Option<Call> {
        let timestamp = self.now().timestamp().to_string();
        if mail.vendor == "sendgrid" {
            let told = json!([{
                "email": mail.to, "timestamp": self.now().timestamp(), "event": event, "sg_event_id": hex::encode(seal::random::<12>()),
                "sg_message_id": format!("{}.recvd-1", mail.id), "message": mail.message, "status": "5.0.0",
            }]);
            // SendGrid ends its lines so, and signs them so.
            let body = format!("{told}\r\n");
            let signature = self.0.key.sign(&SystemRandom::new(), format!("{timestamp}{body}").as_bytes()).ok()?;
            return Some(Call {
                method: reqwest::Method::POST,
                url: self.webhook("mail/sendgrid")?,
                headers: vec![
                    ("content-type", "application/json".to_owned()),
                    ("x-twilio-email-event-webhook-signature", STANDARD.encode(signature)),
                    ("x-twilio-email-event-webhook-timestamp", timestamp),
                ],
                body,
            });
        }
        let token = hex::encode(seal::random::<25>());
        let signature = hex::encode(hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, MAILGUN_SIGNING.as_bytes()),
            format!("{timestamp}{token}").as_bytes(),
        ));
        let told = json!({
            "signature": { "timestamp": timestamp, "token": token, "signature": signature },
            "event-data": {
                "event": event, "severity": "permanent", "reason": "bounce", "recipient": mail.to, "delivery-status": { "code": 550 },
                "message": { "headers": { "message-id": mail.id } }, "user-variables": { "message": mail.message },
            },
        });
        let headers = vec![("content-type", "application/json".to_owned())];
        Some(Call {
            method: reqwest::Method::POST,
            url: self.webhook("mail/mailgun")?,
            headers,
            body: told.to_string(),
        })
    }

    /// Makes a call; tells the status of the answer.
    pub async fn make(&self, call: Call) -> Option<u16> {
        let mut request = self.0.http.request(call.method, call.url).body(call.body);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    fn webhook(&self, path: &str) -> Option<String> {
        Some(self.0.options.server.as_ref()?.join(&format!("webhooks/{path}")).ok()?.into())
    }

    fn messagebird(&self, method: reqwest::Method, url: String, body: String) -> Call {
        let now = self.now().timestamp();
        let mut claims = json!({
            "iss": "MessageBird", "jti": hex::encode(seal::random::<16>()), "nbf": now - 1, "exp": now + 60,
            "url_hash": sha256_hex(url.as_bytes()),
        });
        if !body.is_empty() {
            claims["payload_hash"] = json!(sha256_hex(body.as_bytes()));
        }
        let key = EncodingKey::from_secret(MESSAGEBIRD_SIGNING.as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).expect("claims");
        let headers = vec![("content-type", "application/json".to_owned()), ("messagebird-signature-jwt", token)];
        Call { method, url, headers, body }
    }

    fn bird(&self, url: String, body: String) -> Call {
        let timestamp = self.now().timestamp().to_string();
        let signature =
            hmac_base64(hmac::HMAC_SHA256, BIRD_SIGNING.as_bytes(), &bird_text(&timestamp, &url, body.as_bytes()));
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("messagebird-signature", signature),
            ("messagebird-request-timestamp", timestamp),
        ];
        Call { method: reqwest::Method::POST, url, headers, body }
    }
}

/// `newer`: as webhook rules with a shared key sign.
pub(super) fn twilio(url: String, fields: &[(&str, &str)], newer: bool) -> Call {
    let owned: Vec<(String, String)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let text = twilio_text(&url, &owned);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    if newer {
        headers.push((
            "x-twilio-webhooks-signature-settings",
            "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256".to_owned(),
        ));
        headers.push((
            "x-twilio-signature",
            hmac_base64(hmac::HMAC_SHA256, TWILIO_SHARED_KEY.as_bytes(), text.as_bytes()),
        ));
    } else {
        let algorithm = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        headers.push(("x-twilio-signature", hmac_base64(algorithm, TWILIO.1.as_bytes(), text.as_bytes())));
    }
    Call { method: reqwest::Method::POST, url, headers, body }
}
