//! The messages for a person, and the remote control for a script.
//!
//! - `GET /texts`: the SMS as a page, where one can answer
//! - `GET /_sandbox/texts` `?to=`: the SMS, newest last
//! - `POST /_sandbox/text-answers` `{from, to, text}`: somebody writes back
//! - `POST /_sandbox/text-faults` `{fault: {status: 503} | {code: 21610} | "silence" | "deaf"}`: what the next message meets

use askama::Template;
use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{Fault, Senders, Text};

pub(super) fn router() -> Router<Senders> {
    Router::new()
        .route("/texts", get(page).post(answer_from_page))
        .route("/_sandbox/texts", get(texts))
        .route("/_sandbox/text-answers", post(answer))
        .route("/_sandbox/text-faults", post(fault))
}

#[derive(Template)]
#[template(path = "sandbox/texts.html")]
struct Page {
    texts: Vec<Text>,
}

async fn page(State(senders): State<Senders>) -> Response {
    let texts = senders.texts().into_iter().rev().collect();
    match (Page { texts }).render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct To {
    to: Option<String>,
}

async fn texts(State(senders): State<Senders>, Query(To { to }): Query<To>) -> Json<Vec<Text>> {
    Json(senders.texts().into_iter().filter(|text| to.as_ref().is_none_or(|to| text.to == *to)).collect())
}

#[derive(Deserialize)]
struct Answer {
    from: String,
    to: String,
    text: String,
}

async fn answer(State(senders): State<Senders>, Json(said): Json<Answer>) -> StatusCode {
    let status = senders.answer("twilio", &said.from, &said.to, &said.text).await;
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::BAD_GATEWAY)
}

async fn answer_from_page(State(senders): State<Senders>, Form(said): Form<Answer>) -> Redirect {
    senders.answer("twilio", &said.from, &said.to, &said.text).await;
    Redirect::to("/texts")
}

#[derive(Deserialize)]
struct FaultRequest {
    fault: Fault,
}

async fn fault(State(senders): State<Senders>, Json(request): Json<FaultRequest>) -> StatusCode {
    senders.fail_next(request.fault);
    StatusCode::NO_CONTENT
}
