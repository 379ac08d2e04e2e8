//! What can be made to go wrong: each fault answers one of the next Graph calls, in the order they were asked for.

use std::{collections::VecDeque, time::Duration};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::graph::Answer;

/// What the next Graph call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// HTTP 500 with Graph's code 2.
    Error500,
    /// HTTP 400 with code 80005, and 19 minutes to wait in the usage header.
    Throttled,
    /// The right answer, after the delay (1 s unless given).
    Slow,
    /// HTTP 200 with JSON that breaks off.
    Garbage,
    /// HTTP 400 with code 190, subcode 460.
    TokenRevoked,
    /// HTTP 403 with code 200.
    Permission,
    /// HTTP 400 with code 100, subcode 33.
    Gone,
    /// HTTP 200 with a page for people.
    Html,
    /// Silence until the delay (60 s unless given) is over, then HTTP 500.
    Timeout,
    /// HTTP 400 with code 368.
    Policy,
    /// HTTP 400 with code 100: a field that does not exist.
    Refused,
}

/// A fault for the next `count` calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FaultRequest {
    pub fault: Fault,
    #[serde(default = "one")]
    pub count: u32,
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// Only calls whose path ends so: an edge such as `leadgen_forms`, or an object's id.
    #[serde(default)]
    pub on: Option<String>,
}

fn one() -> u32 {
    1
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<FaultRequest>);

impl Faults {
    pub(super) fn push(&mut self, request: FaultRequest) {
        if request.count > 0 {
            self.0.push_back(request);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn next(&mut self, path: &str) -> Option<(Fault, Duration)> {
        let meant = |request: &FaultRequest| request.on.as_deref().is_none_or(|on| path.ends_with(&format!("/{on}")));
        let at = self.0.iter().position(meant)?;
        let front = &mut self.0[at];
        let default = match front.fault {
            Fault::Slow => 1_000,
            Fault::Timeout => 60_000,
            _ => 0,
        };
        let next = (front.fault, Duration::from_millis(front.delay_ms.unwrap_or(default)));
        front.count -= 1;
        if front.count == 0 {
            self.0.remove(at);
        }
        Some(next)
    }
}

impl Fault {
    /// The answer instead of the right one; none for [`Fault::Slow`].
    pub(super) fn answer(self) -> Option<Answer> {
        Some(match self {
            Fault::Slow => return None,
            Fault::Error500 | Fault::Timeout => {
                error(500, 2, None, "An unexpected error has occurred. Please retry your request later.")
            }
            Fault::Throttled => Answer {
                regain_minutes: Some(19),
                ..error(400, 80_005, None, "(#80005) There have been too many leadgen api calls to this Page account.")
            },
            Fault::TokenRevoked => {
                error(400, 190, Some(460), "Error validating access token: The session has been invalidated.")
            }
            Fault::Permission => {
                error(403, 200, None, "(#200) Requires leads_retrieval permission to manage the object")
            }
            Fault::Gone => gone(),
            Fault::Policy => {
                error(400, 368, None, "The action attempted has been deemed abusive or is otherwise disallowed")
            }
            Fault::Refused => error(400, 100, None, "(#100) Tried accessing nonexisting field (x) on node type (Page)"),
            Fault::Garbage => {
                Answer::raw(StatusCode::OK, "application/json", r#"{"id":"1203984756120394","created_ti"#)
            }
            Fault::Html => Answer::raw(
                StatusCode::OK,
                "text/html",
                "<!DOCTYPE html><title>Error</title><p>Sorry, something went wrong.</p>",
            ),
        })
    }
}

/// An error as Graph words it.
pub(super) fn error(status: u16, code: i64, subcode: Option<i64>, message: &str) -> Answer {
    let kind = if code == 100 { "GraphMethodException" } else { "OAuthException" };
    let mut error = json!({"message": message, "type": kind, "code": code, "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUv1"});
    if let Some(subcode) = subcode {
        error["error_subcode"] = Value::from(subcode);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Answer::json(status, json!({ "error": error }))
}

pub(super) fn gone() -> Answer {
    error(
        400,
        100,
        Some(33),
        "Unsupported get request. Object does not exist, cannot be loaded due to missing permissions, or does not support this operation.",
    )
}
