//! Text messages: Twilio, MessageBird, Bird. Sending once is all this does: later and again are the job queue's.
//!
//! A message that may have been taken is never sent again by itself: [`SendError::Unknown`] is settled by a callback, or by asking the vendor
//! whether it has it ([`Sms::look_up`]).

mod bird;
mod messagebird;
mod twilio;

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use url::Url;
use uuid::Uuid;

use super::{
    delivery::{self, Answer, Lookup, SendError, Taken, Told, base_url, percent},
    hooks::{Hook, HookError},
    observed::observed,
};
use crate::types::{phone::Phone, sender::Sender};

/// How the vendor is reached.
#[derive(Clone)]
pub struct SmsOptions {
    /// `twilio://AccountSid:AuthToken@api.twilio.com?service=MG…`, `messagebird://:AccessKey@rest.messagebird.com`,
    /// `bird://workspace:AccessKey@api.bird.com?channel=…`.
    pub url: Url,
    /// The sender of organizations that have none of their own.
    pub from: Option<Sender>,
    /// What callbacks are signed with. Twilio's are signed with its token as well.
    pub webhook_key: Option<String>,
    /// For one call.
    pub timeout: Duration,
}

impl fmt::Debug for SmsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsOptions")
            .field("vendor", &self.url.scheme())
            .field("host", &self.url.host_str())
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// A message to be.
#[derive(Clone, Debug)]
pub struct OutgoingSms {
    /// Ours; it comes back with each callback.
    pub id: Uuid,
    pub to: Phone,
    /// `None`: the vendor's account knows (a messaging service, a channel).
    pub sender: Option<Sender>,
    pub text: String,
    /// Where we want to be told how it goes on.
    pub callback: Url,
    /// After so long nobody needs it any more.
    pub valid_for: Duration,
}

/// A handle; clones share the connections.
#[derive(Clone)]
pub struct Sms(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base_url: Url,
    vendor: Vendor,
    from: Option<Sender>,
    webhook_key: Option<String>,
}

enum Vendor {
    Twilio(twilio::Account),
    MessageBird(messagebird::Account),
    Bird(bird::Account),
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("vendor", &self.vendor()).field("base_url", &self.0.base_url.as_str()).finish()
    }
}

impl Sms {
    /// Fails with a sentence for whoever wrote the configuration.
    pub fn new(options: SmsOptions) -> Result<Self, String> {
        let given = &options.url;
        let word = |text: &str| percent(text).filter(|text| !text.is_empty());
        let (name, secret) = (word(given.username()), given.password().and_then(word));
        let query =
            |wanted: &str| given.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        let secret = secret.ok_or("has no key: it stands between the name and the @")?;
        let vendor = match given.scheme() {
            "twilio" => Vendor::Twilio(twilio::Account {
                sid: name.ok_or("names no account: twilio://AccountSid:AuthToken@api.twilio.com")?,
                token: secret,
                key: query("api_key").zip(query("api_secret")),
                service: query("service"),
            }),
            "messagebird" => Vendor::MessageBird(messagebird::Account { key: secret }),
            "bird" => Vendor::Bird(bird::Account {
                workspace: name.ok_or("names no workspace: bird://workspace:AccessKey@api.bird.com?channel=…")?,
                key: secret,
                channel: query("channel")
                    .ok_or("names no channel: bird://workspace:AccessKey@api.bird.com?channel=…")?,
            }),
            _ => return Err("begins with twilio://, messagebird:// or bird://".to_owned()),
        };
        let has_sender = match &vendor {
            Vendor::Twilio(account) => account.service.is_some() || options.from.is_some(),
            Vendor::MessageBird(_) => options.from.is_some(),
            Vendor::Bird(_) => true,
        };
        if !has_sender {
            return Err("needs SMS_FROM: a name of at most 11 characters, or a number such as +4791234567".to_owned());
        }
        Ok(Self(Arc::new(Inner {
            http: delivery::client(options.timeout).map_err(|error| error.to_string())?,
            base_url: base_url(given)?,
            vendor,
            from: options.from,
            webhook_key: options.webhook_key,
        })))
    }

