//! What can go wrong when we ask Graph, sorted by what to do about it.
//!
//! Sources: developers.facebook.com/docs/graph-api/guides/error-handling and …/overview/rate-limiting. Meta throttles with
//! HTTP 400 and a code, so the code decides before the status does.
//!
//! Invariant: no text in here holds a token, a URL with its query, or anything about a lead.

use std::time::Duration;

use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;

use super::{lead::truthy, usage::Usage};

/// How long to stay away when Meta throttles without saying for how long. Budgets are counted over rolling hours and days, and
/// trying earlier prolongs it.
pub const DEFAULT_THROTTLE: Duration = Duration::from_secs(300);

/// Why Graph gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// The budget is used up: codes 4 (app), 17 (user), 32 (Page), 341, 613 (custom) and 80000–80014 (business use case; 80005 is
    /// leads), or HTTP 429. [rate-limiting]
    #[error("Meta throttles us (code {code}); try again in {} s", retry_after.as_secs())]
    Throttled { code: i64, retry_after: Duration },
    /// Network, timeout, HTTP 5xx, HTML instead of JSON, codes 1 and 2, `is_transient`. [error-handling]
    #[error("Meta is not reachable: {reason}")]
    Temporary { reason: String },
    /// Codes 102 and 190: the Page must be connected again by a person. Subcodes: 458 app removed, 459 checkpoint, 460 password
    /// changed, 463 expired, 467 invalid. [error-handling]
    #[error("Meta no longer accepts the access token (code {code}, subcode {})", subcode.unwrap_or(0))]
    TokenDead { code: i64, subcode: Option<i64> },
    /// Codes 3, 10 and 200–299: a permission or a role on the Page is missing. [error-handling]
    #[error("Meta refuses for want of a permission (code {code}): {message}")]
    Permission { code: i64, message: String },
    /// Code 100 with subcode 33, and HTTP 404: the object is missing *or* not visible to this token; Meta does not say which.
    #[error("Meta does not know the object, or this token may not see it")]
    Gone,
    /// Code 368: Meta blocks the Page or the app for its policies. A person must look.
    #[error("Meta blocks this for its policies")]
    PolicyBlocked,
    /// The answer is JSON that cannot be read, or has another shape than documented.
    #[error("Meta's answer cannot be read: {what}")]
    Invalid { what: String },
    /// Any other code: what we asked is wrong (100 is a bad parameter or field). Nothing changes until the program does.
    #[error("Meta refused what we asked (code {code}, subcode {}): {message}", subcode.unwrap_or(0))]
    Refused { code: i64, subcode: Option<i64>, message: String },
}

/// What to do after a [`MetaError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not before this long from now.
    After(Duration),
    /// Again, with growing gaps, for as long as the job may live.
    Backoff,
    /// A handful of times, with growing gaps: it may be a hiccup or a race, and it may be for ever.
    Few,
    /// Not until a person has done something.
    Never,
}

impl MetaError {
    /// What to do.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            MetaError::Throttled { retry_after, .. } => Retry::After(*retry_after),
            MetaError::Temporary { .. } => Retry::Backoff,
            MetaError::Gone | MetaError::Invalid { .. } => Retry::Few,
            MetaError::TokenDead { .. }
            | MetaError::Permission { .. }
            | MetaError::PolicyBlocked
            | MetaError::Refused { .. } => Retry::Never,
        }
    }

    /// A word for metrics, and for why a connection is broken.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            MetaError::Throttled { .. } => "throttled",
            MetaError::Temporary { .. } => "temporary",
            MetaError::TokenDead { .. } => "token_dead",
            MetaError::Permission { .. } => "permission",
            MetaError::Gone => "gone",
            MetaError::PolicyBlocked => "policy_blocked",
            MetaError::Invalid { .. } => "invalid",
            MetaError::Refused { .. } => "refused",
        }
    }

    /// Whether nothing of this Page can be read until a person mends its connection.
    #[must_use]
    pub fn breaks_connection(&self) -> bool {
        matches!(self, MetaError::TokenDead { .. } | MetaError::Permission { .. } | MetaError::PolicyBlocked)
    }

    /// Sorts an answer other than 2xx.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> MetaError {
        if let Ok(ErrorBody { error }) = serde_json::from_slice(body) {
            return error.classify(status, headers);
        }
        match status {
            StatusCode::TOO_MANY_REQUESTS => MetaError::Throttled { code: 429, retry_after: retry_after(headers) },
            StatusCode::NOT_FOUND => MetaError::Gone,
            _ => MetaError::Temporary { reason: format!("HTTP {} without a Graph error", status.as_u16()) },
        }
    }

    /// Without the URL, which holds the proof and sometimes a token.
    pub(super) fn network(error: &reqwest::Error) -> MetaError {
        let reason = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection"
        } else if error.is_body() || error.is_decode() {
            "the answer broke off"
        } else {
            "the request failed"
        };
        MetaError::Temporary { reason: reason.to_owned() }
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    error: GraphFault,
}

