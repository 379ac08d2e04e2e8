//! Web push (RFC 8030), encrypted for the browser (RFC 8291) and signed by us (VAPID, RFC 8292). Sending once is all it does.
//!
//! An endpoint is what a browser told us, so it is input: only the push services that are named here are ever called, by their names, over
//! HTTPS, and no redirect is followed.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    encoding::{AsBigEndian, EcPrivateKeyBin},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{StatusCode, header, redirect};
use url::Url;
use web_push::{
    ContentEncoding, SubscriptionInfo, Urgency, VapidSignatureBuilder, WebPushMessageBuilder, request_builder,
};
use zeroize::Zeroizing;

use super::observed::observed;

/// The push services of the browsers, by the end of their names.
const SERVICES: [&str; 5] =
    ["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com", "push.samsungapps.com"];
/// A push service refuses more: 4,096 bytes with what encryption adds.
const MOST: usize = 3_000;
/// Of an answer, which is only looked at for its status.
const ANSWER: usize = 4_096;

/// How pushes are sent.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// Whom a push service writes to when something is wrong: `mailto:…` or `https://…`.
    pub contact: String,
    /// Further push services, by origin: of one's own, and in tests.
    pub origins: Vec<Url>,
    pub timeout: Duration,
}

/// A pair of keys by which push services know us. Subscriptions are bound to it.
pub struct VapidKeys {
    /// An uncompressed point of P-256.
    pub public: Vec<u8>,
    pub private: Zeroizing<Vec<u8>>,
}

impl VapidKeys {
    pub fn generate() -> Option<Self> {
        let key = PrivateKey::generate(&ECDH_P256).ok()?;
        let public = key.compute_public_key().ok()?.as_ref().to_vec();
        let private: EcPrivateKeyBin<'_> = key.as_be_bytes().ok()?;
        Some(Self { public, private: Zeroizing::new(private.as_ref().to_vec()) })
    }
}

/// A browser that takes pushes, as it told us.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    pub endpoint: String,
    /// In unpadded URL-safe base64, like `auth`.
    pub p256dh: String,
    pub auth: String,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription(…)") // its endpoint is a capability
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Push<'a> {
    pub payload: &'a [u8],
    /// How long the service keeps it for a browser that is away.
    pub ttl: Duration,
    /// Wakes a phone that saves its battery.
    pub is_urgent: bool,
    /// A newer one of the same topic replaces one that waits: at most 32 of URL-safe base64.
    pub topic: Option<String>,
}

/// Why a push did not go. Nothing of the endpoint is said: whoever has it can write to the browser.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The browser does not want any more (404, 410).
    #[error("the subscription is gone")]
    Gone,
    /// Trying again may help, not before this has passed where the service said so.
    #[error("the push service did not take it now: {1}")]
    Later(Option<Duration>, String),
    /// The service, or our own rules, refuse it.
    #[error("the push is refused: {0}")]
    Refused(String),
}

/// A handle; clones share the connections.
#[derive(Clone)]
pub struct PushSender {
    http: reqwest::Client,
    options: Arc<PushOptions>,
}

