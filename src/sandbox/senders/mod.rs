//! Those who send SMS and e-mail over HTTP, played on loopback: Twilio, MessageBird, Bird, SendGrid, Mailgun. They keep what they are given, refuse a
//! wrong key as each of them does, obey "fail the next one", and tell how it goes on in calls that are signed as theirs are. `/texts` is a page for
//! people, `/_sandbox/texts` a remote control (see `control.rs`).

mod calls;
mod control;
mod mails;
mod texts;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Router, http::StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

pub use calls::Call;

/// How many messages are kept.
const KEPT: usize = 1_000;
/// How long a silence lasts.
const SILENCE: Duration = Duration::from_secs(60);

pub const TWILIO: (&str, &str) = ("AC00000000000000000000000000000001", "the-auth-token-of-the-sandbox");
/// What Twilio's newer webhooks are signed with.
pub const TWILIO_SHARED_KEY: &str = "the-shared-key-of-the-sandbox";
pub const MESSAGEBIRD: &str = "the-access-key-of-messagebird";
pub const MESSAGEBIRD_SIGNING: &str = "the-signing-key-of-messagebird";
/// Workspace, access key, channel.
pub const BIRD: (&str, &str, &str) =
    ("a1405560-c8d3-4b1a-877d-3f449ad95352", "the-access-key-of-bird", "5b1a877d-0000-4b1a-877d-3f449ad95352");
pub const BIRD_SIGNING: &str = "the-signing-key-of-bird";
pub const SENDGRID: &str = "SG.the-key-of-sendgrid";
/// Domain, key.
pub const MAILGUN: (&str, &str) = ("mg.example.com", "the-key-of-mailgun");
pub const MAILGUN_SIGNING: &str = "the-signing-key-of-mailgun";

/// What the next message meets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// This status, with nothing kept; 429 and 503 with `Retry-After`.
    Status(u16),
    /// A refusal with the vendor's own code.
    Code(u32),
    /// It is kept, and then nothing is said: whoever sent it cannot know.
    Silence,
    /// Nothing is kept and nothing is said.
    Deaf,
}

/// An SMS as it came, or as somebody sent it back.
#[derive(Debug, Clone, Serialize)]
pub struct Text {
    pub number: usize,
    pub vendor: &'static str,
    pub id: String,
    pub from: String,
    pub to: String,
    pub text: String,
    /// `queued`, and further as the vendor names it; `received` of an answer.
    pub status: String,
    pub reference: Option<String>,
    pub callback: Option<String>,
    pub at: DateTime<Utc>,
    /// Everything that was asked for.
    #[serde(skip)]
    pub request: Value,
}

/// An e-mail as it came over an API.
#[derive(Debug, Clone, Serialize)]
pub struct ApiMail {
    pub vendor: &'static str,
    pub id: String,
    pub to: String,
    pub from: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// What comes back with each event.
    pub message: Option<String>,
    pub at: DateTime<Utc>,
    #[serde(skip)]
    pub request: Value,
}

/// How it is played.
#[derive(Clone)]
pub struct Options {
    /// Where the server is: its webhooks stand under it. Without it nothing is told.
    pub server: Option<Url>,
    /// Reports each SMS as sent, and then as delivered, by itself.
    pub delivers: bool,
    pub clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

#[derive(Default)]
struct State {
    texts: VecDeque<Text>,
    mails: VecDeque<ApiMail>,
    faults: VecDeque<Fault>,
    taken: usize,
}

/// The vendors; clones share what they were given.
#[derive(Clone)]
pub struct Senders(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    options: Options,
    http: reqwest::Client,
    key: EcdsaKeyPair,
}

impl Senders {
    pub fn new(options: Options) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client");
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).expect("a key");
        Self(Arc::new(Inner { state: Mutex::default(), options, http, key }))
    }

    /// All their APIs, each under its own path, and the remote control.
    pub fn router(&self) -> Router {
        texts::router().merge(mails::router()).merge(control::router()).with_state(self.clone())
    }

    /// `SMS_URL` of a server that sends by this vendor, played at this address; with `SMS_WEBHOOK_KEY`.
    pub fn sms_url(vendor: &str, address: &str) -> (Url, &'static str) {
        let (text, key) = match vendor {
            "twilio" => (format!("twilio://{}:{}@{address}/twilio", TWILIO.0, TWILIO.1), TWILIO_SHARED_KEY),
            "messagebird" => (format!("messagebird://:{MESSAGEBIRD}@{address}/messagebird"), MESSAGEBIRD_SIGNING),
            _ => (format!("bird://{}:{}@{address}/bird?channel={}", BIRD.0, BIRD.1, BIRD.2), BIRD_SIGNING),
        };
        (text.parse().expect("a URL"), key)
    }

    /// `MAIL_URL` of a server that sends by this vendor, played at this address; with `MAIL_WEBHOOK_KEY`.
    pub fn mail_url(&self, vendor: &str, address: &str) -> (Url, String) {
        let (text, key) = match vendor {
            "sendgrid" => (format!("sendgrid://:{SENDGRID}@{address}/sendgrid"), self.public_key()),
            _ => (format!("mailgun://{}:{}@{address}/mailgun", MAILGUN.0, MAILGUN.1), MAILGUN_SIGNING.to_owned()),
        };
        (text.parse().expect("a URL"), key)
    }

    /// SendGrid's public key, as its page shows it.
    fn public_key(&self) -> String {
        STANDARD.encode(self.0.key.public_key().as_der().expect("a public key").as_ref())
    }

    /// The messages, oldest first.
    pub fn texts(&self) -> Vec<Text> {
        self.state().texts.iter().cloned().collect()
    }

    pub fn mails(&self) -> Vec<ApiMail> {
        self.state().mails.iter().cloned().collect()
    }

    /// The newest message to this number.
    pub fn last_to(&self, number: &str) -> Option<Text> {
        self.state().texts.iter().rev().find(|text| text.to == number).cloned()
    }

    /// The next message meets this; of several, each one its own.
    pub fn fail_next(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        (self.0.options.clock)()
    }

    fn next_id(&self) -> usize {
        let mut state = self.state();
        state.taken += 1;
        state.taken
    }

    fn keep(&self, text: Text) {
        let mut state = self.state();
        if state.texts.len() == KEPT {
            state.texts.pop_front();
        }
        state.texts.push_back(text);
    }

    fn keep_mail(&self, mail: ApiMail) {
        let mut state = self.state();
        if state.mails.len() == KEPT {
            state.mails.pop_front();
        }
        state.mails.push_back(mail);
    }

    fn next_fault(&self) -> Option<Fault> {
        self.state().faults.pop_front()
    }

    /// Says nothing, for long.
    async fn silent(&self) -> StatusCode {
        tokio::time::sleep(SILENCE).await;
        StatusCode::GATEWAY_TIMEOUT
    }
}