/// `{"error":{"message","type","code","error_subcode","is_transient","fbtrace_id"}}`.
#[derive(Deserialize)]
struct GraphFault {
    code: i64,
    #[serde(default)]
    error_subcode: Option<i64>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default, deserialize_with = "truthy")]
    is_transient: bool,
}

impl GraphFault {
    fn classify(self, status: StatusCode, headers: &HeaderMap) -> MetaError {
        let (code, subcode) = (self.code, self.error_subcode);
        let message = scrub(self.message.as_deref().unwrap_or_default());
        match (code, subcode) {
            (4 | 17 | 32 | 341 | 613 | 80_000..=80_014, _) => {
                MetaError::Throttled { code, retry_after: retry_after(headers) }
            }
            (102 | 190, _) => MetaError::TokenDead { code, subcode },
            (1 | 2, _) => MetaError::Temporary { reason: format!("code {code}") },
            (368, _) => MetaError::PolicyBlocked,
            (3 | 10 | 200..=299, _) => MetaError::Permission { code, message },
            (100, Some(33)) => MetaError::Gone,
            _ if self.is_transient || status.is_server_error() => {
                MetaError::Temporary { reason: format!("code {code}") }
            }
            _ if status == StatusCode::TOO_MANY_REQUESTS => {
                MetaError::Throttled { code, retry_after: retry_after(headers) }
            }
            _ => MetaError::Refused { code, subcode, message },
        }
    }
}

/// From the usage headers, else from `Retry-After` (which Meta does not document), else [`DEFAULT_THROTTLE`].
fn retry_after(headers: &HeaderMap) -> Duration {
    let header =
        || headers.get("retry-after")?.to_str().ok()?.parse().ok().map(|s: u64| Duration::from_secs(s.min(86_400)));
    Usage::of(headers).regain_access.or_else(header).unwrap_or(DEFAULT_THROTTLE)
}

/// Keeps what a developer needs of Meta's message: ids, addresses, tokens and links become `…`.
fn scrub(message: &str) -> String {
    let secret = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits >= 5 || word.contains(['@', '=']) || word.contains("://") || word.len() > 40
    };
    let words = message.split_whitespace().map(|word| if secret(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Deserialize)]
    struct Fixture {
        status: u16,
        headers: BTreeMap<String, String>,
        body: serde_json::Value,
    }

    fn classify(name: &str) -> MetaError {
        let path = format!("{}/fixtures/meta/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let fixture: Fixture = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let headers = fixture.headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        MetaError::of(StatusCode::from_u16(fixture.status).unwrap(), &headers, fixture.body.to_string().as_bytes())
    }

    #[test]
    fn each_captured_error_has_its_class() {
        let after = Duration::from_secs(19 * 60);
        assert_eq!(classify("error_throttled_leadgen"), MetaError::Throttled { code: 80_005, retry_after: after });
        assert_eq!(classify("error_throttled_app"), MetaError::Throttled { code: 4, retry_after: DEFAULT_THROTTLE });
        assert_eq!(classify("error_temporary"), MetaError::Temporary { reason: "code 2".into() });
        assert_eq!(classify("error_token_dead"), MetaError::TokenDead { code: 190, subcode: Some(460) });
        assert_eq!(classify("error_gone"), MetaError::Gone);
        assert_eq!(classify("error_policy"), MetaError::PolicyBlocked);
        assert!(matches!(classify("error_bad_field"), MetaError::Refused { code: 100, subcode: None, .. }));
        let permission = classify("error_permission").to_string();
        assert!(permission.contains("leads_retrieval"), "{permission}");
        assert!(!permission.contains('@') && !permission.contains("104857600123456"), "{permission}");
    }

    #[test]
    fn each_class_says_what_to_do() {
        for (name, retry) in [
            ("error_throttled_leadgen", Retry::After(Duration::from_secs(1140))),
            ("error_temporary", Retry::Backoff),
            ("error_gone", Retry::Few),
            ("error_token_dead", Retry::Never),
            ("error_permission", Retry::Never),
            ("error_policy", Retry::Never),
            ("error_bad_field", Retry::Never),
        ] {
            assert_eq!(classify(name).retry(), retry, "{name}");
        }
    }

    #[test]
    fn what_is_no_graph_error_is_sorted_by_status() {
        let of = |status: u16, body: &str| {
            MetaError::of(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
        };
        assert!(matches!(of(502, "<html>Sorry</html>"), MetaError::Temporary { .. }));
        assert!(matches!(of(400, "<html>Sorry</html>"), MetaError::Temporary { .. }));
        assert!(matches!(of(302, ""), MetaError::Temporary { .. }));
        assert!(matches!(of(429, ""), MetaError::Throttled { code: 429, .. }));
        assert!(matches!(of(404, ""), MetaError::Gone));
        assert!(matches!(of(503, r#"{"error":{"code":99}}"#), MetaError::Temporary { .. }));
        assert!(matches!(of(400, r#"{"error":{"code":99,"is_transient":true}}"#), MetaError::Temporary { .. }));
    }
}
