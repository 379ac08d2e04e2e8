//! What can go wrong for a caller, and how it is told: `application/problem+json` (RFC 9457).
//!
//! Invariant: internal text never leaves. What the caller reads is decided here; the rest goes to the log.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::types::ids::UserId;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An answer other than the one that was hoped for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not yours to see: the two are not told apart.
    #[error("not found")]
    NotFound,
    /// You see it, and may not do this with it.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    #[error("unauthenticated: {0}")]
    Unauthenticated(&'static str),
    /// What was sent cannot be taken: which field, why (a stable word), and a sentence for the developer.
    #[error("invalid {field}: {reason}")]
    Invalid { field: Cow<'static, str>, reason: &'static str, detail: Cow<'static, str> },
    /// The body is not JSON of the right shape.
    #[error("malformed: {0}")]
    Malformed(String),
    #[error("conflict: {reason}")]
    Conflict { reason: &'static str, detail: Cow<'static, str> },
    /// A lead that somebody else has already.
    #[error("claimed by {by}")]
    Claimed { by: UserId },
    /// `If-Match` named a version that is not the current one.
    #[error("version {current} is current")]
    Precondition { current: i32 },
    #[error("If-Match is required")]
    PreconditionRequired,
    #[error("too large")]
    TooLarge,
    #[error("the address is too long")]
    UriTooLong,
    /// The body is not said to be JSON.
    #[error("unsupported media type")]
    UnsupportedMedia,
    #[error("the body did not come in time")]
    TooSlow,
    /// As many requests as may be are under way.
    #[error("full")]
    Full,
    #[error("too many, again in {retry_after} s")]
    TooMany { retry_after: u64, reason: &'static str },
    /// The database or a provider is away; trying again may help.
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub fn invalid(field: &'static str, reason: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { field: field.into(), reason, detail: detail.into() }
    }

    pub fn conflict(reason: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { reason, detail: detail.into() }
    }

    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

/// Inside a body's error: it did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub struct TooSlow;

/// Inside a body's error: it came when no place was free any more.
#[derive(Debug, thiserror::Error)]
#[error("as many requests as may be are under way")]
pub struct Full;

impl Error {
    /// Why a body could not be read, which an extractor wraps in errors of its own.
    pub fn of_body(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.is::<TooSlow>() {
                return Self::TooSlow;
            }
            if error.is::<Full>() {
                return Self::Full;
            }
            cause = error.source();
        }
        Self::Malformed("the body broke off".to_owned())
    }
}

/// What PostgreSQL says of a value that it cannot keep: U+0000 in a text, a time or a number out of its range. Who sent it is told so;
/// whatever checks its input before does not get here.
const UNSTORABLE: [&str; 4] = ["22021", "22P05", "22008", "22003"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            // A connection that breaks in the middle of an answer is a protocol error to the driver.
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::Database(ref told) if told.code().is_some_and(|code| is_passing(&code)) => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::Database(ref told) if told.code().is_some_and(|code| UNSTORABLE.contains(&&*code)) => {
                tracing::warn!(code = told.code().as_deref(), "a value that the database cannot keep");
                Self::invalid("body", "unstorable", "A text, a time or a number in it cannot be stored.")
            }
            other => Self::internal(other),
        }
    }
}

/// What PostgreSQL says when trying again helps: 57P01-57P03, it is stopping or starting; 53300, it has no connection left; 08…, a pooler lost
/// it; 40001 and 40P01, another transaction was in the way.
fn is_passing(code: &str) -> bool {
    code.starts_with("57P0") || code.starts_with("08") || matches!(code, "53300" | "40001" | "40P01")
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

/// The body of every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:nextmove:problem:<kind>`: stable.
    #[serde(rename = "type")]
    #[schema(example = "urn:nextmove:problem:invalid")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    /// English, for the developer who reads it.
    pub detail: String,
    /// The field of the request that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A stable word that the app translates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The version that is current, where another was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<i32>,
    /// Who has it, where somebody else was faster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_id: Option<UserId>,
}

impl Error {
    fn status(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::Forbidden("network") => (StatusCode::FORBIDDEN, "network", "Not from this network"),
            Self::Forbidden("proof") => (StatusCode::FORBIDDEN, "proof", "Prove who you are first"),
            Self::Forbidden("second_factor") => {
                (StatusCode::FORBIDDEN, "second-factor", "Set up a second factor first")
            }
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated", "Not signed in"),
            Self::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "invalid", "Malformed"),
            Self::Conflict { .. } | Self::Claimed { .. } => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::Precondition { .. } => (StatusCode::PRECONDITION_FAILED, "precondition-failed", "Changed meanwhile"),
            Self::PreconditionRequired => {
                (StatusCode::PRECONDITION_REQUIRED, "precondition-required", "Version required")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "uri-too-long", "Address too long"),
            Self::UnsupportedMedia => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            }
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow", "Too slow"),
            Self::Full => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable"),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }

    /// What the caller reads.
    pub fn problem(&self) -> Problem {
        let (status, kind, title) = self.status();
        let mut problem = Problem {
            kind: format!("urn:nextmove:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: title.to_owned(),
            field: None,
            reason: None,
            retry_after: None,
            current_version: None,
            holder_id: None,
        };
        match self {
            Self::NotFound => {}
            Self::Forbidden(reason) | Self::Unauthenticated(reason) => problem.reason = Some(reason),
            Self::Invalid { field, reason, detail } => {
                problem.field = Some(field.clone().into_owned());
                problem.reason = Some(reason);
                problem.detail = detail.clone().into_owned();
            }
            Self::Malformed(detail) => {
                problem.reason = Some("malformed");
                problem.detail = detail.clone();
            }
            Self::Conflict { reason, detail } => {
                problem.reason = Some(reason);
                problem.detail = detail.clone().into_owned();
            }
            Self::Claimed { by } => {
                problem.reason = Some("claimed");
                problem.holder_id = Some(*by);
                "A colleague was faster.".clone_into(&mut problem.detail);
            }
            Self::Precondition { current } => {
                problem.reason = Some("version");
                problem.current_version = Some(*current);
                problem.detail = format!("It was changed meanwhile: version {current} is current.");
            }
            Self::PreconditionRequired => {
                problem.detail = "Say which version you change: If-Match: \"<version>\".".to_owned()
            }
            Self::TooLarge | Self::UriTooLong => {}
            Self::UnsupportedMedia => {
                problem.detail = "Say that it is JSON: Content-Type: application/json.".to_owned()
            }
            Self::TooSlow => problem.detail = "The body did not come in time. Nothing was changed.".to_owned(),
            Self::Full => {
                problem.detail =
                    "Too much is asked of the server just now. Nothing was changed; please try again.".to_owned();
                problem.retry_after = Some(1);
            }
            Self::TooMany { retry_after, reason } => {
                problem.retry_after = Some(*retry_after);
                problem.reason = Some(reason);
            }
            Self::Unavailable(_) => {
                problem.detail = "Not available just now. Nothing was changed; please try again.".to_owned();
                problem.retry_after = Some(1);
            }
            Self::Internal(_) => problem.detail = "Something broke on our side. Nothing was changed.".to_owned(),
        }
        problem
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(source) => tracing::error!(error = %source, "internal error"),
            Self::Unavailable(reason) => tracing::warn!(reason, "unavailable"),
            _ => {}
        }
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