    /// The vendor's name, as it stands in the webhook's path.
    pub fn vendor(&self) -> &'static str {
        match self.0.vendor {
            Vendor::Twilio(_) => "twilio",
            Vendor::MessageBird(_) => "messagebird",
            Vendor::Bird(_) => "bird",
        }
    }

    /// The sender of organizations that have none of their own, where it is known.
    pub fn from(&self) -> Option<&Sender> {
        self.0.from.as_ref()
    }

    /// Hands the message to the vendor.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, message: &OutgoingSms) -> Result<Taken, SendError> {
        let (client, from) = (self.client(), message.sender.clone().or_else(|| self.0.from.clone()));
        let sending = async {
            match &self.0.vendor {
                Vendor::Twilio(account) => account.send(&client, message, message.sender.as_ref(), from.as_ref()).await,
                Vendor::MessageBird(account) => account.send(&client, message, from.as_ref()).await,
                Vendor::Bird(account) => account.send(&client, message, message.sender.as_ref()).await,
            }
        };
        observed(self.vendor(), self.host(), "send", sending).await
    }

    /// Whether the vendor has a message that it may have taken at `since` or after.
    pub async fn look_up(&self, message: &OutgoingSms, since: DateTime<Utc>) -> Lookup {
        let client = self.client();
        let looking = async {
            match &self.0.vendor {
                Vendor::Twilio(account) => account.look_up(&client, message, since).await,
                Vendor::MessageBird(account) => account.look_up(&client, message, since).await,
                Vendor::Bird(account) => account.look_up(&client, message, since).await,
            }
        };
        observed(self.vendor(), self.host(), "look_up", looking).await.unwrap_or(Lookup::CannotTell)
    }

    /// Reads a call of the vendor's, if it is one.
    ///
    /// # Errors
    /// See [`HookError`].
    pub fn read(&self, hook: &Hook<'_>) -> Result<Vec<Told>, HookError> {
        match &self.0.vendor {
            Vendor::Twilio(account) => account.read(hook, self.0.webhook_key.as_deref()),
            Vendor::MessageBird(_) => messagebird::read(hook, self.0.webhook_key.as_deref()),
            Vendor::Bird(_) => bird::read(hook, self.0.webhook_key.as_deref()),
        }
    }

    fn client(&self) -> Client<'_> {
        Client { http: &self.0.http, base_url: &self.0.base_url }
    }

    fn host(&self) -> &str {
        self.0.base_url.host_str().unwrap_or_default()
    }
}

/// The way to one vendor.
struct Client<'a> {
    http: &'a reqwest::Client,
    base_url: &'a Url,
}

impl Client<'_> {
    fn request(&self, method: reqwest::Method, path: &[&str]) -> reqwest::RequestBuilder {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.http.request(method, url)
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<Answer, SendError> {
        delivery::exchange(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str, from: Option<&str>) -> SmsOptions {
        SmsOptions {
            url: url.parse().expect("a URL"),
            from: from.map(|from| from.parse().expect("a sender")),
            webhook_key: None,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn what_cannot_send_is_refused_in_words_without_the_key() {
        for (url, from, word) in [
            ("twilio://AC1@api.twilio.com", None, "key"),
            ("twilio://AC1:tok@api.twilio.com", None, "SMS_FROM"),
            ("messagebird://:key@rest.messagebird.com", None, "SMS_FROM"),
            ("bird://ws:key@api.bird.com", Some("Acme"), "channel"),
            ("pigeon://a:b@c", Some("Acme"), "twilio://"),
        ] {
            let told = Sms::new(options(url, from)).expect_err(url);
            assert!(told.contains(word) && !told.contains("tok"), "{url}: {told}");
        }
        let sms = Sms::new(options("twilio://AC1:t%2Fk@api.twilio.com?service=MG1", None)).expect("sends");
        assert_eq!((sms.vendor(), sms.0.base_url.as_str()), ("twilio", "https://api.twilio.com/"), "{sms:?}");
        let here = Sms::new(options("bird://ws:key@127.0.0.1:9/bird?channel=c", None)).expect("sends");
        assert_eq!(here.0.base_url.as_str(), "http://127.0.0.1:9/bird");
        assert!(!format!("{here:?} {:?}", options("twilio://AC1:tok@h", None)).contains("tok"));
    }
}
