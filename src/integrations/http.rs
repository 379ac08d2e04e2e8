//! The doors for Meta's webhooks (LP-035, LP-071), and the list of forms.

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    LeadForm,
    apps::{self, Signer},
    receive, sql,
};
use crate::{
    app::App,
    error::{Error, Result},
    http::{Items, Json, Query, body},
    identity::Staff,
    types::ids::OrganizationId,
};

/// A post holds up to 1,000 changes of about 300 bytes.
const LARGEST_POST: usize = 2 * 1024 * 1024;

/// Where Meta knocks. Not under `/api`: no session, no cross-site rules; the signature says who it is.
pub fn webhook_routes() -> axum::Router<App> {
    axum::Router::new()
        .route("/webhooks/meta-lead", get(handshake).post(deliver))
        .route("/webhooks/meta-lead/{route}", get(handshake).post(deliver))
        .layer(DefaultBodyLimit::max(LARGEST_POST))
}

pub fn forms_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(forms))
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// Meta asks, once, whether this address is ours: the bare challenge is the answer.
async fn handshake(Door(signer): Door, Query(asked): Query<Handshake>) -> Result<Response> {
    let is_ours =
        asked.mode.as_deref() == Some("subscribe") && signer.knows(asked.verify_token.as_deref().unwrap_or_default());
    match asked.challenge {
        Some(challenge) if is_ours && challenge.len() <= 256 => {
            Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response())
        }
        _ => Err(Error::Forbidden("verify_token")),
    }
}

/// Which path was knocked at: the common one, or an organization's own.
struct Door(Signer);

impl FromRequestParts<App> for Door {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let route = Option::<axum::extract::Path<String>>::from_request_parts(parts, app).await;
        let route = route.map_err(|_| Error::NotFound)?.map(|axum::extract::Path(route)| route);
        Ok(Self(apps::signer(app, route.as_deref()).await?))
    }
}

/// A delivery whose signature, over the bytes as they came, is that of the app whose path it came by.
struct MetaWebhook {
    body: Bytes,
    door: Option<OrganizationId>,
}

impl FromRequest<App> for MetaWebhook {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, unread) = request.into_parts();
        let Door(signer) = Door::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts, unread);
        let signature =
            request.headers().get("x-hub-signature-256").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = body(request, app).await?;
        if !signer.secret.verify(&body, signature.as_deref()) {
            metrics::counter!("nextmove_webhook_refused_total").increment(1);
            return Err(Error::Unauthenticated("signature"));
        }
        Ok(Self { body, door: signer.organization })
    }
}

/// Answers when everything is stored; Meta delivers again what was not answered.
async fn deliver(State(app): State<App>, MetaWebhook { body, door }: MetaWebhook) -> Result<StatusCode> {
    receive(&app, &body, door, app.clock.now()).await?;
    Ok(StatusCode::OK)
}

/// The organization's lead forms.
#[utoipa::path(get, path = "/api/forms", tag = "campaigns", responses((status = 200, body = Items<LeadForm>)))]
async fn forms(staff: Staff) -> Result<Json<Items<LeadForm>>> {
    let items = staff.read(async |tx| sql::forms(tx).await).await?;
    Ok(Json(Items { items }))
}