impl PushSender {
    pub fn new(options: PushOptions) -> Result<Self, PushError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("nextmove/", env!("CARGO_PKG_VERSION")))
            .timeout(options.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .pool_max_idle_per_host(8)
            .build()
            .map_err(|error| PushError::Refused(error.without_url().to_string()))?;
        Ok(Self { http, options: Arc::new(options) })
    }

    /// Whether this is an address of a push service that we send to.
    pub fn admits(&self, endpoint: &str) -> bool {
        let Ok(url) = Url::parse(endpoint) else { return false };
        if endpoint.len() > 2_048 || !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        if self.options.origins.iter().any(|own| own.origin() == url.origin()) {
            return true;
        }
        let Some(url::Host::Domain(host)) = url.host() else { return false };
        let is_service =
            |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        url.scheme() == "https" && url.port().is_none() && SERVICES.iter().any(|name| is_service(name))
    }

    /// Sends it. The service took it: whether it arrives, only the browser can say.
    pub async fn send(&self, keys: &VapidKeys, subscription: &Subscription, push: &Push<'_>) -> Result<(), PushError> {
        if !self.admits(&subscription.endpoint) {
            return Err(PushError::Refused("this is no push service that we know".to_owned()));
        }
        let request = self.request(keys, subscription, push)?;
        let host = request.url().host_str().unwrap_or_default().to_owned();
        observed("push", &host, "push", async {
            let answer = self
                .http
                .execute(request)
                .await
                .map_err(|error| PushError::Later(None, error.without_url().to_string()))?;
            let status = answer.status();
            tracing::Span::current().record("status", status.as_u16());
            let after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            drop(read_some(answer).await); // so that the connection is kept
            match status {
                status if status.is_success() => Ok(()),
                StatusCode::NOT_FOUND | StatusCode::GONE => Err(PushError::Gone),
                StatusCode::TOO_MANY_REQUESTS => {
                    Err(PushError::Later(after.map(Duration::from_secs), "too many at once".to_owned()))
                }
                status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                    Err(PushError::Later(after.map(Duration::from_secs), format!("it answered {status}")))
                }
                status => Err(PushError::Refused(format!("the push service answered {status}"))),
            }
        })
        .await
    }

    fn request(
        &self,
        keys: &VapidKeys,
        subscription: &Subscription,
        push: &Push<'_>,
    ) -> Result<reqwest::Request, PushError> {
        if push.payload.len() > MOST {
            return Err(PushError::Refused(format!("{} bytes are too many", push.payload.len())));
        }
        let refuse = |error: web_push::WebPushError| PushError::Refused(error.to_string());
        let Subscription { endpoint, p256dh, auth } = subscription.clone();
        let browser = SubscriptionInfo::new(endpoint, p256dh, auth);
        let mut vapid = VapidSignatureBuilder::from_base64(&BASE64_URL_SAFE_NO_PAD.encode(&keys.private), &browser)
            .map_err(refuse)?;
        vapid.add_claim("sub", self.options.contact.clone());
        // The library would leave the port away.
        let service = Url::parse(&browser.endpoint).map_err(|_| PushError::Refused("no URL".to_owned()))?;
        vapid.add_claim("aud", service.origin().ascii_serialization());
        let mut message = WebPushMessageBuilder::new(&browser);
        message.set_vapid_signature(vapid.build().map_err(refuse)?);
        message.set_payload(ContentEncoding::Aes128Gcm, push.payload);
        message.set_ttl(u32::try_from(push.ttl.as_secs()).unwrap_or(u32::MAX));
        message.set_urgency(if push.is_urgent { Urgency::High } else { Urgency::Normal });
        if let Some(topic) = &push.topic {
            message.set_topic(topic.clone());
        }
        let built = request_builder::build_request::<Vec<u8>>(message.build().map_err(refuse)?);
        // The library speaks another version of `http`, so its request is copied.
        let mut request = self.http.post(&subscription.endpoint);
        for (name, value) in built.headers() {
            request = request.header(name.as_str(), value.as_bytes());
        }
        request.body(built.into_body()).build().map_err(|error| PushError::Refused(error.without_url().to_string()))
    }
}

async fn read_some(mut answer: reqwest::Response) -> reqwest::Result<usize> {
    let mut read = 0;
    while let Some(chunk) = answer.chunk().await? {
        read += chunk.len();
        if read > ANSWER {
            break;
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(origins: &[&str]) -> PushSender {
        let origins = origins.iter().map(|origin| origin.parse().expect("a URL")).collect();
        let contact = "mailto:push@example.com".to_owned();
        PushSender::new(PushOptions { contact, origins, timeout: Duration::from_secs(1) }).expect("a sender")
    }

    #[test]
    fn only_push_services_are_called() {
        let sender = sender(&["http://127.0.0.1:9099"]);
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc",
            "https://updates.push.services.mozilla.com/wpush/v2/abc",
            "https://web.push.apple.com/abc",
            "https://wns2-par02p.notify.windows.com/w/?token=abc",
            "http://127.0.0.1:9099/push/abc",
        ] {
            assert!(sender.admits(good), "{good}");
        }
        for bad in [
            "",
            "abc",
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8443/x",
            "https://me@fcm.googleapis.com/x",
            "https://evilfcm.googleapis.com.example.com/x",
            "https://evilpush.apple.com.example/x",
            "https://evilnotify.windows.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "http://127.0.0.1:9098/push/abc",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
        ] {
            assert!(!sender.admits(bad), "{bad}");
        }
    }

    #[test]
    fn keys_are_a_point_and_a_number_of_p_256() {
        let keys = VapidKeys::generate().expect("keys");
        assert_eq!((keys.public.len(), keys.public[0], keys.private.len()), (65, 4, 32));
    }
}
