//! What is a person's own: language, name, password, picture.

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{Json, Path},
    identity::{Session, SignedIn, login::Knock, picture, profile, reset, session},
    organizations::Locale,
    types::ids::UserId,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    let picture = OpenApiRouter::new().routes(routes!(set_picture, remove_picture));
    OpenApiRouter::new()
        .routes(routes!(change_me))
        .routes(routes!(change_password))
        .merge(picture.layer(DefaultBodyLimit::max(picture::LARGEST)))
        .routes(routes!(get_picture))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeMe {
    locale: Option<Locale>,
    /// 1 to 200 characters.
    name: Option<String>,
    /// A mobile number for alerts, as people write it; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
}

/// Null is something else than nothing.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Change one's own settings
///
/// What is left out stays. 422 `phone_invalid`, `phone_not_mobile`.
#[utoipa::path(patch, path = "/api/me", tag = "session", request_body = ChangeMe, responses((status = 200, body = Session)))]
async fn change_me(
    State(app): State<App>,
    SignedIn(live): SignedIn,
    Json(body): Json<ChangeMe>,
) -> Result<Json<Session>> {
    let change = profile::Change { locale: body.locale, name: body.name, phone: body.phone };
    profile::change(&app, &live, change).await?;
    describe(&app, &live).await
}

#[derive(Deserialize, ToSchema)]
struct ChangePassword {
    #[schema(format = Password)]
    current: String,
    #[schema(format = Password)]
    password: String,
}

/// Change one's own password
///
/// All other sessions end. 422 `password_wrong` for a wrong current one; `password_short`, `password_long`, `password_weak`; 429 `code`.
#[utoipa::path(put, path = "/api/me/password", tag = "session", request_body = ChangePassword, responses((status = 204)))]
async fn change_password(
    State(app): State<App>,
    signed_in: SignedIn,
    knock: Knock,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode> {
    reset::change(&app, &knock, &signed_in, body.current, body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set one's own picture
///
/// A JPEG, PNG or WebP of at most 5 MB; a square of its middle is kept, without what the camera wrote beside it. 422 `picture_unreadable`,
/// `picture_too_large`.
#[utoipa::path(
    put, path = "/api/me/picture", tag = "session",
    request_body(content = inline(Vec<u8>), content_type = "application/octet-stream"), responses((status = 200, body = Session))
)]
async fn set_picture(State(app): State<App>, SignedIn(live): SignedIn, body: Bytes) -> Result<Json<Session>> {
    picture::set(&app, &live, body.into()).await?;
    describe(&app, &live).await
}

/// Take one's own picture away
#[utoipa::path(delete, path = "/api/me/picture", tag = "session", responses((status = 200, body = Session)))]
async fn remove_picture(State(app): State<App>, SignedIn(live): SignedIn) -> Result<Json<Session>> {
    picture::remove(&app, &live).await?;
    describe(&app, &live).await
}

/// A colleague's picture
///
/// A version never changes, so it may be kept for ever.
#[utoipa::path(
    get, path = "/api/people/{id}/picture/{version}", tag = "team", params(("id" = UserId, Path), ("version" = i32, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>))
)]
async fn get_picture(
    State(app): State<App>,
    SignedIn(live): SignedIn,
    Path((user, version)): Path<(UserId, i32)>,
) -> Result<Response> {
    let image = picture::get(&app, live.user, user, version).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::CONTENT_DISPOSITION, "inline"),
    ];
    Ok((headers, image).into_response())
}

async fn describe(app: &App, live: &crate::identity::Live) -> Result<Json<Session>> {
    let demo = app.config.demo;
    Ok(Json(app.db.directory(async |directory| session::describe(directory, live, demo).await).await?))
}
