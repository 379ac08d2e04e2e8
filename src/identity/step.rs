//! The second step of signing in. The password was right, the person has a second factor: they get half a session, five minutes to present
//! it, and nothing else. A half session stands in a table and a cookie of its own, so no extractor and no socket can take it for a session.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{AppendHeaders, IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Session,
    factor::{self, Methods, passkey, totp},
    http::answer_new,
    login::{self, Knock},
    session::{self, Cookie, Token},
    sql, told,
};
use crate::{
    app::App,
    db::Directory,
    error::{Error, Result},
    http::Json,
    types::ids::{UserId, new_uuid},
};

const HOLDS: TimeDelta = TimeDelta::minutes(5);

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read_step, leave_step))
        .routes(routes!(present_step_code))
        .routes(routes!(begin_step_passkey))
        .routes(routes!(present_step_passkey))
}

/// What is still to be presented.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SecondStep {
    pub methods: Methods,
    pub expires_at: DateTime<Utc>,
}

/// Somebody whose password was right.
#[derive(Clone, Debug)]
pub struct HalfSignedIn {
    id: Uuid,
    user: UserId,
    expires_at: DateTime<Utc>,
}

impl FromRequestParts<App> for HalfSignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let hash = session::token_hash(&app.config, &parts.headers, Cookie::Half);
        let hash = hash.ok_or(Error::Unauthenticated("step"))?;
        let found = app.db.directory(async |directory| sql::half_session(directory, &hash).await).await?;
        let (id, user, expires_at) = found.ok_or(Error::Unauthenticated("step"))?;
        tracing::Span::current().record("user", tracing::field::display(user));
        Ok(Self { id, user, expires_at })
    }
}

/// Opens half a session.
pub(super) async fn open(directory: &mut Directory, user: UserId) -> Result<Token> {
    let (id, token) = (new_uuid(directory.now()), Token::new());
    let expires_at = directory.now() + HOLDS;
    sql::insert_half_session(directory, id, &token.hash(), user, expires_at).await?;
    Ok(token)
}

/// 202, with the cookie of the half session.
pub(super) async fn answer(app: &App, token: &Token) -> Result<Response> {
    let step = app.db.directory(async |directory| {
        let found = sql::half_session(directory, &token.hash()).await?;
        let (_, user, expires_at) = found.ok_or(Error::Unauthenticated("step"))?;
        Ok(SecondStep { methods: factor::methods(directory, user).await?, expires_at })
    });
    let cookies = AppendHeaders([
        (header::SET_COOKIE, token.set_cookie_of(&app.config, Cookie::Half)),
        (header::SET_COOKIE, session::remove_cookie(&app.config)),
    ]);
    Ok((StatusCode::ACCEPTED, cookies, Json(step.await?)).into_response())
}

fn remove_cookie(app: &App) -> HeaderValue {
    session::remove_cookie_of(&app.config, Cookie::Half)
}

/// The factor was presented: the half becomes a whole. Once, also for two who present it at the same moment.
async fn complete(app: &App, knock: &Knock, half: &HalfSignedIn, directory: &mut Directory) -> Result<Token> {
    if !sql::take_half_session(directory, half.id).await? {
        return Err(Error::Unauthenticated("step"));
    }
    login::enter(app, directory, knock, half.user).await
}

/// What the second step takes
#[utoipa::path(get, path = "/api/session/step", tag = "session", responses((status = 200, body = SecondStep)))]
async fn read_step(State(app): State<App>, half: HalfSignedIn) -> Result<Json<SecondStep>> {
    let methods = app.db.directory(async |directory| factor::methods(directory, half.user).await).await?;
    Ok(Json(SecondStep { methods, expires_at: half.expires_at }))
}

/// Leave it at the first step
#[utoipa::path(delete, path = "/api/session/step", tag = "session", responses((status = 204)))]
async fn leave_step(State(app): State<App>, half: HalfSignedIn) -> Result<Response> {
    app.db.directory(async |directory| sql::take_half_session(directory, half.id).await).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, remove_cookie(&app))])).into_response())
}

#[derive(Deserialize, ToSchema)]
struct PresentCode {
    /// Six digits of the authenticator app, or a recovery code.
    code: String,
}

/// Present a code
///
/// 422 `factor_code_wrong`; 429 `login`: tries are counted together with those of the password.
#[utoipa::path(post, path = "/api/session/step/code", tag = "session", request_body = PresentCode, responses((status = 200, body = Session)))]
async fn present_step_code(
    State(app): State<App>,
    half: HalfSignedIn,
    knock: Knock,
    Json(body): Json<PresentCode>,
) -> Result<Response> {
    login::count_for(&app, &knock, half.user).await?;
    let taken = app
        .db
        .directory(async |directory| {
            if !factor::take_code(directory, half.user, &body.code).await? {
                told::tell_failed(directory, Some(half.user), &knock.origin).await?;
                return Ok(None);
            }
            complete(&app, &knock, &half, directory).await.map(Some)
        })
        .await?;
    let token = taken.ok_or_else(totp::wrong_code)?;
    whole(&app, &token).await
}

/// Begin to present a passkey
#[utoipa::path(post, path = "/api/session/step/passkey/challenge", tag = "session", responses((status = 200, body = passkey::Challenge)))]
async fn begin_step_passkey(State(app): State<App>, half: HalfSignedIn, _: Knock) -> Result<Json<passkey::Challenge>> {
    Ok(Json(passkey::begin_authentication(&app, Some(half.user), Some(half.id)).await?))
}

/// Present a passkey
#[utoipa::path(post, path = "/api/session/step/passkey", tag = "session", request_body = passkey::Response, responses((status = 200, body = Session)))]
async fn present_step_passkey(
    State(app): State<App>,
    half: HalfSignedIn,
    knock: Knock,
    Json(body): Json<passkey::Response>,
) -> Result<Response> {
    if let Err(refusal) = passkey::finish_authentication(&app, Some(half.user), Some(half.id), body).await {
        app.db.directory(async |directory| told::tell_failed(directory, Some(half.user), &knock.origin).await).await?;
        return Err(refusal);
    }
    let token = app.db.directory(async |directory| complete(&app, &knock, &half, directory).await).await?;
    whole(&app, &token).await
}

async fn whole(app: &App, token: &Token) -> Result<Response> {
    let mut response = answer_new(app, token).await?;
    response.headers_mut().append(header::SET_COOKIE, remove_cookie(app));
    Ok(response)
}
