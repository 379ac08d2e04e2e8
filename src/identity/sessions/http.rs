//! Where one is signed in.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::OpenSession;
use crate::{
    app::App,
    error::Result,
    http::{Items, Json, Path},
    identity::{SignedIn, session},
    types::ids::SessionId,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(own_sessions, end_other_sessions)).routes(routes!(end_own_session))
}

/// Where one is signed in
#[utoipa::path(get, path = "/api/me/sessions", tag = "session", responses((status = 200, body = Items<OpenSession>)))]
async fn own_sessions(State(app): State<App>, SignedIn(live): SignedIn) -> Result<Json<Items<OpenSession>>> {
    Ok(Json(Items { items: app.db.directory(async |directory| super::list(directory, &live).await).await? }))
}

#[derive(Serialize, ToSchema)]
struct Ended {
    ended: u64,
}

/// Sign out everywhere else
#[utoipa::path(delete, path = "/api/me/sessions", tag = "session", responses((status = 200, body = Ended)))]
async fn end_other_sessions(State(app): State<App>, SignedIn(live): SignedIn) -> Result<Json<Ended>> {
    let ended = app.db.directory(async |directory| super::end_others(directory, &live).await).await?;
    Ok(Json(Ended { ended }))
}

/// End one of one's own sessions
#[utoipa::path(delete, path = "/api/me/sessions/{id}", tag = "session", params(("id" = SessionId, Path)), responses((status = 204)))]
async fn end_own_session(
    State(app): State<App>,
    SignedIn(live): SignedIn,
    Path(id): Path<SessionId>,
) -> Result<Response> {
    app.db.directory(async |directory| super::end(directory, &live, id).await).await?;
    if id != live.session {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let cookie = AppendHeaders([(header::SET_COOKIE, session::remove_cookie(&app.config))]);
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}
