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
    health::{self, Trouble},
    receive, sql,
    tally::{self, Tally, TallyQuery},
};
use crate::{
    app::App,
    error::{Error, Result},
    http::{Items, Json, Query, body},
    identity::{Manager, Staff},
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
    OpenApiRouter::new().routes(routes!(forms)).routes(routes!(troubles)).routes(routes!(count))
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
async fn handshake(State(app): State<App>, door: Door, Query(asked): Query<Handshake>) -> Result<Response> {
    let token = asked.verify_token.as_deref().unwrap_or_default();
    let is_ours =
        asked.mode.as_deref() == Some("subscribe") && door.who(&app, |signer| signer.knows(token)).await?.is_some();
    match asked.challenge {
        Some(challenge) if is_ours && challenge.len() <= 256 => {
            Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response())
        }
        _ => Err(Error::Forbidden("verify_token")),
    }
}

/// Which path was knocked at: the common one, or an organization's own.
struct Door {
    route: Option<String>,
    signer: Signer,
}

impl Door {
    /// Whose door it is, if they `know` who knocks. What is kept of it may be some seconds old, so nobody is refused by that.
    async fn who(self, app: &App, know: impl Fn(&Signer) -> bool) -> Result<Option<Signer>> {
        let signer = match &self.route {
            Some(route) if !know(&self.signer) => apps::read(app, route).await?,
            _ => self.signer,
        };
        Ok(know(&signer).then_some(signer))
    }
}

impl FromRequestParts<App> for Door {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let route = Option::<axum::extract::Path<String>>::from_request_parts(parts, app).await;
        let route = route.map_err(|_| Error::NotFound)?.map(|axum::extract::Path(route)| route);
        Ok(Self { signer: apps::signer(app, route.as_deref()).await?, route })
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
        let door = Door::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts, unread);
        let signature =
            request.headers().get("x-hub-signature-256").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = body(request, app).await?;
        match door.who(app, |signer| signer.secret.verify(&body, signature.as_deref())).await? {
            Some(signer) => Ok(Self { body, door: signer.organization }),
            None => {
                metrics::counter!("nextmove_webhook_refused_total").increment(1);
                Err(Error::Unauthenticated("signature"))
            }
        }
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

/// What is wrong with the organization's connections, or will be within a week: while there is any, leads may be missing or late.
#[utoipa::path(get, path = "/api/connections/trouble", tag = "connections", responses((status = 200, body = Items<Trouble>)))]
async fn troubles(staff: Staff) -> Result<Json<Items<Trouble>>> {
    let items = staff.read(async |tx| health::troubles(tx).await).await?;
    Ok(Json(Items { items }))
}

/// Meta's count of leads and ours, by form and day.
#[utoipa::path(get, path = "/api/connections/meta/counts", tag = "connections", params(TallyQuery), responses((status = 200, body = Tally)))]
async fn count(manager: Manager, Query(query): Query<TallyQuery>) -> Result<Json<Tally>> {
    Ok(Json(manager.read(async |tx| tally::count(tx, &query).await).await?))
}
