//! Where devices say that a push arrived.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::arrive;
use crate::{app::App, error::Result, http::Json};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(arrived))
}

/// What came with the push.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Arrived {
    token: String,
}

/// A push arrived on this device
///
/// Asked by the service worker, signed in or not. The answer is the same whatever the token.
#[utoipa::path(post, path = "/api/push/arrived", tag = "notifications", request_body = Arrived, responses((status = 204)))]
async fn arrived(State(app): State<App>, Json(said): Json<Arrived>) -> Result<StatusCode> {
    arrive::arrived(&app, &said.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
