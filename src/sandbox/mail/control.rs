//! The letters for a person, and the remote control for a script.
//!
//! - `GET /mails`: the letters as a page; `GET /mails/{number}`: one, as its reader sees it
//! - `GET /_sandbox/mails` `?to=`: the letters, newest last, with `code` where one holds a one-time code; `DELETE` forgets them
//! - `POST /_sandbox/mail-faults` `{fault: "busy"|"no_mailbox"|"silence"}`: what the next letter meets

use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, Received, Sink};

impl Sink {
    /// Its pages and its remote control.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/mails", get(page))
            .route("/mails/{number}", get(letter))
            .route("/_sandbox/mails", get(letters).delete(clear))
            .route("/_sandbox/mail-faults", post(fault))
            .with_state(self.clone())
    }
}

#[derive(Template)]
#[template(path = "sandbox/mails.html")]
struct Page {
    letters: Vec<Received>,
}

async fn page(State(sink): State<Sink>) -> Response {
    let letters = sink.letters().into_iter().rev().collect();
    match (Page { letters }).render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn letter(State(sink): State<Sink>, Path(number): Path<usize>) -> Response {
    // What is in a letter is somebody else's: it may look, and nothing more.
    let policy = [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; img-src data:")];
    match sink.letters().into_iter().find(|letter| letter.number == number) {
        Some(letter) => (policy, Html(letter.html)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct To {
    to: Option<String>,
}

async fn letters(State(sink): State<Sink>, Query(To { to }): Query<To>) -> Json<Value> {
    let fits = |letter: &Received| to.as_ref().is_none_or(|to| letter.to.contains(to));
    let told = |letter: Received| {
        let code = letter.code();
        let mut told = json!(letter);
        told["code"] = json!(code);
        told
    };
    Json(sink.letters().into_iter().filter(fits).map(told).collect())
}

async fn clear(State(sink): State<Sink>) -> StatusCode {
    sink.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct FaultRequest {
    fault: Fault,
}

async fn fault(State(sink): State<Sink>, Json(request): Json<FaultRequest>) -> StatusCode {
    sink.fail_next(request.fault);
    StatusCode::NO_CONTENT
}
