//! What messages of every kind have in common: how sending ends, how a delivery goes on, and why one fails. Vendors' codes are sorted into
//! families once, here and in their own files; what is in no family is `Other` and keeps its code, for vendors split their codes as they like.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

/// A larger answer is none of a vendor's.
const MAX_ANSWER: usize = 1024 * 1024;

/// Why a message cannot arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageFailure)]
pub enum Family {
    /// Nobody has this number or address.
    InvalidAddress,
    /// A landline, or what else takes no text messages.
    NotMobile,
    /// The recipient wants none.
    OptedOut,
    /// The vendor's account does not send there.
    BlockedRegion,
    /// The sender's name or number may not be used so.
    BlockedSender,
    /// Switched off, out of reach, a full mailbox, for too long.
    Unreachable,
    /// Taken for unwanted by a network.
    Filtered,
    /// Not in time: it is worth nothing any more.
    Expired,
    /// There is no way out for messages of this kind, or nobody to send it to.
    NotConfigured,
    /// It may have been taken, and nobody can tell: it is not sent again.
    Unknown,
    Other,
}

impl Family {
    pub const ALL: [Self; 11] = [
        Self::InvalidAddress,
        Self::NotMobile,
        Self::OptedOut,
        Self::BlockedRegion,
        Self::BlockedSender,
        Self::Unreachable,
        Self::Filtered,
        Self::Expired,
        Self::NotConfigured,
        Self::Unknown,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidAddress => "invalid_address",
            Self::NotMobile => "not_mobile",
            Self::OptedOut => "opted_out",
            Self::BlockedRegion => "blocked_region",
            Self::BlockedSender => "blocked_sender",
            Self::Unreachable => "unreachable",
            Self::Filtered => "filtered",
            Self::Expired => "expired",
            Self::NotConfigured => "not_configured",
            Self::Unknown => "unknown",
            Self::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|family| family.as_str() == text).unwrap_or(Self::Other)
    }
}

/// A vendor took the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The vendor's own.
    pub id: Option<String>,
    /// As the vendor counts them.
    pub segments: Option<u16>,
}

/// A vendor did not take the message, or may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Never, so.
    #[error("refused for good: {} ({})", family.as_str(), code.as_deref().unwrap_or("no code"))]
    Permanent { family: Family, code: Option<String> },
    /// Not taken; later it may be.
    #[error("not taken now: {why}")]
    Retry { after: Option<Duration>, why: String },
    /// The request was on its way, and what became of it was not said. Sending again could send twice.
    #[error("not known whether it was taken: {0}")]
    Unknown(String),
}

impl SendError {
    pub fn permanent(family: Family, code: impl Into<Option<String>>) -> Self {
        Self::Permanent { family, code: code.into() }
    }

    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry { after: None, why: why.into() }
    }
}

/// Whether a vendor has a message that it may have taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    Has(Taken),
    Absent,
    /// It cannot be asked, or does not answer.
    CannotTell,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Sending,
    Sent,
    Delivered,
    /// It left, and did not arrive.
    Undelivered,
    /// It never left.
    Failed,
}

/// Why somebody is not to be written to any more, as a vendor tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    Bounce,
    Complaint,
    Unsubscribe,
}

/// What a vendor tells of a message, or brings. Holds what people are called and say: sealed wherever it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Callback {
    Progress {
        /// Our own id, where it comes back.
        message: Option<Uuid>,
        provider_id: Option<String>,
        progress: Progress,
        family: Option<Family>,
        code: Option<String>,
        segments: Option<u16>,
    },
    /// An e-mail's recipient is not to be written to any more.
    Refused { message: Option<Uuid>, provider_id: Option<String>, refusal: Refusal, code: Option<String> },
    /// Somebody wrote back.
    Inbound {
        provider_id: String,
        from: String,
        /// Our number, or the channel it came by.
        to: String,
        text: String,
        /// The vendor's own reading: `STOP`, `START`, `HELP`.
        opt_out: Option<String>,
    },
}

/// A callback with what makes it the same when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub dedupe: String,
    pub callback: Callback,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `Retry-After` in seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// What every vendor means by these: try later, our key is refused, and what came after the message had been read.
    pub fn common_error(&self) -> Option<SendError> {
        let later =
            |why: &str| SendError::Retry { after: self.retry_after(), why: format!("{} {why}", self.status.as_u16()) };
        match self.status.as_u16() {
            429 => Some(later("too many requests")),
            503 => Some(later("unavailable")),
            // The message is fine, and goes once somebody has mended the configuration.
            401 | 403 => Some(SendError::Retry {
                after: Some(Duration::from_secs(300)),
                why: format!("it does not let us in ({})", self.status.as_u16()),
            }),
            500..=599 => Some(SendError::Unknown(format!("it answered {}", self.status.as_u16()))),
            _ => None,
        }
    }
}

/// Sends a request that must not be made twice. Only what surely never arrived may be tried again.
pub(super) async fn exchange(request: RequestBuilder) -> Result<Answer, SendError> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_builder() {
            SendError::permanent(Family::Other, "request".to_owned())
        } else if error.is_connect() {
            SendError::retry("no connection")
        } else if error.is_timeout() {
            SendError::Unknown("it was silent for too long".to_owned())
        } else {
            SendError::Unknown("the connection broke".to_owned())
        }
    })?;
    let (status, headers) = (response.status(), response.headers().clone());
    tracing::Span::current().record("status", status.as_u16());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(SendError::Unknown("an answer of more than 1 MiB".to_owned())),
            Ok(None) => return Ok(Answer { status, headers, body }),
            // Of a refusal the number is enough.
            Err(_) if !status.is_success() => return Ok(Answer { status, headers, body }),
            Err(_) => return Err(SendError::Unknown("the answer broke off".to_owned())),
        }
    }
}

/// The vendors' client: one pool, no redirects, no waiting without end.
pub(super) fn client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(Duration::from_secs(5).min(timeout))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("nextmove/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(Duration::from_secs(60))
        .build()
}

/// `https`, except on this machine.
pub(super) fn base_url(given: &Url) -> Result<Url, String> {
    let host = given.host_str().ok_or("names no host")?;
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let port = given.port().map(|port| format!(":{port}")).unwrap_or_default();
    let scheme = if is_here { "http" } else { "https" };
    Url::parse(&format!("{scheme}://{host}{port}{}", given.path())).map_err(|_| "is no address".to_owned())
}

/// What was percent-encoded in a name or a key.
pub(super) fn percent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        match (first, after.get(..2)) {
            (b'%', Some(two)) => {
                bytes.extend(hex::decode(two).ok()?);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// A vendor's code as it is kept: a number or a word, never a sentence, which may repeat the address.
pub(super) fn code_of(value: &serde_json::Value) -> Option<String> {
    let text = match value {
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::String(text) => text.clone(),
        _ => return None,
    };
    let is_word = !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    is_word.then_some(text)
}
